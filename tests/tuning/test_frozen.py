"""Frozen plans: declared before, kept as they were, and looks counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from discretion.core.arms import TableArm
from discretion.core.cases import Case, CaseSet
from discretion.core.plans import HeldOut, Plan
from discretion.core.policies import Policy
from discretion.core.tuning_plans import TuningPlan, tuning_plan_to_json
from discretion.errors import DiscretionError
from discretion.evaluation import evaluate
from discretion.storage import Store, records
from discretion.tuning.frozen import as_known, declared, find_frozen, freeze, looks, standing

CASES = tuple(Case(f"c{n}", "p", f"s{n}", f"d{n}", text=f"Case {n}.") for n in range(4))
CASES_AT_HAND = CaseSet(CASES, {"p": Policy(id="p", rule="At most 14 days.", domain="d")})
PLAN = TuningPlan(model="tiny")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "log.db") as store:
        yield store


def look(store: Store, arm: str, *cases: Case, rehearsal: bool = False) -> None:
    """An evaluation of an arm on some cases."""
    table = {case.id: 0.5 for case in cases}
    plan = Plan(arms=(arm,), rehearsal=rehearsal)
    arms = [TableArm(arm, "recorded", table, arm)]
    evaluate(CASES_AT_HAND.only(cases), arms, store, plan=plan)


def test_a_plan_is_frozen_once_and_stays_as_it_was(store: Store) -> None:
    first, new = freeze(store, PLAN, CASES[:2], "2026-01-01", asked=True)
    again, newer = freeze(store, PLAN, CASES, "2026-02-02", asked=False)
    assert (new, newer) == (True, False)
    assert again == first == find_frozen(store, PLAN.hash) == declared(store)
    assert first.plan == PLAN


def test_only_tuned_models_on_held_out_cases_count_as_looks(store: Store) -> None:
    held = CASES[:2]
    look(store, "baseline/mean", *held)
    look(store, "tuned:tiny-labels-0/direct", *CASES[2:])
    look(store, "tuned:tiny-labels-0/direct", *held, rehearsal=True)
    assert looks(store, held) == 0
    look(store, "tuned:tiny-labels-0/direct", CASES[0])
    look(store, "tuned:tiny-labels-0/direct", CASES[0])
    assert looks(store, held) == 1, "the same plan again is the same look"
    look(store, "tuned:tiny-labels-1/direct", CASES[1])
    assert looks(store, held) == 2


def test_a_plan_that_is_frozen_after_a_look_is_exploratory(store: Store) -> None:
    before, _ = freeze(store, PLAN, CASES, "2026-01-01", asked=True)
    look(store, "tuned:tiny-labels-0/direct", CASES[0])
    assert not standing(store, before, CASES).exploratory
    later = PLAN.model_copy(update={"seeds": 4})
    after, _ = freeze(store, later, CASES, "2026-01-02", asked=True)
    found = standing(store, after, CASES)
    assert (found.looks, found.exploratory) == (1, True)
    assert found.why == "the held-out cases had been looked at before the plan was frozen"


def test_what_departs_from_the_frozen_plan_is_named(store: Store) -> None:
    freeze(store, PLAN, CASES, "2026-01-01", asked=True)
    other = PLAN.model_copy(update={"seeds": 5, "targets": ("labels",)})
    taken_down, _ = freeze(store, other, CASES, "2026-01-02", asked=False)
    found = standing(store, taken_down, CASES)
    assert found.exploratory
    assert found.departures == (
        "targets: labels instead of labels, real-after, shuffled-after, neutral-after",
        "seeds: 5 instead of 2",
    )


def test_a_plan_that_nobody_froze_is_not_found(store: Store) -> None:
    assert declared(store) is None
    with pytest.raises(DiscretionError, match="no frozen plan has the hash"):
        find_frozen(store, PLAN.hash)


def test_a_plan_is_found_by_the_hash_it_had_when_it_was_frozen(store: Store) -> None:
    """Plans written by an earlier version declare fewer things, and hash to something else now."""
    earlier = PLAN.model_dump(mode="json")
    del earlier["margin"]
    body = {"plan": earlier, "held": "", "at": "2026-01-01", "asked": True}
    records.note(store, "tuning plan", "its-own-hash", body)
    assert find_frozen(store, "its-own-hash").plan == PLAN


def test_a_new_plan_redraws_for_every_seed_and_one_in_the_log_stays_as_it_was(
    store: Store,
) -> None:
    said = TuningPlan(model="tiny", targets=("labels",))
    new = as_known(store, said)
    assert (new.redraw, new.seeds) == (True, 3)
    assert tuning_plan_to_json(new) == {**tuning_plan_to_json(said), "seeds": 3, "redraw": True}
    freeze(store, said, CASES, "2026-01-01", asked=False)
    assert as_known(store, said).hash == said.hash
    assert as_known(store, TuningPlan(model="tiny", targets=("labels",), seeds=5)).redraw
    assert as_known(store, TuningPlan(model="tiny")).redraw
    freeze(store, new, CASES, "2026-01-02", asked=True)
    redrawn = TuningPlan(model="tiny", targets=("labels",), redraw=True, seeds=3)
    assert as_known(store, redrawn).hash == new.hash


def test_a_plan_whose_held_out_people_were_named_later_is_known_too(store: Store) -> None:
    said = TuningPlan(model="tiny", hold_out=HeldOut(by="rater"), seeds=2)
    named = said.model_copy(update={"hold_out": HeldOut(by="rater", groups=("a", "b"))})
    freeze(store, named, CASES, "2026-01-01", asked=False)
    assert as_known(store, said) == said
