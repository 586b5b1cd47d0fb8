"""Outcomes: what runs say of each target, put together over folds and seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from discretion.core.arms import Arm, TableArm
from discretion.core.cases import Case, CaseSet
from discretion.core.judgments import Judgment
from discretion.core.plans import HeldOut, Plan
from discretion.core.policies import Policy
from discretion.core.tuning_plans import TuningPlan
from discretion.errors import DiscretionError
from discretion.evaluation import evaluate
from discretion.runs import Run
from discretion.stats.recalibration import fit
from discretion.storage import Store, records
from discretion.tuning.frozen import freeze
from discretion.tuning.outcome import families, outcome, pooled, pupils

DOMAINS, EACH, RATERS = 6, 8, 10
PLAN = TuningPlan(
    model="own",
    targets=("labels", "real-after", "shuffled-after"),
    hold_out=HeldOut(by="domain", folds=2),
    every_fold=True,
    seeds=3,
)
CASES = tuple(
    Case(f"c{d}-{n}", policy="p", scenario=f"d{d}", domain=f"d{d}", text=f"Case {n} of {d}.")
    for d in range(DOMAINS)
    for n in range(EACH)
)
CASES_AT_HAND = CaseSet(CASES, {"p": Policy(id="p", rule="At most 14 days.", domain="")})
TRUTH = {case.id: (index % EACH + 0.5) / EACH for index, case in enumerate(CASES)}


def fold_of(case: Case) -> int:
    return int(case.domain[1:]) % 2


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "log.db") as store:
        rng = np.random.default_rng(5)
        store.append(
            records.judgment_entry(
                Judgment(
                    f"{case.id}/{rater}",
                    case.id,
                    "people",
                    "grant" if rng.random() < TRUTH[case.id] else "refuse",
                    f"r{rater}",
                )
            )
            for case in CASES
            for rater in range(RATERS)
        )
        freeze(store, PLAN, CASES, "2026-01-01", asked=True)
        yield store


def said(arm: str, case: Case) -> float:
    """What each arm answers: real-after knows the truth, shuffled-after and labels are strict."""
    truth = TRUTH[case.id]
    if "real-after" in arm:
        return truth
    return 0.5 * truth if "shuffled-after" in arm else 1 / (1 + np.exp(1.5) * (1 - truth) / truth)


def arms(names: Sequence[str], *, of_fold: bool) -> list[Arm]:
    known = pupils(PLAN)

    def answered(name: str) -> dict[str, float]:
        fold = known[name].fold if name in known else None
        return {
            case.id: said(name, case)
            for case in CASES
            if fold is None or (fold_of(case) == fold) == of_fold
        }

    return [TableArm(name, "recorded", answered(name), f"{name}/{of_fold}") for name in names]


def experiment(store: Store, *, rehearsed: bool = True) -> Run:
    names = ("own/direct", *pupils(PLAN))
    for fold in (0, 1) if rehearsed else ():
        own = [name for name in names if name == "own/direct" or pupils(PLAN)[name].fold == fold]
        plan = Plan(arms=tuple(own), panel="people", tuning=PLAN.hash, rehearsal=True)
        left = CASES_AT_HAND.only(case for case in CASES if fold_of(case) != fold)
        evaluate(left, arms(own, of_fold=False), store, plan=plan, clock=lambda: "2026-01-02")
    plan = Plan(arms=names, panel="people", tuning=PLAN.hash)
    return evaluate(CASES_AT_HAND, arms(names, of_fold=True), store, plan=plan)


def test_folds_and_seeds_of_a_target_are_one_row_over_all_held_out_cases(store: Store) -> None:
    card = outcome(experiment(store), records.panel(store))
    row = card.row("real-after")
    assert row is not None
    assert (row.cases, row.seeds, row.spread) == (len(CASES), 3, 0.0)
    # Who answers the true rates is at no distance but that of chance.
    assert row.gap.low is not None and row.gap.high is not None
    assert row.gap.low < 0 < row.gap.high
    assert card.units == tuple(f"d{number}" for number in range(DOMAINS))


def test_recalibration_is_fitted_on_the_other_fold_alone(store: Store) -> None:
    """The arm that is the truth shifted by 1.5 logits is put right by a, up to the chance in the
    judgments that it was fitted on."""
    panel = records.panel(store)
    card = outcome(experiment(store), panel)
    raw, shifted = card.row("labels"), card.row("labels", "after a")
    assert raw is not None and shifted is not None
    assert raw.signed.value is not None and shifted.signed.value is not None
    assert raw.signed.value < -0.15
    expected = []
    for fold in (0, 1):
        other = [case for case in CASES if fold_of(case) != fold]
        at = panel.at([case.id for case in other])
        p = np.array([said("labels", case) for case in other])
        found = fit(p, at.rate * at.n, (1 - at.rate) * at.n, slope=False)
        assert found is not None
        mine = [case for case in CASES if fold_of(case) == fold]
        moved = found.apply(np.array([said("labels", case) for case in mine]))
        expected += list(moved - panel.at([case.id for case in mine]).rate)
    assert shifted.signed.value == pytest.approx(np.mean(expected))


def test_without_a_rehearsal_nothing_is_recalibrated(store: Store) -> None:
    card = outcome(experiment(store, rehearsed=False), records.panel(store))
    row = card.row("labels", "after a and b")
    assert row is not None
    assert row.gap.value is None


def test_declared_contrasts_find_the_known_difference(store: Store) -> None:
    card = outcome(experiment(store), records.panel(store))
    found = {
        (one.name, one.against): one
        for one in card.contrasts
        if one.family and one.reading == "raw"
    }
    assert set(found) == {pair for family in families(PLAN) for pair in family}
    one = found["real-after", "shuffled-after"]
    assert one.verdict == "helped"
    assert one.declared
    assert one.units == DOMAINS
    # Squared errors differ by the mean of (truth / 2)^2, but for the chance in the judgments.
    expected = -np.mean([(truth / 2) ** 2 for truth in TRUTH.values()])
    assert one.difference.low is not None and one.difference.high is not None
    assert one.difference.low < expected < one.difference.high


def test_nothing_is_said_of_shared_trainings_since_their_luck_is_counted(store: Store) -> None:
    card = outcome(experiment(store), records.panel(store))
    assert not any("called sure too often" in said for said in card.findings)
    assert {one.trainings for one in card.contrasts if one.family} == {3}


def test_models_of_all_folds_stand_under_one_name(store: Store) -> None:
    together = pooled(experiment(store))
    assert together["tuned:own-labels-1-fold1/direct"] == "tuned:own-labels-1-fold*/direct"
    assert together["tuned:own-labels-1/direct"] == "tuned:own-labels-1-fold*/direct"
    assert len(set(together.values())) == 9


def test_a_run_of_no_tuning_plan_has_no_outcome(store: Store) -> None:
    run = evaluate(CASES_AT_HAND, arms(["own/direct"], of_fold=True), store)
    assert pooled(run) == {}
    with pytest.raises(DiscretionError, match="judges no tuned models"):
        outcome(run, records.panel(store))


def test_families_hold_only_what_is_taught() -> None:
    assert families(TuningPlan(model="own", targets=("labels",))) == []
    all_seven = TuningPlan(
        model="own",
        targets=(
            "labels",
            *(
                f"{what}-{at}"
                for what in ("real", "shuffled", "neutral")
                for at in ("before", "after")
            ),
        ),
    )
    assert [len(family) for family in families(all_seven)] == [4, 2]
