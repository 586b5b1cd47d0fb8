"""Hold-outs: what a case is kept from, nothing that is fitted for it has seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.cases import Case
from discretion.errors import DiscretionError
from discretion.holdouts import Holdout, default_holdout, group_of


def cases(scenarios: int, each: int = 3) -> list[Case]:
    return [
        Case(
            id=f"{scenario}-{index}",
            policy=f"p{scenario % 2}",
            scenario=f"s{scenario}",
            domain=f"d{scenario % 3}",
            factors={"cause": "none" if index else "ours"},
            columns={"region": "north"},
        )
        for scenario in range(scenarios)
        for index in range(each)
    ]


@given(st.integers(1, 12), st.integers(2, 6), st.integers(0, 99))
def test_folds_hold_every_case_out_once_and_never_split_a_group(
    scenarios: int, folds: int, seed: int
) -> None:
    some = cases(scenarios)
    splits = Holdout("scenario", folds=folds, seed=seed).splits(some)
    assert np.sum(splits, axis=0).tolist() == [1] * len(some)
    for mask in splits:
        held = {case.scenario for case, out in zip(some, mask, strict=True) if out}
        kept = {case.scenario for case, out in zip(some, mask, strict=True) if not out}
        assert not held & kept


def test_folds_are_of_equal_size_within_one_group() -> None:
    splits = Holdout("scenario", folds=5).splits(cases(12, each=1))
    sizes = sorted(int(mask.sum()) for mask in splits)
    assert sizes == [2, 2, 2, 3, 3]


def test_folds_do_not_depend_on_the_order_of_the_cases() -> None:
    some = cases(8)
    ahead = Holdout("scenario", seed=4).hidden(some)
    assert Holdout("scenario", seed=4).hidden(some[::-1]) == ahead
    assert Holdout("scenario", seed=5).hidden(some) != ahead


def test_a_case_never_learns_from_its_own_fold() -> None:
    some = cases(8)
    for case, hidden in Holdout("scenario").hidden(some).items():
        assert case in hidden
        assert {one.id for one in some if one.scenario == f"s{case.split('-')[0]}"} <= hidden


def test_named_groups_are_hidden_from_everybody() -> None:
    some = cases(4)
    hidden = Holdout("domain", held=("d1",)).hidden(some)
    assert set(hidden) == {case.id for case in some}
    assert set(hidden.values()) == {frozenset(case.id for case in some if case.domain == "d1")}


@pytest.mark.parametrize(
    ("by", "group"),
    [
        ("case", "4-0"),
        ("scenario", "s4"),
        ("policy", "p0"),
        ("domain", "d1"),
        ("cause", "ours"),
        ("region", "north"),
    ],
)
def test_a_group_is_a_part_of_the_design_a_factor_or_a_column(by: str, group: str) -> None:
    assert group_of(cases(5)[12], by) == group


def test_cases_that_differ_only_in_wording_are_one_group() -> None:
    assert group_of(Case(id="x", policy="p", scenario="s", cell="c"), "case") == "c"


def test_a_group_that_no_case_has_is_said_with_those_it_has() -> None:
    with pytest.raises(DiscretionError) as caught:
        Holdout("town").splits(cases(1, each=1))
    assert str(caught.value) == (
        "case 0-0 has no group 'town'; "
        "hold out by one of: case, scenario, policy, domain, cause, region"
    )


def test_held_out_groups_that_are_not_there_are_said() -> None:
    with pytest.raises(DiscretionError) as caught:
        Holdout("scenario", held=("s9",)).splits(cases(2))
    assert str(caught.value) == (
        "no case belongs to the held-out scenario 's9'; choose from: s0, s1"
    )


def test_without_a_plan_scenarios_are_held_out_and_cases_where_there_are_few() -> None:
    assert default_holdout(cases(5)).by == "scenario"
    assert default_holdout(cases(4)).by == "case"


def related(*pairs: tuple[str, str]) -> list[Case]:
    """Eight cases in as many scenarios, some of which nearly repeat another."""
    kin = dict(pairs)
    return [
        Case(id=f"c{i}", policy="p", scenario=f"s{i}", kin=kin.get(f"c{i}", "")) for i in range(8)
    ]


@given(st.integers(0, 99), st.integers(2, 8))
def test_near_duplicates_are_on_one_side_of_every_fold(seed: int, folds: int) -> None:
    some = related(("c1", "c0"), ("c2", "c0"), ("c7", "c5"))
    splits = Holdout("scenario", folds=folds, seed=seed).splits(some)
    assert np.sum(splits, axis=0).tolist() == [1] * 8
    for mask in splits:
        assert len({bool(mask[place]) for place in (0, 1, 2)}) == 1
        assert mask[5] == mask[7]


def test_groups_that_share_kin_through_a_third_are_joined() -> None:
    some = [
        Case(id="a", policy="p", scenario="one"),
        Case(id="b", policy="p", scenario="two", kin="a"),
        Case(id="c", policy="p", scenario="two"),
        Case(id="d", policy="p", scenario="three", kin="c"),
        Case(id="e", policy="p", scenario="four"),
    ]
    assert len(Holdout("scenario").splits(some)) == 2


def test_what_nearly_repeats_a_held_out_case_is_hidden_too() -> None:
    some = related(("c1", "c0"), ("c2", "c1x"))
    [mask] = Holdout("scenario", held=("s1",)).splits(some)
    assert mask.tolist() == [True, True] + [False] * 6


def test_kin_that_is_not_among_the_cases_still_joins_those_that_are() -> None:
    some = related(("c3", "gone"), ("c4", "gone"))
    [mask] = Holdout("scenario", held=("s3",)).splits(some)
    assert np.flatnonzero(mask).tolist() == [3, 4]
