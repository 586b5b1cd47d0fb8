"""Masking: an example as tokens, and which of them the assistant writes, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from discretion.arms import Prompt, Refused
from discretion.errors import DiscretionError
from discretion.models.templates import Template
from discretion.tuning.examples import Example

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
    """The answer and the token that ends its turn, scored together as in an evaluation."""
    explanation: Span | None = None
    """The explanation with what closes it: the words before the decision, or the end of its own
    turn. None for labels alone."""

    @property
    def spans(self) -> list[Span]:
        """What is supervised, in the order of the tokens."""
        return sorted(span for span in (self.decision, self.explanation) if span)

    @property
    def supervised(self) -> int:
        """How many tokens are."""
        return sum(stop - start for start, stop in self.spans)

    def weights(self, averaging: Averaging) -> list[float]:
        """(T,) the weight of each token's cross-entropy in its example's loss; 0 on the prompt."""
        weights = [0.0] * len(self.ids)
        for start, stop in self.spans:
            whole = averaging == "trainer" or (start, stop) == self.decision
            weights[start:stop] = [1.0 if whole else 1 / (stop - start)] * (stop - start)
        return weights

    def shares(self, averaging: Averaging) -> int:
        """Into how many a batch's sum is divided on account of this example."""
        return min(1, self.supervised) if averaging == "example" else self.supervised


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
    decided, start = _spelled(asked, example.decision, text, ids, template)
    closing = template.closing or str(template.tokenizer.eos_token)
    end = int(template.tokenizer.convert_tokens_to_ids(closing))
    turn = (*decided, end)
    decision = (start, len(turn))
    cue = example.prompt.decision_cue if example.before else ""
    answer = example.before + cue + example.decision
    between = template.between(example.prompt, answer, example.follow_up)
    if example.before:
        _check_prefix(example, opening, turn)
        return Masked(example.lesson.judgment, turn, decision, (len(opening), start))
    if not example.after:
        return Masked(example.lesson.judgment, turn, decision)
    so_far = text + example.decision + closing + between.lstrip().removeprefix(closing)
    [before, whole] = template.encode([so_far, so_far + example.after])
    _check_prefix(example, turn, before)
    _check_prefix(example, before, whole)
    ids_of_all = (*whole, end)
    return Masked(example.lesson.judgment, ids_of_all, decision, (len(before), len(ids_of_all)))


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
    if isinstance(text, Refused):
        raise _about(example, text.what)
    return text


def _spelled(
    prompt: Prompt, decision: str, text: str, ids: Sequence[int], template: Template
) -> tuple[tuple[int, ...], int]:
    """The tokens of text and decision together, and where those that are scored begin."""
    choices = prompt.choices
    granting, _ = template.spell(text, ids, choices.grant, choices.refuse)
    other = choices.refuse[0] if decision == choices.grant[0] else choices.grant[0]
    [said], _ = template.spell(text, ids, (decision,), (other,))
    return said.ids, granting[0].start


def _check_prefix(example: Example, begun: Sequence[int], whole: Sequence[int]) -> None:
    """What a model writes after `begun` can only be learned where `begun` stays as it is."""
    if tuple(begun) != tuple(whole[: len(begun)]):
        raise _about(
            example,
            "the tokenizer merges the explanation's first letters with the text before it",
            "use another model, or the target labels alone",
        )


def _about(
    example: Example, what: str, mend: str = "correct it or leave it out"
) -> DiscretionError:
    return DiscretionError(what, where=f"judgment {example.lesson.judgment}", mend=mend)


def _decoded(template: Template, ids: Sequence[int]) -> str:
    text: str = template.tokenizer.decode(
        list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False
    )
    return text
