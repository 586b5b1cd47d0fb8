"""The gate: whether an arm meets an acceptance, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from discretion.core.arms import Arm
from discretion.core.cases import CaseSet
from discretion.core.criteria import Criteria
from discretion.core.gate_cases import GateCase
from discretion.documents import Document
from discretion.gates.compared import Compared, compared
from discretion.gates.decisions import (
    answers_of,
    expected_lines,
    missing_answers,
    never_line,
    unanswered_line,
)
from discretion.gates.gate_cases import read_expectations
from discretion.gates.lines import GateLine
from discretion.gates.margins import margin_lines
from discretion.gates.peeks import caution, look, ordinal
from discretion.runs import Run, runs
from discretion.storage import Store, records

__all__ = [
    "Compared",
    "Expectation",
    "GateLine",
    "caution",
    "compared",
    "current_run",
    "judge",
    "look",
    "read_expectations",
]


def judge(
    acceptance: Criteria,
    document: Document,
    arm: str,
    run: Run,
    *,
    beside: Compared | None = None,
    expectations: Sequence[GateCase] = (),
    trial: Run | None = None,
    looks: int = 1,
) -> list[GateLine]:
    """A line for each demand, in the order in which the file makes them.

    Args:
        document: what the acceptance was read from; it knows the lines.
        arm: who is judged.
        run: holds its answers to the cases asked.
        beside: what it shows beside people; may be left out where nothing demanded needs people.
        expectations: the user's own cases.
        trial: the run that holds its answers to those; None where it can answer none of them.
        looks: how often it was held against these criteria, this time included.
    """
    lines: list[GateLine] = []
    missed = missing_answers(run, arm)
    if beside is not None:
        more = missed.told + (f"; {ordinal(looks)} look" if looks > 1 else "")
        lines += [
            replace(line, found=line.found + more)
            for line in margin_lines(acceptance, document, beside)
        ]
    if acceptance.never_cases:
        lines.append(never_line(document, run, arm))
    asked = {one.case.id for one in expectations}
    answers = answers_of(trial, arm, asked) if trial else {}
    lines += expected_lines(expectations, answers, acceptance.confidence)
    lines.append(unanswered_line(document, missed, acceptance.unanswered))
    order = {name: place for place, name in enumerate(document.data)}
    return sorted(lines, key=lambda line: order.get(line.demand, len(order)))


def current_run(store: Store, arm: Arm, case_set: CaseSet) -> Run | None:
    """The newest run that asked this arm, as it is now, these cases, as they are now, and left
    none of its calls open; None where it must be asked again. In a run of a tuning plan an arm may
    stand together with those of other folds, so that it has no figures of its own there."""
    versions = {records.case_entry(case).key for case in case_set}
    described = {entry.key for entry in records.described_entries(case_set)}
    keys: set[str] = set()
    for run in reversed(runs(store)):
        asked = arm.name in dict(run.arms) and not run.plan.tuning
        if not asked or (set(run.versions), set(run.described)) != (versions, described):
            continue
        keys = keys or {call.key for case in case_set for call in arm.calls(case)}
        if keys == {key for name, _, key in records.used(store, run.id) if name == arm.name}:
            return run
    return None
