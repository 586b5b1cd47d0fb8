"""Decisions: demands on single cases, which are exact or have the interval of their draws."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from discretion.answers import Answer, combine
from discretion.documents import Document
from discretion.expectations import Expectation
from discretion.gate.lines import Line, Verdict, percent
from discretion.measures.calibration import wilson
from discretion.runs import Run

_NAMED = 3
"""Cases that a line names."""
_Z = 1.959964
"""Half-width of a 95% interval in standard errors."""


def answers_of(run: Run, arm: str, cases: set[str]) -> dict[str, list[Answer]]:
    """What an arm answered to these cases, call by call."""
    return {case: answers for name, case, answers in run.answers() if name == arm and case in cases}


def unanswered_line(document: Document, run: Run, arm: str, limit: float) -> Line:
    """Whether enough cases were answered: one without an answer stands in no other figure."""
    answered = {case for name, case, _ in run.answers() if name == arm}
    missed, total = len(set(run.case_ids) - answered), len(run.case_ids)
    verdict: Verdict = "passed" if missed <= limit * total else "failed"
    asked = f"unanswered at most {percent(limit)}"
    found = f"{missed:,} of {total:,} cases"
    return Line(document.where(["unanswered"]), "unanswered", asked, found, verdict)


def never_line(document: Document, run: Run, arm: str) -> Line:
    """Whether any answer grants a case that a policy's `never` forbids."""
    forbidden = run.docket.forbidden
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
    return Line(document.where(["never_cases"]), "never_cases", "never_cases", found, verdict)


def expected_lines(
    expectations: Sequence[Expectation], answers: Mapping[str, Sequence[Answer]]
) -> Iterator[Line]:
    """A line for each case of the user's own."""
    for one in expectations:
        given = answers.get(one.case.id, ())
        found, verdict = _met(one, given) if given else ("no answer", "failed")
        yield Line(one.where, "regressions", f"must {one.must}", found, verdict)


def _met(one: Expectation, answers: Sequence[Answer]) -> tuple[str, Verdict]:
    if one.must == "never-grant":
        count = sum(answer.grants for answer in answers)
        found = f"{count:,} of {len(answers):,} answers grant"
        return found, "failed" if count else "passed"
    p, low, high = grant_interval(answers)
    ends = "" if low == high else f" ({percent(low)[:-1]} to {percent(high)})"
    met, missed = low > 0.5, high <= 0.5
    if one.must == "refuse":
        met, missed = missed, met
    verdict: Verdict = "passed" if met else "failed" if missed else "cannot be told"
    return f"grants with {percent(p)}{ends}", verdict


def grant_interval(answers: Sequence[Answer]) -> tuple[float, float, float]:
    """An arm's grant probability on a case with its 95% interval: Wilson's where answers were
    drawn, or a system decided several times; by the variance where reasonings were drawn; a
    computed p has none, and is its own ends."""
    estimate = combine(answers[0].case, answers)
    p, n = estimate.p, sum(answer.draws for answer in answers)
    if estimate.how == "sampled" or n > len(answers):
        return p, *wilson(p * n, n)
    if estimate.variance is None:
        return p, 0.0, 1.0
    half = _Z * math.sqrt(estimate.variance)
    return p, max(0.0, p - half), min(1.0, p + half)
