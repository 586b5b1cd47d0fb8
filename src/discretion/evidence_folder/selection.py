"""Selection: which rows of the log the figures of a run come from."""

from __future__ import annotations

from collections.abc import Iterator

from discretion.core.cases import CaseSet
from discretion.core.selections import JudgmentSelection, parse_selection
from discretion.runs import Run, runs
from discretion.storage import ERASURE, Store, records
from discretion.tuning.frozen import KIND as TUNING_PLAN
from discretion.tuning.frozen import find_frozen
from discretion.tuning.measured import KIND as MEASURED
from discretion.tuning.settings import KIND as TRIED

ALWAYS = (TUNING_PLAN, "run", "run end", records.CASE_LIST)
"""Kinds of which every row is taken: how often what a plan holds out was looked at is counted over
all runs."""


def places(run: Run, panel: str) -> set[int]:
    """The places in the log of everything that a run's figures depend on.

    That is the run with its rehearsals, their cases, policies, scenarios and answers; every
    judgment of the panel; what was tuned under its plan, and noted of it on the models' cards; and
    what `ALWAYS` names.
    """
    store = run.store
    found = {entry.seq for kind in ALWAYS for entry in store.entries(kind, personal=False)}
    for one in (run, *rehearsals(run)):
        found.update(_of_run(one))
    whose = _selection(store, panel).panel
    found.update(
        entry.seq for kind in ("judgment", "tally") for entry in store.of_panel(kind, whose)
    )
    if run.plan.tuning:
        found.update(entry.seq for entry in store.entries("tuned", run.plan.tuning))
        tried = (entry for entry in store.entries(TRIED) if entry.body["plan"] == run.plan.tuning)
        found.update(entry.seq for entry in tried)
    found.update(entry.seq for entry in store.entries(MEASURED, run.id))
    erasures = {str(seq) for seq in found} & set(store.keys(ERASURE))
    return found | {entry.seq for entry in store.find(ERASURE, sorted(erasures))}


def rehearsals(run: Run) -> list[Run]:
    """The runs on whose answers the arms of this one are recalibrated."""
    if not run.plan.tuning:
        return []
    return [
        one
        for one in runs(run.store)
        if one.plan.rehearsal and one.plan.tuning == run.plan.tuning and one.id != run.id
    ]


def facts_of(run: Run) -> set[str]:
    """The columns of cases that figures depend on: those by which cases are held out, that forbid a
    grant, or that say what a mistake costs."""
    names = {run.plan.hold_out.by} if run.plan.hold_out else set()
    if run.plan.tuning:
        names.add(find_frozen(run.store, run.plan.tuning).plan.hold_out.by)
    case_set: CaseSet = run.case_set
    for policy in case_set.policies.values():
        names.update(fact for never in policy.never for fact in never.facts)
        if policy.costs is not None:
            costs = (policy.costs.wrong_grant, policy.costs.wrong_refusal)
            names.update(cost for cost in costs if isinstance(cost, str))
    return names


def named_in(run: Run, panel: str) -> list[tuple[str, str]]:
    """(column, value) of everything by which judgments are selected for a run's figures."""
    plans = [run.plan, *(one.plan for one in rehearsals(run))]
    written = [panel, *(one.compared_with for one in plans), *(one.panel for one in plans)]
    return [pair for one in written for pair in _selection(run.store, one).values]


def _selection(store: Store, panel: str) -> JudgmentSelection:
    """Whom the name or expression of a panel selects."""
    return (
        JudgmentSelection(panel) if panel in records.panel_names(store) else parse_selection(panel)
    )


def _of_run(run: Run) -> Iterator[int]:
    store = run.store
    named = (
        ("case", run.versions, ""),
        ("policy", run.described, ""),
        ("scenario", run.described, ""),
        ("answer", (key for _, _, key in records.used(store, run.id)), ""),
        ("used", store.keys("used", run.id), run.id),
    )
    for kind, keys, grouping in named:
        yield from (entry.seq for entry in store.find(kind, keys, grouping, personal=False))
    yield from (entry.seq for entry in store.entries("failure", run.id, personal=False))
