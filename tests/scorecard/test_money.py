"""What arms come to in money, by hand: one scenario's people are known case by case."""

import re
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from discretion.core.cases import CaseSet
from discretion.core.policies import Prices
from discretion.scorecard.money import money_cards
from discretion.scorecard.study import replies_of, study_of

from . import hand_made
from .hand_made import answers, case_set, grants, like_people, panel, strict
from .test_traffic_weights import ticket

DOLLARS = Prices(currency="USD", wrong_grant=Decimal(40), wrong_refusal=Decimal(15))


def cards(some, prices, tickets=None, **arms):
    study = study_of(some.cases, panel(some.cases))
    arms = arms or {"strict": strict}
    replies = replies_of(study, tuple(arms), answers(some.cases, **arms))
    return money_cards(study, list(replies.values()), prices, tickets)


def by_name(card):
    return {row.arm: row.costs for row in card.arms}


def rate(cases, weight=None):
    return np.average([grants(case) / 10 for case in cases], weights=weight)


def test_the_references_cost_what_the_people_would_have_decided_otherwise():
    some = case_set(6)
    (card,) = cards(some, {f"policy-{index}": DOLLARS for index in range(6)})
    granted = rate(some.cases)
    found = by_name(card)
    assert found["always grant"].given.value == pytest.approx(1000 * 40 * (1 - granted))
    assert found["always grant"].lost.value == 0
    assert found["always refuse"].lost.value == pytest.approx(1000 * 15 * granted)
    assert found["always refuse"].wrong_refusals.value == pytest.approx(1000 * granted)
    assert (card.cases, card.unpriced, card.tickets) == (len(some), 0, None)


def test_an_arm_pays_for_what_it_refuses_beyond_the_rule():
    some = case_set(6)
    (card,) = cards(some, {f"policy-{index}": DOLLARS for index in range(6)})
    costs = by_name(card)["strict"]
    lost = np.mean([grants(one) / 10 if one.value > 10 else 0 for one in some.cases])
    given = np.mean([1 - grants(one) / 10 if one.value <= 10 else 0 for one in some.cases])
    assert costs.lost.value == pytest.approx(15_000 * lost)
    assert costs.total.value == pytest.approx(15_000 * lost + 40_000 * given)
    assert costs.total.low < costs.total.value < costs.total.high


def test_currencies_are_not_added_up():
    euros = Prices(currency="EUR", wrong_grant=Decimal(1), wrong_refusal=Decimal(1))
    some = case_set(3)
    found = cards(some, {"policy-0": DOLLARS, "policy-1": euros})
    assert [(card.currency, card.policies) for card in found] == [
        ("EUR", ("policy-1",)),
        ("USD", ("policy-0",)),
    ]
    assert found[0].cases == found[1].cases == len(some) / 3


def test_without_prices_there_is_no_card():
    assert cards(case_set(2), {}) == ()


def test_a_column_prices_each_case_and_what_it_does_not_tell_is_left_out_and_counted():
    def priced(place, one):
        return replace(one, columns={"worth": f"${place}"} if place % 4 else {})

    some = case_set(6)
    some = CaseSet(
        tuple(priced(place, one) for place, one in enumerate(some.cases)),
        some.policies,
        some.scenarios,
    )
    by_worth = Prices(currency="USD", wrong_grant="worth", wrong_refusal=Decimal(0))
    (card,) = cards(some, {f"policy-{index}": by_worth for index in range(6)})
    told = [(place, one) for place, one in enumerate(some.cases) if place % 4]
    assert (card.cases, card.unpriced) == (len(told), len(some) - len(told))
    wanted = 1000 * np.mean([place * (1 - grants(one) / 10) for place, one in told])
    assert by_name(card)["always grant"].given.value == pytest.approx(wanted)


def test_tickets_say_how_often_a_request_occurs():
    some = case_set(6)
    prices = {f"policy-{index}": DOLLARS for index in range(6)}
    # In policy 0 nine requests at 11 days, one at 40: only its cases count, and those nine times.
    tickets = [(ticket(f"t{n}", 11 if n else 40, policy="policy-0"), 1.0) for n in range(10)]
    (card,) = cards(some, prices, tickets)
    weight = [
        {11: 9, 40: 1}.get(int(one.value), 0) * (one.policy == "policy-0") for one in some.cases
    ]
    assert card.policies == ("policy-0",)
    assert card.tickets == 10
    assert by_name(card)["always refuse"].wrong_refusals.value == pytest.approx(
        1000 * rate(some.cases, weight)
    )


def test_policies_without_prices_are_counted_apart_where_tickets_say_how_often():
    some = case_set(6)
    tickets = [(ticket(f"t{n}", 11, policy=f"policy-{n}"), 1.0) for n in range(2)]
    priced, counted = cards(some, {"policy-0": DOLLARS}, tickets)
    assert (priced.currency, priced.policies) == ("USD", ("policy-0",))
    assert (counted.currency, counted.policies) == ("", ("policy-1",))
    (without,) = cards(some, {}, tickets)
    assert without.policies == ("policy-0", "policy-1")
    found = hand_made.card(prices={}, tickets=tickets)
    told = next(one for one in found.findings if one.startswith("Per 1,000"))
    assert "as they come in (2 tickets), strict grants " in told
    assert "$" not in told


def test_an_arm_that_says_the_same_to_all_is_the_reference_and_not_told_twice():
    some = case_set(2)
    (card,) = cards(some, {"policy-0": DOLLARS}, always=hand_made.always(0.9), like=like_people)
    assert [row.arm for row in card.arms] == ["like", "always refuse", "always grant"]
    assert [row.reference for row in card.arms] == [False, True, True]


def test_the_finding_tells_both_sides_with_their_intervals():
    prices = {f"policy-{index}": DOLLARS for index in range(6)}
    found = hand_made.card(prices=prices)
    told = next(one for one in found.findings if one.startswith("Per 1,000"))
    costs = by_name(found.money[0])["strict"]
    assert re.fullmatch(
        r"Per 1,000 requests like these, strict gives \$[\d,.]+ \(95% interval: \$.+ to \$.+\) "
        r"that your people would not have, and turns away \d+ \(95% interval: \d+ to \d+\) "
        r"that they would have kept\.",
        told,
    )
    assert f"gives ${costs.given.value:,.0f} (" in told
    assert f"turns away {costs.wrong_refusals.value:.0f} (" in told


def test_the_finding_names_the_policies_that_have_prices_where_others_have_none():
    (said,) = [
        one
        for one in hand_made.card(prices={"policy-0": DOLLARS}).findings
        if one.startswith("Per 1,000")
    ]
    assert "Per 1,000 requests like these under policy-0 (20 of 120 cases), strict" in said
    every = {f"policy-{index}": DOLLARS for index in range(6)}
    assert "requests like these, strict" in " ".join(hand_made.card(prices=every).findings)


def test_the_finding_says_by_how_many_tickets_it_is_weighed():
    tickets = [(ticket("t", 11, policy="policy-0"), 30.0)]
    found = hand_made.card(prices={"policy-0": DOLLARS}, tickets=tickets)
    assert any("requests as they come in (30 tickets), strict" in one for one in found.findings)
