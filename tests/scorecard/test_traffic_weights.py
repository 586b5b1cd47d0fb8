"""How often requests occur: tickets stand for the grid value nearest to them, and only once."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.core.cases import Case
from discretion.core.judgments import Tally, gather
from discretion.scorecard.traffic_weights import occurrence, tickets_of

from . import hand_made


def case(name, value, policy="returns", scenario="late", limit=10, **more):
    amount, most = (None if one is None else Decimal(str(one)) for one in (value, limit))
    return Case(name, policy, scenario, value=amount, limit=most, scale=most, **more)


def ticket(name, value, policy="returns", limit=10, text="A request.", **more):
    return case(name, value, policy, scenario=name, limit=limit, text=text, **more)


GRID = [case(f"{value}", value) for value in (9, 10, 11, 14, 50)]
"""Deviations -0.1, 0, 0.1, 0.4, 4."""


def weights(tickets, cases=GRID):
    return occurrence(cases, [(one, 1.0) for one in tickets]).tolist()


def test_a_ticket_counts_at_the_nearest_log_deviation():
    # Deviation 1.2 is nearer to 0.4 than to 4 by ratio (3 against 3.33); 1.3 is not.
    assert weights([ticket("a", 22)]) == [0, 0, 0, 1, 0]
    assert weights([ticket("b", 23)]) == [0, 0, 0, 0, 1]
    assert weights([ticket("c", 10.001), ticket("d", 900)]) == [0, 0, 1, 0, 1]


def test_a_ticket_that_keeps_the_rule_never_counts_where_it_is_broken():
    assert weights([ticket("a", 10), ticket("b", 3), ticket("c", 9.6)]) == [1, 2, 0, 0, 0]
    only_broken = GRID[2:]
    assert np.isnan(weights([ticket("a", 10)], only_broken)).all()


def test_deviations_are_compared_and_not_values():
    assert weights([ticket("a", 140, limit=100)]) == [0, 0, 0, 1, 0]


def test_cases_at_one_value_share_its_tickets():
    twice = [*GRID, case("14b", 14, factors={"cause": "ill"})]
    assert weights([ticket("a", 14), ticket("b", 14)], twice) == [0, 0, 0, 1, 0, 1]


def test_scenarios_of_a_policy_share_its_tickets():
    other = [case("o1", 12, scenario="other"), case("o2", 40, scenario="other")]
    assert weights([ticket("a", 14)], [*GRID, *other]) == [0, 0, 0, 0.5, 0, 0.5, 0]


def test_a_policy_without_tickets_has_no_weights():
    other = [case("x", 12, policy="boats", scenario="boat")]
    found = weights([ticket("a", 14), ticket("b", 14, policy="unheard-of")], [*GRID, *other])
    assert found[:5] == [0, 0, 0, 1, 0]
    assert np.isnan(found[5])


def test_a_ticket_among_the_cases_stands_for_itself():
    asked = ticket("a", 14)
    assert weights([asked, ticket("b", 14)], [*GRID, asked]) == [0, 0, 0, 1, 0, 1]


def test_requests_without_a_limit_share_what_has_none_either():
    plain = [case("p1", None, limit=None), case("p2", None, limit=None)]
    assert weights([ticket("a", None, limit=None)], [*GRID, *plain]) == [0, 0, 0, 0, 0, 0.5, 0.5]


@given(st.lists(st.floats(0.01, 500), min_size=1, max_size=30))
def test_nothing_is_counted_twice_or_lost(values):
    found = weights([ticket(f"t{place}", value) for place, value in enumerate(values)])
    assert sum(found) == pytest.approx(len(values))


def test_rows_without_a_text_stand_for_as_many_requests_as_they_had_answers():
    rows = [ticket("bare", 14, text=None), ticket("told", 14), ticket("unheard", 14, text=None)]
    made = hand_made.case_set(1)
    people = gather(
        "staff",
        [],
        [
            Tally(name, name, "staff", 0.5, n, unsure)
            for name, n, unsure in (("bare", 6, 1), ("told", 4, 0))
        ],
    )
    found = tickets_of([*rows, made.cases[0]], made.scenarios, people)
    assert [(one.id, often) for one, often in found] == [("bare", 7), ("told", 1), ("unheard", 1)]
