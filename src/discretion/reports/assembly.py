"""From a run, or from judgments alone, to a scorecard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

import discretion
from discretion import methods, models
from discretion.answer_forms import IN_WORDS
from discretion.canonical import digest
from discretion.cases import Docket
from discretion.errors import DiscretionError
from discretion.expectations import Expectation
from discretion.judgments import Panel
from discretion.measures.weights import Weigh
from discretion.models import tuned
from discretion.policies import Prices
from discretion.reports.listener import Listener, Notes
from discretion.runs import Run
from discretion.scorecards import Scorecard, score
from discretion.scorecards.cards import FailureCard, Kind, RunCard
from discretion.scorecards.findings import dearer
from discretion.scorecards.occurrence import tickets_of
from discretion.scorecards.reads_case import Reading
from discretion.scorecards.study import study_of
from discretion.scorecards.teaching_cards import TeachingCard
from discretion.storage import records

TAUGHT = ("direct", "chain-of-thought")
"""The methods whose words the built-in model met when it was made."""

UNFINISHED = (
    "This run is not finished: figures are of what was answered so far. The command that began it "
    "goes on where it stopped."
)


DEFERRED = "handed the case to a person, which counts neither as a grant nor as a refusal"
"""What a page says of answers that defer."""


def of_run(
    run: Run,
    *,
    title: str = "",
    panel: str = "",
    by: Sequence[str] = (),
    others: Sequence[str] = (),
    prices: Mapping[str, Prices] | None = None,
    as_they_occur: bool = False,
    weigh: Weigh = "scenarios",
    with_cases: bool = False,
    teaching: TeachingCard | None = None,
    together: Mapping[str, str] | None = None,
    notes: Mapping[str, Notes] | None = None,
    expectations: Sequence[Expectation] = (),
) -> Scorecard:
    """The scorecard of a run: its arms against a panel, by default the plan's or the only one;
    and against the groups of its raters that columns of the judgments make.

    Args:
        others: panels to set beside it.
        prices: what wrong decisions cost, by policy; where left out, as the run's policies said.
        as_they_occur: count money as often as cases occur in the imported tickets.
        teaching: what tuned models learned; its sentences stand first on the page.
        together: arms that stand as one, under which name: models of several folds, none of which
            was asked what another was.
        notes: what tuned models say of themselves, by name: their base is looked for among the
            arms, to tell what tuning broke.
        expectations: the user's own cases; those that the run asked are held against it too.

    Raises:
        DiscretionError: there is no such panel or column, or it judged none of the run's cases;
            or nothing says how often they occur, or what mistakes cost.
    """
    store, docket = run.store, run.docket
    if prices is None:
        prices = {name: one.costs for name, one in docket.policies.items() if one.costs}
    people = records.panel(store, panel or run.plan.compared_with)
    joined = together or {}
    # Arms with a reasoning put in are probes of tuned models, not ways to decide: what was learned
    # is told with them, and the league without.
    kinds = {
        joined.get(name, name): cast("Kind", kind)
        for (name, _), kind in zip(run.arms, run.kinds, strict=True)
        if teaching is None or not _put_in(name)
    }
    names = list(kinds)
    failures = Counter((joined.get(arm, arm), failure.what) for arm, failure in run.failures())
    per_arm: Counter[str] = Counter()
    for (arm, _), count in failures.items():
        per_arm[arm] += count
    tickets = None
    if as_they_occur:
        tickets = tickets_of(records.imported_cases(store), docket.scenarios, people)
    reading = Reading(
        {joined.get(name, name): IN_WORDS[run.forms.get(name, "end")] for name, _ in run.arms}
    )
    listener = Listener(run, docket, joined, notes or {}, reading)
    card = score(
        title or "How far from the people",
        docket,
        people,
        ((arm, estimate) for arm, estimate in listener.estimates() if arm in kinds),
        kinds=kinds,
        contrasts=[(contrast.arm, contrast.against) for contrast in run.plan.contrasts],
        groups=records.groups(store, people.name, by) if by else (),
        others=[records.panel(store, other) for other in others],
        prices=prices,
        tickets=tickets,
        untaught=[name for name in names if _untaught(name)],
        failures=per_arm,
        reading=reading,
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
            )
            + tuple(
                FailureCard(joined.get(arm, arm), DEFERRED, count)
                for arm, count in run.deferrals().items()
            ),
        ),
        banner=_banner(people, names),
        weigh=weigh,
        with_cases=with_cases,
        seed=run.plan.seed,
    )
    if as_they_occur:
        _check_occurrence(card)
    study = study_of(docket.cases, people, weigh)
    card = replace(
        card,
        breakage=listener.breakage(study, expectations),
        reasons=listener.reasons(study),
        warnings=(*([] if run.finished else [UNFINISHED]), *card.warnings, *reading.warnings()),
    )
    if teaching is not None:
        trained = [name for name in names if name.startswith(tuned.PREFIX)]
        bases = [name for name in names if kinds[name] == "model" and name not in trained]
        costs = filter(None, (dearer(trained, bases, one) for one in card.money))
        teaching = replace(teaching, answer=(*teaching.answer, *costs))
        # Without an answer, where nothing was compared, the nearest target stands first.
        first = (*teaching.answer, *teaching.findings[:1])
        card = replace(card, teaching=teaching, findings=(*first, *card.findings))
    return card


def _check_occurrence(card: Scorecard) -> None:
    if not any(one.cases for one in card.money):
        raise DiscretionError(
            "no imported request says how often these cases occur",
            where="--as-they-occur",
            mend="import tickets of their policies with values, or leave it out",
        )


def of_people(
    docket: Docket,
    panel: Panel,
    *,
    groups: Sequence[tuple[str, str, Panel]] = (),
    others: Sequence[Panel] = (),
    title: str = "",
    weigh: Weigh = "scenarios",
) -> Scorecard:
    """The scorecard of judgments alone; `groups` as `records.groups` gives them, `others` panels
    to set beside this one."""
    return score(
        title or "What people decided",
        docket,
        panel,
        kinds={},
        groups=groups,
        others=others,
        banner=_banner(panel, []),
        weigh=weigh,
    )


def _put_in(arm: str) -> bool:
    method = arm.partition("/")[2]
    return methods.method_put_into(method) != method


def _untaught(arm: str) -> bool:
    model, _, method = arm.partition("/")
    return model == models.BUILT_IN and methods.method_put_into(method) not in TAUGHT


def _banner(people: Panel, arms: list[str]) -> str:
    """What the first line of the page must say."""
    ours = (f"{models.BUILT_IN}/", f"{tuned.PREFIX}{models.BUILT_IN}-")
    built_in = any(name.startswith(ours) for name in arms)
    subjects = {
        (True, True): ("Simulated people and the built-in model", "people or models"),
        (True, False): ("Simulated people", "people"),
        (False, True): ("The built-in model", "models"),
    }
    if (people.simulated, built_in) not in subjects:
        return ""
    shown, real = subjects[people.simulated, built_in]
    return f"{shown}: this page shows that the machinery works, and says nothing of real {real}."
