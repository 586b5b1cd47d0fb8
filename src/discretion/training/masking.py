"""Masking: an example as tokens, and which of them the assistant writes, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from discretion.core.arms import ANSWER_CUE, CallFailed, Prompt
from discretion.errors import DiscretionError
from discretion.models.local import answers_in
from discretion.models.templates import Template
from discretion.training.examples import Example

Averaging = Literal["example", "trainer"]
"""``example``: an example's loss is its decision's cross-entropy plus the mean over its
explanation's tokens, and a batch's is the mean over examples. ``trainer``: the plain mean over all
supervised tokens, as trainers do by themselves; a long explanation then outweighs the decision."""
Span = tuple[int, int]
"""From the first token to the one after the last."""


@dataclass(frozen=True, slots=True)
class Masked:
    """An example as a model reads it: T tokens, of which those in the spans are supervised."""

    judgment: str
    """The id of the judgment that it teaches."""
    ids: tuple[int, ...]
    """(T,)"""
    decision: Span
    """The answer, and the token that ends its turn where that is scored in an evaluation too."""
    explanation: Span | None = None
    """The explanation with what closes it: the words before the decision, or the end of its own
    turn. None for labels alone."""
    answers: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    """The tokens of granting and of refusing answers at `parts`."""
    parts: int = 0
    """The first token in which the two answers differ."""
    weight: int = 1
    """How many judgments it stands for."""
    share: float | None = None
    """The share of them that grant, where the decision is learned as a share, from `answers`; its
    span is that one token then. None where its tokens are learned as they are."""

    @property
    def spans(self) -> list[Span]:
        """What is supervised, in the order of the tokens."""
        return sorted(span for span in (self.decision, self.explanation) if span)

    @property
    def supervised(self) -> int:
        """How many tokens are."""
        return sum(stop - start for start, stop in self.spans)

    def weights(self, averaging: Averaging) -> list[float]:
        """(T,) the weight of each token's cross-entropy in a step's sum; 0 on the prompt, and on a
        decision that is learned as a share."""
        weights = [0.0] * len(self.ids)
        for start, stop in self.spans:
            decides = (start, stop) == self.decision
            if decides and self.share is not None:
                continue
            each = 1.0 if averaging == "trainer" or decides else 1 / (stop - start)
            weights[start:stop] = [self.weight * each] * (stop - start)
        return weights

    def shares(self, averaging: Averaging) -> int:
        """Into how many a batch's sum is divided on account of this example."""
        each = min(1, self.supervised) if averaging == "example" else self.supervised
        return self.weight * each


def mask(example: Example, template: Template) -> Masked:
    """An example through the model's own template.

    The prompt is the very text that an evaluation shows, and the decision's tokens are those that
    it scores. An explanation after the label is a second turn.

    Raises:
        DiscretionError: a text holds a control token, the template loses something, or the
            tokenizer merges an explanation with the text before it.
    """
    asked = replace(example.prompt, reasoning=example.before or None)
    for words in (example.before, example.after):
        if token := template.control_token_in(words):
            raise _about(example, f"the explanation contains {token!r}, a control token")
    text, begun = _rendered(example, asked, template), template.render(example.prompt)
    [ids, opening] = template.encode([text, str(begun)])
    spelled = _spelled(asked, example.decision, text, ids, template)
    closing = template.closing or str(template.tokenizer.eos_token)
    end = int(template.tokenizer.convert_tokens_to_ids(closing))
    ended = ends_turn(asked)
    turn = (*spelled.ids, end) if ended else spelled.ids
    soft = example.share is not None
    if soft and not spelled.one_token:
        raise _about(example, "its answers are not one token each, so no share can be learned")
    made = Masked(
        example.item.judgment,
        turn,
        (spelled.parts if soft else spelled.start, len(turn)),
        answers=spelled.answers,
        parts=spelled.parts,
        weight=example.weight,
        share=example.share,
    )
    plain_prompt = replace(example.prompt, form="end")
    said = example.before + (example.prompt.decision_cue if example.before else "")
    said += cue_of(asked) + example.decision
    between = template.between(plain_prompt, said, example.follow_up)
    if example.before:
        _check_prefix(example, opening, turn)
        return replace(made, explanation=(len(opening), spelled.start))
    if not example.after:
        return made
    space = " " if cue_of(asked) else ""
    so_far = text + space + example.decision + closing + between.lstrip().removeprefix(closing)
    [before, whole] = template.encode([so_far, so_far + example.after])
    _check_prefix(example, turn, before)
    _check_prefix(example, before, whole)
    ids_of_all = (*whole, end)
    return replace(made, ids=ids_of_all, explanation=(len(before), len(ids_of_all)))


