"""Answers: what an arm says to a case, call by call, and the estimate they add up to."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from discretion.core.reasoning_blocks import after_reasoning

TOLD = 120
"""Characters that are told of what came in place of a decision."""

How = Literal["scored", "logprobs", "sampled", "fitted", "recorded"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One call and what came back. Several of them, over orders and samples, make an estimate."""

    key: str
    """Hash of everything that could change the answer; equal keys are the same call."""
    case: str
    p: float
    """Grant probability G / (G + R); 0 or 1 where a single sampled text was read."""
    how: How
    grant_first: bool | None = None
    """Whether the grant was named first in the prompt; None where nothing was asked."""
    vocabulary: str = ""
    wording: int = 0
    sample: int = 0
    log_grant: float | None = None
    """Natural logarithm of the mass on the grant's surface forms; None unless scored."""
    log_refuse: float | None = None
    outside: float | None = None
    """Mass on neither answer; None where it is not known."""
    prompt: str = ""
    """The prompt as the model saw it, its template applied."""
    text: str = ""
    """What the model wrote: its reasoning, or its answer."""
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    at: str = ""
    """When, ISO 8601 in UTC."""
    draws: int = 1
    """Texts that were read for it, or decisions recorded: p is their mean where a score left too
    much open, or a system decided more than once."""
    served_by: str = ""
    """What a server said of itself with it; empty for what is asked in this process."""
    deferred: bool = False
    """The case was handed to a person: neither granted nor refused, and p says nothing."""

    @property
    def grants(self) -> bool:
        """Whether it grants: of what was drawn or recorded, any grant at all."""
        return self.p > (0.0 if self.how in ("sampled", "recorded") else 0.5)


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """The answer as plain JSON values, under the keys that version 0.1.0 gave them; what came
    later stands in it only where it is so."""
    row = {
        "key": answer.key,
        "case": answer.case,
        "p": answer.p,
        "how": answer.how,
        "grant_first": answer.grant_first,
        "vocabulary": answer.vocabulary,
        "wording": answer.wording,
        "sample": answer.sample,
        "log_grant": answer.log_grant,
        "log_refuse": answer.log_refuse,
        "outside": answer.outside,
        "prompt": answer.prompt,
        "text": answer.text,
        "tokens_in": answer.tokens_in,
        "tokens_out": answer.tokens_out,
        "seconds": answer.seconds,
        "at": answer.at,
        "draws": answer.draws,
        "served_by": answer.served_by,
    }
    if answer.deferred:
        row["deferred"] = True
    return row


def answer_from_json(row: Mapping[str, Any]) -> Answer:
    """The answer that `answer_to_json` wrote; its prompt and its text may have been left out."""
    return Answer(
        key=row["key"],
        case=row["case"],
        p=row["p"],
        how=row["how"],
        grant_first=row["grant_first"],
        vocabulary=row["vocabulary"],
        wording=row["wording"],
        sample=row["sample"],
        log_grant=row["log_grant"],
        log_refuse=row["log_refuse"],
        outside=row["outside"],
        prompt=row.get("prompt", ""),
        text=row.get("text", ""),
        tokens_in=row["tokens_in"],
        tokens_out=row["tokens_out"],
        seconds=row["seconds"],
        at=row["at"],
        draws=row["draws"],
        served_by=row["served_by"],
        deferred=row.get("deferred", False),
    )


@dataclass(frozen=True, slots=True)
class Failure:
    """A call that gave no decision. It is shown and counted, and never stands for one."""

    key: str
    case: str
    what: str
    text: str = ""
    """What came in place of a decision: the model's words, or the server's."""

    @property
    def told(self) -> str:
        """What is wrong, and how that which came in place of a decision begins. For a terminal:
        it may quote the case."""
        words = " ".join(self.text.split())
        cut = words[:TOLD] + ("…" if len(words) > TOLD else "")
        return f"{self.what}: “{cut}”" if cut else self.what


@dataclass(frozen=True, slots=True)
class Estimate:
    """An arm's grant probability on one case."""

    case: str
    p: float
    variance: float | None
    """Sampling variance of p (s2/m in the design): 0 where p was computed, not drawn; None where
    an order has fewer than two draws, so that their spread is not known."""
    calls: int
    how: How
    outside: float | None
    """Largest mass outside the two answers; None where it is not known."""
    grant_first: float | None = None
    """p with the grant named first; None unless both orders were asked."""
    grant_second: float | None = None
    """p with the grant named second; None unless both orders were asked."""
    wording: int = 0
    """Which of the method's wordings was used; -1 where all were."""
    at: str = ""
    """When the oldest of its answers was given; empty where nothing was asked."""
    worded: tuple[Estimate, ...] = ()
    """The estimate of each wording by itself, where several were asked."""
    ever_grants: bool = False
    """Whether any of its answers grants, even one draw of many or one order of two."""

    @property
    def order_effect(self) -> float | None:
        """p with the grant named first minus p with it second; None unless both were asked."""
        if self.grant_first is None or self.grant_second is None:
            return None
        return self.grant_first - self.grant_second


