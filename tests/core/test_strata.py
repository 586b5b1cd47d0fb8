"""Samples: every kind of case keeps its share, and a larger one keeps what a smaller one took."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.core.cases import Case
from discretion.core.strata import composition, sample
from discretion.errors import DiscretionError


def tickets(count: int, prefix: str = "t", **more: object) -> list[Case]:
    """Imported cases of one policy, one value each: half keep the rule of at most `count` / 2."""
    return [
        Case(
            id=f"{prefix}{value}",
            policy="returns",
            scenario=f"{prefix}{value}",
            value=Decimal(value),
            limit=Decimal(count) / 2,
            scale=Decimal(count) / 2,
            **more,  # type: ignore[arg-type]
        )
        for value in range(1, count + 1)
    ]


def test_a_composition_says_what_a_sample_is_made_of() -> None:
    assert composition([*tickets(4), *of_scenario("late", 7)]) == [
        ("scenario late", {"no limit": 7}),
        ("policy returns", {"kept": 2, "broken": 2}),
    ]


def of_scenario(name: str, count: int) -> list[Case]:
    return [Case(id=f"{name}-{index}", policy="p", scenario=name) for index in range(count)]


def scenarios(cases: list[Case]) -> Counter[str]:
    return Counter(case.scenario for case in cases)


CASES = [*of_scenario("large", 60), *of_scenario("middle", 30), *of_scenario("small", 2)]


def test_scenarios_give_in_proportion() -> None:
    assert scenarios(sample(CASES, 46, seed=0)) == {"large": 30, "middle": 15, "small": 1}


def test_the_smallest_kind_gives_one_case_although_its_share_is_none() -> None:
    assert scenarios(sample(CASES, 6, seed=0))["small"] == 1


def test_with_fewer_places_than_kinds_the_largest_kinds_give() -> None:
    assert scenarios(sample(CASES, 2, seed=0)) == {"large": 1, "middle": 1}


def test_tickets_are_drawn_from_both_sides_of_the_rule_and_all_thirds_of_each() -> None:
    taken = [int(case.id[1:]) for case in sample(tickets(120), 12, seed=3)]
    # Sixty on each side, twenty in each third: two of each.
    assert Counter((value - 1) // 20 for value in taken) == dict.fromkeys(range(6), 2)


def test_equal_deviations_are_in_one_third() -> None:
    def over(name: str, value: int) -> Case:
        four = Decimal(4)
        return Case(name, "p", "s", value=Decimal(value), limit=four, scale=four)

    rare = over("rare", 9)
    for seed in range(20):
        assert rare in sample([*(over(f"{index}", 5) for index in range(9)), rare], 2, seed)


def test_columns_keep_their_shares_where_they_are_named() -> None:
    mail = tickets(12, "m", columns={"channel": "mail"})
    phone = tickets(12, "p", columns={"channel": "phone"})
    for seed in range(5):
        taken = sample([*mail, *phone], 12, seed, by=["channel"])
        assert Counter(case.columns["channel"] for case in taken) == {"mail": 6, "phone": 6}


def test_a_column_that_no_case_has_is_said() -> None:
    with pytest.raises(DiscretionError, match="no case has a column 'chanel' to stratify by"):
        sample(tickets(4), 2, 0, by=["chanel"])


@given(st.integers(0, 9), st.integers(1, 91), st.randoms(use_true_random=False))
def test_a_larger_sample_holds_a_smaller_one_whatever_the_order(seed, size, random) -> None:  # type: ignore[no-untyped-def]
    turned = CASES[:]
    random.shuffle(turned)
    smaller = {case.id for case in sample(CASES, size, seed)}
    larger = {case.id for case in sample(turned, size + 1, seed)}
    assert len(smaller) == size
    assert smaller < larger


def test_the_seed_changes_who_is_taken_and_not_how_many_of_each_kind() -> None:
    drawn = [sample(CASES, 46, seed) for seed in range(4)]
    assert len({tuple(case.id for case in one) for one in drawn}) == 4
    assert len({tuple(sorted(scenarios(one).items())) for one in drawn}) == 1


def test_a_sample_keeps_the_order_of_the_cases() -> None:
    taken = sample(CASES, 20, seed=1)
    assert taken == [case for case in CASES if case in taken]


def test_of_cases_that_nearly_repeat_each_other_one_is_taken() -> None:
    first = Case(id="first", policy="p", scenario="s")
    again = [Case(id=f"again-{index}", policy="p", scenario="s", kin="first") for index in range(9)]
    other = Case(id="other", policy="p", scenario="s")
    for seed in range(5):
        taken = sample([first, *again, other], 20, seed)
        assert len(taken) == 2
        assert other in taken


def test_more_than_there_are_is_all_of_them() -> None:
    assert sample(CASES, 1000, seed=0) == CASES
