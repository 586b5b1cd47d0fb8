"""Precedents are the nearest judged cases, and never the case itself."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.core.cases import Case
from discretion.core.precedents import Precedent, nearest, precedents_of


def case(name, *, policy="returns", domain="retail", value=None, **factors):
    if value is None:
        return Case(name, policy, "s", domain, factors=factors)
    ten = Decimal(10)
    return Case(
        name, policy, "s", domain, value=Decimal(value), limit=ten, scale=ten, factors=factors
    )


def names(found):
    return [one.case.id for one in found]


def pool(*cases, rate=0.5):
    return [Precedent(one, rate, 4) for one in cases]


def test_policy_comes_before_domain_before_levels_before_deviation_before_the_name():
    here = case("here", value=12, loyal="yes", cause="rain")
    ranked = [
        case("same levels, near", value=13, loyal="yes", cause="rain"),
        case("same levels, far", value=40, loyal="yes", cause="rain"),
        case("one level", value=12, loyal="yes", cause="snow"),
        case("no level a", value=12, loyal="no", cause="snow"),
        case("no level b", value=12, loyal="no", cause="snow"),
        case("no deviation", loyal="no", cause="snow"),
        case("other policy", policy="fees", value=12, loyal="yes", cause="rain"),
        case("other domain", policy="fees", domain="bank", value=12, loyal="yes", cause="rain"),
    ]
    expected = [one.id for one in ranked]
    assert names(nearest(here, pool(*ranked[::-1]), 20)) == expected
    assert names(nearest(here, pool(*ranked), 3)) == expected[:3]


def test_a_case_is_no_precedent_for_itself():
    here = case("here", value=12)
    assert names(nearest(here, pool(here, case("other", value=90)), 5)) == ["other"]
    assert nearest(here, pool(here), 5) == []


@given(st.permutations([case(f"c{number}", value=10 + number % 3) for number in range(6)]))
def test_the_order_in_which_cases_came_does_not_matter(cases):
    here = case("here", value=11)
    assert names(nearest(here, pool(*cases), 4)) == names(
        nearest(here, pool(*sorted(cases, key=lambda c: c.id)), 4)
    )


def test_a_tie_counts_as_refused():
    assert not Precedent(case("a"), 0.5, 4).granted
    assert Precedent(case("a"), 0.51, 4).granted


def test_what_nobody_decided_makes_no_precedent():
    cases = {name: case(name) for name in ("a", "b", "c")}
    nan = float("nan")
    found = precedents_of(
        cases,
        ["a", "b", "c", "gone"],
        [0.75, nan, 0.25, 1.0],
        [4.0, 0.0, nan, 3.0],
        {"a": ["Why."]},
    )
    assert found == [
        Precedent(cases["a"], 0.75, 4, ("Why.",)),
        Precedent(cases["c"], 0.25, None),
    ]


def test_rates_and_cases_must_go_together():
    with pytest.raises(ValueError, match="zip"):
        precedents_of({}, ["a"], [0.5, 0.5], [1.0], {})