def ends_turn(prompt: Prompt) -> bool:
    """Whether the token that ends the turn is part of the answer."""
    return not prompt.form.endswith("word")


def cue_of(prompt: Prompt) -> str:
    """What the assistant says before the decision alone, the space after it included."""
    cued = prompt.form.startswith("cue") and prompt.reasoning is None
    return f"{ANSWER_CUE} " if cued else ""


def answers_are_tokens(prompt: Prompt, template: Template) -> bool:
    """Whether an answer of this prompt can be learned as a share: it ends with its word, and both
    answers are one token each, in the same place."""
    text = template.render(prompt)
    if isinstance(text, CallFailed) or ends_turn(prompt):
        return False
    [ids] = template.encode([text])
    return _spelled(prompt, prompt.choices.grant[0], text, ids, template).one_token


def marked(masked: Masked, template: Template) -> str:
    """An example as the model reads it, what is supervised between ⟦ and ⟧."""
    text, at = "", 0
    for start, stop in masked.spans:
        text += _decoded(template, masked.ids[at:start])
        text += f"⟦{_decoded(template, masked.ids[start:stop])}⟧"
        at = stop
    return text + _decoded(template, masked.ids[at:])


def _rendered(example: Example, prompt: Prompt, template: Template) -> str:
    text = template.render(prompt)
    if isinstance(text, CallFailed):
        raise _about(example, text.what)
    return text


@dataclass(frozen=True, slots=True)
class _Spelled:
    """A decision after its prompt."""

    ids: tuple[int, ...]
    """The tokens of both together."""
    start: int
    """Where those that are scored begin."""
    parts: int
    answers: tuple[tuple[int, ...], tuple[int, ...]]
    one_token: bool
    """Both answers, as the prompt names them, end with the token in which they differ."""


def _spelled(
    prompt: Prompt, decision: str, text: str, ids: Sequence[int], template: Template
) -> _Spelled:
    sides = answers_in(prompt)
    forms = template.spell(text, ids, *sides)
    [granting], [refusing] = template.spell(text, ids, sides[0][:1], sides[1][:1])
    named = granting.ids, refusing.ids
    parts = next(
        (at for at, (one, other) in enumerate(zip(*named, strict=False)) if one != other),
        min(map(len, named)),
    )
    one_token = all(len(each) == parts + 1 for each in named)
    # Of other surface forms those that part in the same place; as whole words, where words count.
    first: list[set[int]] = [
        {
            form.ids[parts]
            for form in side
            if len(form.ids) > parts
            and form.ids[:parts] == granting.ids[:parts]
            and (len(form.ids) == parts + 1 or not one_token)
        }
        for side in forms
    ]
    both = first[0] & first[1]
    return _Spelled(
        named[0] if decision == prompt.choices.grant[0] else named[1],
        forms[0][0].start,
        parts,
        (tuple(sorted(first[0] - both)), tuple(sorted(first[1] - both))),
        one_token,
    )


def _check_prefix(example: Example, begun: Sequence[int], whole: Sequence[int]) -> None:
    """What a model writes after `begun` can only be learned where `begun` stays as it is."""
    if tuple(begun) != tuple(whole[: len(begun)]):
        raise _about(
            example,
            "the tokenizer merges the explanation's first letters with the text before it",
            "use another model, or the target labels alone",
        )


def _about(example: Example, what: str, fix: str = "correct it or leave it out") -> DiscretionError:
    return DiscretionError(what, where=f"judgment {example.item.judgment}", fix=fix)


def _decoded(template: Template, ids: Sequence[int]) -> str:
    text: str = template.tokenizer.decode(
        list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False
    )
    return text