def combine(case: str, answers: Sequence[Answer]) -> Estimate:
    """The estimate from all answers of one arm to one case.

    Within each wording and vocabulary: scored answers average their logits over the two orders;
    drawn ones (sampled, or scored after a sampled reasoning) are averaged within each order and
    then over the orders, and the variance is that of this stratified mean. Wordings and
    vocabularies weigh equally. The p of a single order is over those asked in both.
    """
    groups: dict[tuple[str, int], list[Answer]] = {}
    for answer in answers:
        groups.setdefault((answer.vocabulary, answer.wording), []).append(answer)
    parts = [_combine_orders(group) for group in groups.values()]
    orders = [orders for _, _, orders in parts if orders is not None]
    outsides = [answer.outside for answer in answers if answer.outside is not None]
    wordings = sorted({wording for _, wording in groups}) if len(groups) > 1 else []
    return Estimate(
        case=case,
        p=_mean([p for p, _, _ in parts]),
        variance=_variance_of_means([variance for _, variance, _ in parts]),
        calls=len(answers),
        how=_how(answers),
        outside=max(outsides) if outsides else None,
        grant_first=_mean([first for first, _ in orders]) if orders else None,
        grant_second=_mean([second for _, second in orders]) if orders else None,
        wording=answers[0].wording if len(groups) == 1 else -1,
        at=min([answer.at for answer in answers]),
        ever_grants=any(answer.grants for answer in answers),
        worded=tuple(
            combine(case, [answer for answer in answers if answer.wording == one])
            for one in (wordings if len(wordings) > 1 else ())
        ),
    )


def _how(answers: Sequence[Answer]) -> How:
    """How an estimate was obtained: one score that was left open makes it a drawn one."""
    first = answers[0].how
    drawn = first != "recorded" and any(answer.draws > 1 for answer in answers)
    return "sampled" if drawn else first


def _combine_orders(
    answers: Iterable[Answer],
) -> tuple[float, float | None, tuple[float, float] | None]:
    """p, its variance, and p with the grant named first and second where both were asked."""
    by_order: dict[bool | None, list[Answer]] = {}
    for answer in answers:
        by_order.setdefault(answer.grant_first, []).append(answer)
    strata = list(by_order.values())
    means = [_mean([answer.p for answer in stratum]) for stratum in strata]
    mean_of = dict(zip(by_order, means, strict=True))
    orders = (mean_of[True], mean_of[False]) if {True, False} <= by_order.keys() else None
    firsts = [stratum[0] for stratum in strata]
    if all(len(stratum) == 1 and _computed(stratum[0]) for stratum in strata):
        scored = all(answer.log_grant is not None for answer in firsts)
        return _mean_logit(firsts) if scored else _mean(means), 0.0, orders
    variance = _variance_of_means([_variance_of_mean(stratum) for stratum in strata])
    return _mean(means), variance, orders


def _computed(answer: Answer) -> bool:
    """Whether p was computed, and not drawn: neither read from texts nor scored after one."""
    if answer.draws > 1:
        return False
    return answer.how == "logprobs" or (answer.how != "sampled" and not answer.tokens_out)


def _variance_of_mean(stratum: Sequence[Answer]) -> float | None:
    first = stratum[0]
    if len(stratum) < 2:
        if first.draws > 1:
            return first.p * (1 - first.p) / (first.draws - 1)
        return 0.0 if _computed(first) else None
    return float(np.var([answer.p for answer in stratum], ddof=1)) / len(stratum)


def _variance_of_means(variances: Sequence[float | None]) -> float | None:
    """The variance of the mean of independent parts, None where one of theirs is not known."""
    known = [variance for variance in variances if variance is not None]
    return sum(known) / len(variances) ** 2 if len(known) == len(variances) else None


def _mean(values: Sequence[float]) -> float:
    """The mean; of one or two, as most are, what numpy gives in a tenth of its time."""
    if len(values) > 2:
        return float(np.mean(values))
    return float(values[0] if len(values) == 1 else (values[0] + values[1]) / 2)


def _mean_logit(answers: Sequence[Answer]) -> float:
    logits = [
        answer.log_grant - answer.log_refuse
        for answer in answers
        if answer.log_grant is not None and answer.log_refuse is not None
    ]
    return 1.0 / (1.0 + math.exp(-max(-700.0, min(700.0, _mean(logits)))))


def read_decision(text: str, grant: Sequence[str], refuse: Sequence[str]) -> bool | None:
    """What a written answer decides: True grants, False refuses, None where it cannot be read.

    The last line that names an answer counts, so that a reasoning may weigh both before it ends.
    The line must state that answer: begin with it, after ``Decision:`` or marks at most, name no
    other, and attach no condition. "I would not grant this" is not a grant, nor is "no doubt" a
    no: what is not stated plainly is unreadable, and never becomes a decision. Nothing is read
    inside a reasoning block or before its end.
    """
    answered = after_reasoning(text)
    for line in reversed((answered or "").strip().splitlines()):
        grants, refuses = _names(line, grant), _names(line, refuse)
        if grants and refuses:
            return None
        if grants or refuses:
            return grants if _states(line, grant if grants else refuse) else None
    return None


_EDGE = r"[^\W_]"
"""A letter or digit; underscores are marks of emphasis."""
_OPENING = r"[\s:\"'`*_#>(\[“”‘’«-]*"
_CLOSING = r"[\"'`*_)\]”’»]*"
_LABEL = r"(?:(?:my|the|final)\s+)*(?:decision|answer)(?:\s+is)?"
_CONDITION = r"(?:but|if|unless|only|provided|except|when|as long as)\b"


def _names(line: str, forms: Sequence[str]) -> bool:
    return any(
        re.search(rf"(?<!{_EDGE}){re.escape(form)}(?!{_EDGE})", line, re.I) for form in forms
    )


def _states(line: str, forms: Sequence[str]) -> bool:
    """Whether a line begins with one of the forms and ends there, or goes on after a stop."""
    either = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    end = r"(?:[^\w?]|_)*$"
    stop = rf"{_CLOSING}(?:[.,;!]|\s[–—-]+)+{_CLOSING}\s+(?!{_CONDITION})"
    label = rf"(?:{_LABEL}{_OPENING})?"
    stated = rf"{_OPENING}{label}(?:{either})(?!{_EDGE})(?:{end}|{stop})"
    return re.match(stated, line, re.I) is not None
