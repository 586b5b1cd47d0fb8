"""Decisions: demands on single cases, which are exact or have the interval of their draws."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from discretion.core.answers import Answer, combine
from discretion.core.gate_cases import GateCase
from discretion.documents import Document
from discretion.gates.lines import GateLine, Verdict, percent
from discretion.runs import Run
from discretion.stats.calibration import wilson
from discretion.stats.unvaried import unvaried
from discretion.storage import records

_NAMED = 3
"""Cases that a line names."""


def answers_of(run: Run, arm: str, cases: set[str]) -> dict[str, list[Answer]]:
    """What an arm answered to these cases, call by call."""
    return {case: answers for name, case, answers in run.answers() if name == arm and case in cases}


@dataclass(frozen=True, slots=True)
class Missing:
    """The cases of a run that an arm did not answer, or not in every call."""

    cases: int
    total: int
    calls: int
    """Calls that failed."""
    partly: int
    """Of the cases, those that are answered by the calls that did not fail."""

    @property
    def told(self) -> str:
        """What stands beside every figure; empty where nothing is missing."""
        if not self.cases:
            return ""
        how = "failed on" if self.calls else "no answer to"
        return f"; {how} {percent(self.cases / self.total, 1)} of the cases"


def missing_answers(run: Run, arm: str) -> Missing:
    """What a run lacks of an arm. A case of which one call failed counts as a case without an
    answer: what the other calls say of it is not what the arm would have said."""
    answered = {case for name, case, _ in run.answers() if name == arm}
    used = {key for name, _, key in records.used(run.store, run.id) if name == arm}
    failed = [one for name, one in run.failures() if name == arm and one.key not in used]
    absent, partly = set(run.case_ids) - answered, answered & {one.case for one in failed}
    return Missing(len(absent | partly), len(run.case_ids), len(failed), len(partly))


def unanswered_line(document: Document, missed: Missing, limit: float) -> GateLine:
    """Whether enough cases were answered: one without an answer stands in no other figure."""
    verdict: Verdict = "passed" if missed.cases <= limit * missed.total else "failed"
    asked = f"unanswered at most {percent(limit)}"
    found = f"{missed.cases:,} of {missed.total:,} cases"
    if missed.calls:
        calls = "1 call" if missed.calls == 1 else f"{missed.calls:,} calls"
        found += f" ({calls} failed"
        found += f"; {missed.partly:,} answered in part)" if missed.partly else ")"
    return GateLine(document.where(["unanswered"]), "unanswered", asked, found, verdict)


def never_line(document: Document, run: Run, arm: str) -> GateLine:
    """Whether any answer grants a case that a policy's `never` forbids."""
    forbidden = run.case_set.forbidden
    answers = answers_of(run, arm, {case.id for case in forbidden})
    granted = [
        case for case in forbidden if any(answer.grants for answer in answers.get(case.id, ()))
    ]
    unknown = len(forbidden) - len(answers)
    verdict: Verdict = "failed" if granted else "cannot be told" if unknown else "passed"
    found = f"{len(granted):,} of {len(forbidden):,} forbidden cases granted"
    if granted:
        more = "; …" if len(granted) > _NAMED else ""
        found += f" ({'; '.join(case.label for case in granted[:_NAMED])}{more})"
    elif unknown:
        found += f", {unknown:,} not answered"
    if not forbidden:
        found, verdict = "no case asked is forbidden by a never", "cannot be told"
    return GateLine(document.where(["never_cases"]), "never_cases", "never_cases", found, verdict)


def expected_lines(
    expectations: Sequence[GateCase],
    answers: Mapping[str, Sequence[Answer]],
    confidence: float,
) -> Iterator[GateLine]:
    """A line for each case of the user's own."""
    for one in expectations:
        given = answers.get(one.case.id, ())
        found, verdict = _met(one, given, confidence) if given else ("no answer", "failed")
        yield GateLine(one.where, "regressions", f"must {one.must}", found, verdict)


def _met(one: GateCase, answers: Sequence[Answer], confidence: float) -> tuple[str, Verdict]:
    if one.must == "never-grant":
        count = sum(answer.grants for answer in answers)
        found = f"{count:,} of {len(answers):,} answers grant"
        return found, "failed" if count else "passed"
    p, low, high = grant_interval(answers, confidence)
    sure = f"one-sided {100 * confidence:g}%"
    ends = "" if low == high else f" ({percent(low)[:-1]} to {percent(high)}, {sure})"
    met, missed = low > 0.5, high <= 0.5
    if one.must == "refuse":
        met, missed = missed, met
    verdict: Verdict = "passed" if met else "failed" if missed else "cannot be told"
    return f"grants with {percent(p)}{ends}", verdict


def grant_interval(
    answers: Sequence[Answer], confidence: float = 0.975
) -> tuple[float, float, float]:
    """An arm's grant probability on a case with its interval: Wilson's where answers were drawn, or
    a system decided several times; by the variance where reasonings were drawn, or what so many
    leave open where all came to the same; a computed p has none, and is its own ends.

    ``confidence`` is that of each end.
    """
    from scipy.special import ndtri

    estimate = combine(answers[0].case, answers)
    z = float(ndtri(confidence))
    p, n = estimate.p, sum(answer.draws for answer in answers)
    if estimate.how == "sampled" or n > len(answers):
        return p, *wilson(p * n, n, z)
    if estimate.variance is None:
        return p, 0.0, 1.0
    reasoned = sum(answer.how != "logprobs" and bool(answer.tokens_out) for answer in answers)
    if not estimate.variance and reasoned:
        return p, *unvaried(p, (p, p), reasoned, 1 - confidence, (0.0, 1.0))
    half = z * math.sqrt(estimate.variance)
    return p, max(0.0, p - half), min(1.0, p + half)
