"""From a run, or from judgments alone, to a scorecard."""

from __future__ import annotations

from collections import Counter
from typing import cast

import discretion
from discretion import models
from discretion.canonical import digest
from discretion.cases import Docket
from discretion.evaluation import Run
from discretion.judgments import Panel
from discretion.measures.weights import Weigh
from discretion.scorecards import Scorecard, score
from discretion.scorecards.cards import FailureCard, RunCard
from discretion.scorecards.league import Kind
from discretion.storage import records

TAUGHT = ("direct", "chain-of-thought")
"""The methods whose words the built-in model met when it was made."""

_MACHINERY = "it shows that the machinery works, and says nothing about real {what}"


def of_run(
    run: Run,
    *,
    title: str = "",
    panel: str = "",
    weigh: Weigh = "scenarios",
    with_cases: bool = False,
) -> Scorecard:
    """The scorecard of a run: its arms against a panel, by default the plan's or the only one.

    Raises:
        DiscretionError: there is no such panel, or it judged none of the run's cases.
    """
    store = run.store
    people = records.panel(store, panel or run.plan.panel)
    estimates = run.estimates()
    failures = Counter((arm, failure.what) for arm, failure in run.failures())
    per_arm = Counter(arm for arm, _ in run.failures())
    names = [name for name, _ in run.arms]
    oldest = [one.at for found in estimates.values() for one in found.values() if one.at]
    return score(
        title or "How far from the people",
        run.docket,
        people,
        estimates,
        kinds=dict(zip(names, cast("tuple[Kind, ...]", run.kinds), strict=True)),
        contrasts=[(contrast.arm, contrast.against) for contrast in run.plan.contrasts],
        untaught=[name for name in names if _untaught(name)],
        failures=per_arm,
        run=RunCard(
            run=run.id,
            started=run.started,
            finished=run.finished,
            plan=run.plan.hash,
            cases=digest(sorted(run.case_ids)),
            head=store.head(),
            version=discretion.__version__,
            arms=run.arms,
            oldest_answer=min(oldest, default=""),
            failures=tuple(
                FailureCard(arm, what, count) for (arm, what), count in sorted(failures.items())
            ),
        ),
        banner=_banner(people, names),
        weigh=weigh,
        with_cases=with_cases,
        seed=run.plan.seed,
    )


def of_people(
    docket: Docket, panel: Panel, *, title: str = "", weigh: Weigh = "scenarios"
) -> Scorecard:
    """The scorecard of judgments alone."""
    return score(
        title or "What people decided",
        docket,
        panel,
        {},
        kinds={},
        banner=_banner(panel, []),
        weigh=weigh,
    )


def _untaught(arm: str) -> bool:
    model, _, method = arm.partition("/")
    return model == models.BUILT_IN and method not in TAUGHT


def _banner(people: Panel, arms: list[str]) -> str:
    built_in = any(name.startswith(f"{models.BUILT_IN}/") for name in arms)
    if people.simulated and built_in:
        what = "people or models"
        return f"Simulated people and the built-in model: {_MACHINERY.format(what=what)}."
    if people.simulated:
        return f"Simulated people: {_MACHINERY.format(what='people')}."
    if built_in:
        return f"The built-in model: {_MACHINERY.format(what='models')}."
    return ""
