"""Plans: what is fixed before any answer exists, and what may not be changed after."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from pydantic import ValidationError

from discretion.core.cases import Case, CaseSet
from discretion.core.holdouts import Holdout, history_of
from discretion.core.judgments import Judgment
from discretion.core.plans import Plan, plan_from_json
from discretion.core.tuning_plans import TuningPlan
from discretion.errors import DiscretionError

CASES_AT_HAND = CaseSet(
    tuple(
        Case(id=f"{index}", policy=f"p{index % 2}", scenario=f"s{index % 4}", domain="retail")
        for index in range(40)
    )
)


def plan(**said: Any) -> Plan:
    return Plan.model_validate({"arms": ["tiny/direct", "baseline/mean"], **said})


def chosen(seed: int = 0, **said: Any) -> list[str]:
    return [case.id for case in plan(seed=seed, cases=said).choose(CASES_AT_HAND)]


def test_the_hash_is_that_of_what_is_said_defaults_included() -> None:
    assert plan().hash == plan(seed=0, samples=20).hash
    assert len({plan(seed=seed).hash for seed in range(5)}) == 5


def test_a_plan_survives_json_with_its_hash() -> None:
    one = plan(
        seed=7,
        hold_out={"by": "domain"},
        contrasts=[{"arm": "tiny/direct", "against": "baseline/mean"}],
        cases={"scenarios": ["s1"], "at_most": 3},
    )
    assert plan_from_json(one.model_dump(mode="json")) == one
    assert plan_from_json(one.model_dump(mode="json")).hash == one.hash


def test_everything_that_is_named_must_fit() -> None:
    assert chosen(policies=["p1"], scenarios=["s1", "s2"]) == [str(n) for n in range(1, 40, 4)]


def test_a_part_is_drawn_by_the_seed_and_keeps_its_order() -> None:
    some = chosen(at_most=10)
    assert len(some) == 10
    assert some == sorted(some, key=int)
    assert chosen(at_most=10) == some
    assert chosen(seed=1, at_most=10) != some


def test_a_smaller_part_lies_within_a_larger_one() -> None:
    assert set(chosen(at_most=5)) < set(chosen(at_most=20))


def test_a_part_larger_than_the_whole_is_the_whole() -> None:
    assert len(chosen(at_most=100)) == 40


def test_scenarios_keep_their_shares_in_a_part_and_columns_do_where_they_are_named() -> None:
    def shares(by: str) -> list[int]:
        kept = set(chosen(at_most=20))
        return sorted(Counter(getattr(c, by) for c in CASES_AT_HAND if c.id in kept).values())

    assert shares("scenario") == [5, 5, 5, 5]
    with pytest.raises(DiscretionError, match="no case has a column 'tier' to stratify by"):
        chosen(at_most=20, stratify_by=["tier"])


def test_a_part_is_taken_of_what_is_held_out() -> None:
    held = plan(hold_out={"by": "scenario", "groups": ["s3"]}, cases={"at_most": 6})
    assert [case.scenario for case in held.choose(CASES_AT_HAND)] == ["s3"] * 6


def test_a_name_that_no_case_has_is_said() -> None:
    with pytest.raises(DiscretionError) as caught:
        chosen(scenarios=["s9"])
    assert str(caught.value) == "no case has the scenario 's9'; see: discretion check"


def test_a_workspace_without_cases_is_not_called_a_selection() -> None:
    with pytest.raises(DiscretionError, match=r"there are no cases yet; .* discretion import FILE"):
        Plan(arms=["baseline/mean"]).cases.fitting(CaseSet(()))


def test_a_selection_that_leaves_nothing_is_said() -> None:
    with pytest.raises(DiscretionError, match="no case fits the selection; widen it"):
        chosen(policies=["p0"], scenarios=["s1"])


def test_the_hold_out_is_the_plans_or_the_default_one() -> None:
    assert plan(hold_out={"by": "policy", "folds": 3}, seed=7).holdout(CASES_AT_HAND) == Holdout(
        "policy", (), 3, 7
    )
    assert plan().holdout(CASES_AT_HAND) == Holdout("case")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"arms": []}, "at least 1 item"),
        ({"samples": 1}, "greater than or equal to 2"),
        ({"reasonings": 15}, "greater than or equal to 16"),
        ({"temperature": 0}, "greater than 0"),
        ({"seeds": 3}, "Extra inputs are not permitted"),
        (
            {"contrasts": [{"arm": "tiny/direct", "against": "qwen/direct"}]},
            "a contrast names 'qwen/direct', which is not among the arms",
        ),
        (
            {"contrasts": [{"arm": "tiny/direct", "against": "tiny/direct"}]},
            "a contrast compares 'tiny/direct' with itself",
        ),
    ],
)
def test_a_plan_that_cannot_be_kept_is_refused(said: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        plan(**said)


def timed(rater: str, day: int) -> Judgment:
    return Judgment(f"{rater}/{day}", str(day), "people", "grant", rater, time=f"2026-01-{day:02d}")


HISTORY = history_of([timed("ann", day) for day in range(1, 21)] + [timed("bob", 5)])


def test_a_moment_is_named_before_anything_is_asked_and_parts_the_people_too() -> None:
    one = plan(panel="people", hold_out={"by": "time"}).named(CASES_AT_HAND, HISTORY)
    assert one.hold_out is not None and one.hold_out.groups == ("2026-01-17",)
    assert one.learned_from == "people[time<2026-01-17]"
    assert one.compared_with == "people[time>=2026-01-17]"
    assert [case.id for case in one.choose(CASES_AT_HAND, HISTORY)] == ["17", "18", "19", "20"]
    assert plan_from_json(one.model_dump(mode="json")).hash == one.hash


def test_people_who_are_held_out_are_compared_with_on_what_they_judged() -> None:
    one = plan(hold_out={"by": "rater", "groups": ["bob"]}).named(CASES_AT_HAND, HISTORY)
    assert (one.learned_from, one.compared_with) == ("[rater!=bob]", "[rater=bob]")
    assert [case.id for case in one.choose(CASES_AT_HAND, HISTORY)] == ["5"]


def test_where_cases_are_held_out_everybody_is_learned_from_and_compared_with() -> None:
    one = plan(panel="people", hold_out={"by": "policy", "groups": ["p1"]})
    assert one.named(CASES_AT_HAND, HISTORY) == one
    assert one.learned_from == one.compared_with == "people"


def test_a_tuning_plan_names_its_people_once_and_trains_one_split_of_them() -> None:
    declared = TuningPlan.model_validate({"model": "tiny", "hold_out": {"by": "rater"}})
    named = declared.named(CASES_AT_HAND, HISTORY)
    assert len(named.hold_out.groups) == 1
    assert named.named(CASES_AT_HAND, HISTORY) == named
    with pytest.raises(ValidationError, match="by rater there is one split"):
        TuningPlan.model_validate({"model": "m", "hold_out": {"by": "rater"}, "every_fold": True})
