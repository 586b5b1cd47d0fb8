"""Hold-outs: what a case is kept from, nothing that is fitted for it has seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.core.cases import Case
from discretion.core.holdouts import (
    History,
    Holdout,
    default_holdout,
    group_of,
    history_of,
    unit_of,
)
from discretion.core.judgments import Judgment
from discretion.errors import DiscretionError
from discretion.timestamps import parse_timestamp


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


# By time and by rater


def judged(case: str, rater: str | None, time: str | None) -> Judgment:
    return Judgment(f"{case}/{rater}/{time}", case, "people", "grant", rater, time=time)


def by_days(count: int) -> tuple[list[Case], History]:
    """Cases first judged on one day after the other, and again much later."""
    some = [Case(id=f"c{day}", policy="p", scenario="s") for day in range(count)]
    rows = [judged(one.id, "x", f"2026-01-{day + 1:02d}") for day, one in enumerate(some)]
    rows += [judged(one.id, "y", "2026-12-01") for one in some]
    return some, history_of(rows)


def test_a_case_is_as_old_as_its_first_judgment():
    history = history_of(
        [judged("a", "x", "2026-03-02"), judged("a", "y", "2026-03-01"), judged("b", "x", None)]
    )
    assert history.first == {"a": parse_timestamp("2026-03-01"), "b": None}
    assert history.raters == {"x": {"a", "b"}, "y": {"a"}}


@given(st.integers(2, 28), st.integers(2, 6))
def test_the_latest_share_of_the_cases_is_held_out(count: int, folds: int) -> None:
    some, history = by_days(count)
    named = Holdout("time", folds=folds, history=history).named(some)
    [mask] = named.splits(some)
    held = max(1, count // folds)
    assert mask.tolist() == [False] * (count - held) + [True] * held
    assert named.held == (f"2026-01-{count - held + 1:02d}",)
    assert [case.id for case in named.asked(some)] == [f"c{n}" for n in range(count - held, count)]


def test_a_named_moment_parts_the_cases_and_the_judgments():
    some, history = by_days(10)
    named = Holdout("time", ("2026-01-04",), history=history).named(some)
    assert [case.id for case in named.asked(some)] == [f"c{n}" for n in range(3, 10)]
    assert (named.learned, named.compared) == ("[time<2026-01-04]", "[time>=2026-01-04]")


def test_a_case_that_nearly_repeats_a_later_one_is_held_out_with_it():
    some, history = by_days(5)
    some[0] = Case(id="c0", policy="p", scenario="s", kin="c4")
    [mask] = Holdout("time", history=history).named(some).splits(some)
    assert mask.tolist() == [True, False, False, False, True]


def test_what_nobody_judged_is_neither_early_nor_late():
    some, history = by_days(5)
    some.append(Case(id="new", policy="p", scenario="s"))
    named = Holdout("time", history=history).named(some)
    assert [case.id for case in named.asked(some)] == ["c4"]


def test_cases_without_a_time_are_counted():
    some, _ = by_days(3)
    history = history_of([judged("c0", "x", "2026-01-01"), judged("c1", "x", None)])
    with pytest.raises(DiscretionError) as caught:
        Holdout("time", history=history).named(some)
    assert str(caught.value) == (
        "1 of 2 judged cases have no time, so what came later cannot be held out; "
        "import judgments with time=COLUMN, or hold out by something else"
    )


@pytest.mark.parametrize(
    ("held", "sentence"),
    [
        (("2026-01-01",), "no case was first judged before 2026-01-01"),
        (("2026-02-01",), "no case was first judged on or after 2026-02-01"),
        (("2026-01-02", "2026-01-03"), "names one moment"),
        (("soon",), "'soon' is no date"),
    ],
)
def test_a_moment_that_parts_nothing_is_said(held, sentence):
    some, history = by_days(5)
    with pytest.raises(DiscretionError, match=sentence):
        Holdout("time", held, history=history).named(some)


def crowd(people: int) -> tuple[list[Case], History]:
    some = [Case(id=f"c{n}", policy="p", scenario=f"s{n}") for n in range(4)]
    rows = [judged(f"c{n % 4}", f"r{n}", None) for n in range(people)]
    return some, history_of([*rows, judged("c0", None, None)])


@given(st.integers(2, 30), st.integers(0, 9))
def test_the_first_fold_of_the_people_is_held_out(people: int, seed: int) -> None:
    some, history = crowd(people)
    named = Holdout("rater", seed=seed, history=history).named(some)
    assert len(named.held) == -(-people // min(5, people))
    assert set(named.held) < set(history.raters)
    assert named.named(some) == named
    asked = {case.id for case in named.asked(some)}
    assert asked == set().union(*(history.raters[one] for one in named.held))


def test_by_rater_cases_are_parted_only_for_what_is_not_trained():
    some, history = crowd(10)
    named = Holdout("rater", ("r1", "r2"), history=history).named(some)
    assert (named.learned, named.compared) == ("[rater!=r1|r2]", "[rater=r1|r2]")
    assert np.sum(named.splits(some), axis=0).tolist() == [1] * 4
    assert all(case in hidden for case, hidden in named.hidden(some).items())


@pytest.mark.parametrize(
    ("held", "people", "sentence"),
    [
        (("zoe",), 3, "nobody who judged is called 'zoe'; choose from: r0, r1, r2"),
        (("r0", "r1"), 2, "nobody would be left to learn from"),
        ((), 1, "nobody would be left to learn from: of 1 known by name, 1 are held out"),
        ((), 0, "nobody would be left to learn from: of 0 known"),
        (("ann",), 0, "import judgments with rater=COLUMN"),
    ],
)
def test_people_who_cannot_be_held_out_are_said(held, people, sentence):
    some, history = crowd(people)
    with pytest.raises(DiscretionError, match=sentence):
        Holdout("rater", held, history=history).named(some)


def test_a_name_that_no_expression_can_hold_is_said():
    history = history_of([judged("c0", "Ann [ops]", None), judged("c0", "bob", None)])
    with pytest.raises(DiscretionError, match="cannot stand in a panel's expression"):
        Holdout("rater", ("Ann [ops]",), history=history).named([])


def test_the_unit_of_a_hold_out_by_judgments_is_the_scenario():
    case = Case(id="x", policy="p", scenario="s", domain="d")
    assert [unit_of(case, by) for by in ("domain", "time", "rater")] == ["d", "s", "s"]
