"""Checks before anything is trained: whatever would teach the wrong thing refuses to start."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from discretion.errors import DiscretionError
from discretion.models.templates import Template, plain
from discretion.training.examples import WHY, Example
from discretion.training.masking import Masked, Span, cue_of, ends_turn

OPEN = re.compile(r"[<\[]think\w*[>\]]", re.IGNORECASE)
CLOSED = re.compile(r"[<\[]/think\w*[>\]]", re.IGNORECASE)


def check_examples(
    target: str,
    examples: Sequence[Example],
    masked: Sequence[Masked],
    template: Template,
    ends: Collection[int],
    context: int,
) -> None:
    """Refuse what would not teach exactly the answers of one target.

    Everything is read back from the tokens, independently of how they were made. That the template
    keeps the system text is checked where it is rendered.

    Args:
        ends: the tokens that end an answer of this model.
        context: how many tokens it can take in.

    Raises:
        DiscretionError: the first thing that is wrong, in one sentence.
    """
    if not masked or not all(one.supervised for one in masked):
        raise DiscretionError(
            f"the target {target} has nothing to teach",
            fix="collect more judgments, or hold out less",
        )
    longest = max(len(one.ids) for one in masked)
    if longest > context:
        count = sum(len(one.ids) > context for one in masked)
        raise DiscretionError(
            f"{count} of {len(masked)} examples of the target {target} would be cut: the longest "
            f"has {longest} tokens and the model takes {context}",
            fix="shorten the cases, or use a model with a longer context",
        )
    for example, one in zip(examples, masked, strict=True):
        where = f"target {target}, judgment {one.judgment}"
        _check_ends(where, one, ends, ended=ends_turn(example.prompt))
        _check_thinking(where, example, one, template)
        _check_answer(where, example, one, template)


def check_disk(where: str, needed: int, free: int, *, instead: str = "") -> None:
    """Refuse to start where the disk cannot hold the result and its checkpoints.

    Args:
        needed: bytes that will be written.
        free: bytes that can be.
        instead: what would need less, in the imperative.
    """
    if needed > free:
        raise DiscretionError(
            f"the disk cannot hold the result: {needed / 1e9:.3g} GB are needed and "
            f"{free / 1e9:.3g} GB are free",
            where=where,
            fix=f"free some space{f', or {instead}' if instead else ''}",
        )


def check_memory(where: str, needed: int, free: int | None, *, instead: str = "") -> None:
    """Refuse to start where the operating system would end the training for want of memory.

    Args:
        needed: bytes that it takes at the least.
        free: bytes that programs can still have; None where that is not known.
        instead: what would need less, in the imperative.
    """
    if free is not None and needed > free:
        raise DiscretionError(
            f"the memory cannot hold the training: at least {needed / 1e9:.3g} GB are needed and "
            f"{free / 1e9:.3g} GB are free",
            where=where,
            fix=f"end other programs{f', or {instead}' if instead else ''}",
        )


def _check_ends(where: str, one: Masked, ends: Collection[int], *, ended: bool) -> None:
    """The decision closes with an end token, where that is scored, and so does an explanation that
    comes after it."""
    closing = [one.decision] if ended else []
    if one.explanation and one.explanation > one.decision:
        closing.append(one.explanation)
    for start, stop in closing:
        if not start < stop <= len(one.ids) or one.ids[stop - 1] not in ends:
            raise DiscretionError(
                "the token that ends the answer is masked, so the model would not learn to stop",
                where=where,
                fix="correct the chat template, or set eos_token_id in generation_config.json",
            )


def _check_thinking(where: str, example: Example, one: Masked, template: Template) -> None:
    """No think block stands open where the assistant is to write.

    What users wrote may speak of think blocks: only what the template adds after it counts.
    """
    at = 0
    for (start, stop), asked in zip(
        one.spans, (example.prompt.messages[-1].content, WHY), strict=False
    ):
        header = _read(template, one.ids, (at, start)).rpartition(asked.strip())[2]
        if len(OPEN.findall(header)) > len(CLOSED.findall(header)):
            raise DiscretionError(
                "the chat template opens a think block where the answer should begin",
                where=where,
                fix="use a template whose thinking can be switched off",
            )
        at = stop


def _check_answer(where: str, example: Example, one: Masked, template: Template) -> None:
    """What is supervised reads as the answer, all of it and nothing more."""
    start, stop = one.decision
    begun, end = one.explanation or one.decision
    ended = ends_turn(example.prompt)
    last = stop - 1 if ended else stop
    # The first token of an answer may hold a sign or a space from before it.
    said = rf"\W*{re.escape(plain(example.decision))}"
    right = re.fullmatch(said, plain(_read(template, one.ids, (start, last)))) is not None
    right &= one.share is None or _answers_read(example, one, template)
    if example.before:
        whole = example.before + example.prompt.decision_cue + example.decision
        right &= plain(_read(template, one.ids, (begun, stop - 1))) == plain(whole)
        right &= one.explanation is not None and end == start
    elif example.after:
        right &= plain(_read(template, one.ids, (begun, end - 1))) == plain(example.after)
        answer = cue_of(example.prompt) + example.decision
        asked_plainly = replace(example.prompt, form="end")
        between = template.between(asked_plainly, answer, example.follow_up)
        right &= _gap(_read(template, one.ids, (stop, begun))) == _gap(between)
    else:
        right &= one.explanation is None
    [asked] = template.encode([str(template.render(example.prompt))])
    if list(one.ids[: len(asked)]) == asked:
        between_them = _read(template, one.ids, (len(asked), min(begun, start)))
        right &= min(begun, start) == len(asked) or (not ended and not between_them.strip())
    if not right:
        raise DiscretionError(
            "what would be learned is not exactly the answer",
            where=where,
            fix="use a model whose vocabulary can spell the answers and explanations",
        )


def _answers_read(example: Example, one: Masked, template: Template) -> bool:
    """Whether each token of an answer that is learned as a share spells that answer, and no other
    stands in its place."""
    choices = example.prompt.choices
    sides = zip(one.answers, (choices.grant, choices.refuse), strict=True)
    spelled = all(
        plain(_read(template, (token,), (0, 1))).casefold() in {form.casefold() for form in forms}
        for tokens, forms in sides
        for token in tokens
    )
    return spelled and all(one.answers) and one.decision == (one.parts, one.parts + 1)


def _read(template: Template, ids: Sequence[int], span: Span) -> str:
    text: str = template.tokenizer.decode(
        list(ids[slice(*span)]), skip_special_tokens=False, clean_up_tokenization_spaces=False
    )
    return text


def _gap(text: str) -> str:
    """The white space at the end of a text, which normalising would hide."""
    return text[len(text.rstrip()) :]
