"""From a run, or from judgments alone, to a scorecard."""

from __future__ import annotations

from collections import Counter
from typing import cast

import discretion
from discretion import models
from discretion.answers import combine
from discretion.canonical import digest
from discretion.cases import Docket
from discretion.judgments import Panel
from discretion.measures.weights import Weigh
from discretion.runs import Run
from discretion.scorecards import Scorecard, score
from discretion.scorecards.cards import FailureCard, Kind, RunCard
from discretion.storage import records

TAUGHT = ("direct", "chain-of-thought")
"""The methods whose words the built-in model met when it was made."""


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
    names = [name for name, _ in run.arms]
    failures = Counter((arm, failure.what) for arm, failure in run.failures())
    per_arm: Counter[str] = Counter()
    for (arm, _), count in failures.items():
        per_arm[arm] += count
    return score(
        title or "How far from the people",
        run.docket,
        people,
        ((arm, combine(case, answers)) for arm, case, answers in run.answers()),
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
            failures=tuple(
                FailureCard(arm, what, count) for (arm, what), count in failures.most_common()
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
        kinds={},
        banner=_banner(panel, []),
        weigh=weigh,
    )


def _untaught(arm: str) -> bool:
    model, _, method = arm.partition("/")
    return model == models.BUILT_IN and method not in TAUGHT


def _banner(people: Panel, arms: list[str]) -> str:
    """What the first line of the page must say."""
    built_in = any(name.startswith(f"{models.BUILT_IN}/") for name in arms)
    subjects = {
        (True, True): ("Simulated people and the built-in model", "people or models"),
        (True, False): ("Simulated people", "people"),
        (False, True): ("The built-in model", "models"),
    }
    if (people.simulated, built_in) not in subjects:
        return ""
    shown, real = subjects[people.simulated, built_in]
    return f"{shown}: this page shows that the machinery works, and says nothing of real {real}."
