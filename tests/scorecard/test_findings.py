"""The first lines: true, plain, and no surer than the figures."""

from dataclasses import replace
from decimal import Decimal

import pytest

from discretion.core.policies import Prices
from discretion.scorecard.findings import dearer

from . import hand_made
from .hand_made import card, case_set, panel


def test_the_first_line_counts_decisions_beside_the_peoples_own():
    found = card()
    arm = next(one for one in found.arms if one.name == "strict")
    mine, two, bound = arm.disagreement, found.people.disagreement, found.people.bound
    ends = [f"({100 * one.low:.0f} to {100 * one.high:.0f})" for one in (mine, two)]
    assert found.findings[0] == (
        f"strict decides otherwise than one of your people {100 * mine.value:.0f} times in 100 "
        f"{ends[0]}. Two of them differ {100 * two.value:.0f} times {ends[1]}; no arm can do "
        f"better than {100 * bound.value:.0f}."
    )


def test_from_one_judgment_a_case_it_is_said_that_the_peoples_part_is_not_known():
    some = case_set()
    once = [hand_made.judgments([case])[at % 10] for at, case in enumerate(some.cases)]
    first = card(some, hand_made.gather("staff", once)).findings[0]
    assert " times in 100" in first
    assert first.endswith(
        "No case was decided by two of them, so how often they differ is not known."
    )


def test_the_next_line_says_where_both_stop():
    found = card(case_set(titles=("A late return",)))
    curve = max(found.curves, key=lambda one: one.threshold.value)
    assert found.findings[1] == (
        "A late return: the rule says at most 10 days. Your people stop at "
        f"{curve.threshold.shown} ({curve.threshold.interval_shown}), "
        "strict already before 11 days."
    )


def test_both_kinds_of_error_are_counted_in_requests_of_a_hundred():
    found = card()
    arm = next(one for one in found.arms if one.name == "strict")
    refused, granted = arm.refused_of_granted.value, arm.granted_of_refused.value
    assert found.findings[2] == (
        f"strict refuses {100 * refused:.0f} of 100 requests that they would grant, and grants "
        f"{100 * granted:.0f} of 100 that they would refuse."
    )


def test_a_lean_is_said_with_its_interval_and_its_scenarios():
    line = lean_of(hand_made.strict)
    assert "fewer than they would (95% interval:" in line
    assert line.endswith("Scenario by scenario it is stricter than they are in 6.")


def test_a_lean_that_chance_could_explain_says_so():
    def wobbling(case):
        away = 0.1 if int(case.scenario[-1]) < 3 else -0.09
        return min(max(hand_made.like_people(case) + away, 0.0), 1.0)

    line = lean_of(wobbling)
    assert "which chance could explain" in line
    assert "fewer to" in line


def test_a_lax_arm_is_called_lax():
    line = lean_of(hand_made.always(0.97))
    assert "more than they would" in line


def lean_of(of):
    """The finding that says to which side an arm leans."""
    found = card(arms={"arm": of})
    return next(line for line in found.findings if line.startswith("Over 6 scenarios"))


def test_a_baseline_that_is_nearer_is_in_the_first_lines():
    found = card()
    assert "like, which reads no text, is nearer to your people than strict." in found.findings[:5]


def test_a_baseline_that_cannot_be_told_apart_is_said_so():
    found = card(
        arms={"arm": hand_made.like_people, "twin": hand_made.like_people},
        kinds={"twin": "baseline"},
    )
    said = "arm is not shown to be nearer to your people than twin, which reads no text."
    assert said in found.findings


def test_few_scenarios_are_a_warning_and_claim_nothing_beyond():
    few = card(case_set(3))
    assert any(line.startswith("There are 3 scenarios: intervals are for") for line in few.warnings)
    assert any(line.startswith("There is 1 scenario (one") for line in card(case_set(1)).warnings)
    some = card(case_set(7))
    assert any("Read the figures with care" in line for line in some.warnings)
    assert not any(line.startswith("There are") for line in card(case_set(11)).warnings)


def test_people_alone_are_told_too():
    found = card(arms={})
    assert found.arms == ()
    rate = found.people.rule_broken_rate.value
    assert found.findings[0] == (
        f"Your people would grant {100 * rate:.0f} of 100 requests here that break the rule."
    )
    assert "Half of them would still grant at" in found.findings[1]


def test_several_arms_get_a_sentence_each():
    arms = {f"arm-{index}": hand_made.always(0.2 * index) for index in range(5)}
    found = card(arms=arms)
    nearest, *others = [arm.name for arm in found.arms]
    assert any(line.startswith(f"{nearest} refuses") for line in found.findings)
    for other in others[:3]:
        assert any(line.startswith(f"{other}: differs") for line in found.findings)


def test_simulated_people_are_called_simulated():
    some = case_set()
    people = panel(some.cases)
    simulated = replace(people, sources=("simulated: drawn",))
    found = card(some, simulated)
    assert any("simulated people" in line.lower() for line in found.findings)
    assert not any("your people" in line.lower() for line in found.findings)
    assert found.warnings[0].startswith("These people are simulated")


@pytest.mark.parametrize("raters", [True, False])
def test_unknown_raters_are_a_warning(raters):
    some = case_set()
    found = card(some, panel(some.cases) if raters else hand_made.counted(some.cases))
    assert any("not known who judged what" in line for line in found.warnings) is not raters


def test_without_a_model_the_baseline_to_beat_is_named():
    found = card(arms={"mean": hand_made.always(0.5), "like": hand_made.like_people})
    apart = found.arms[0].disagreement
    assert found.findings[-1] == (
        "What a model has to beat is like: it decides otherwise than one of them "
        f"{100 * apart.value:.0f} times in 100 ({100 * apart.low:.0f} to {100 * apart.high:.0f})."
    )


def test_where_n_is_not_known_arms_stand_by_the_plain_gap():
    """They stood by their lean: an arm that errs to both sides came first."""
    some = case_set()
    found = card(some, hand_made.counted(some.cases, None))
    gaps = [arm.panel_gap.value for arm in found.arms]
    assert gaps == sorted(gaps)
    assert found.arms[0].name == "like"
    assert all(arm.excess_brier.value is None for arm in found.arms)


def priced(**arms):
    """The card of arms where a wrong grant costs ten times a wrong refusal."""
    some = case_set(6)
    prices = {
        f"policy-{index}": Prices(
            currency="USD", wrong_grant=Decimal(100), wrong_refusal=Decimal(10)
        )
        for index in range(6)
    }
    return card(some, arms=arms, kinds=dict.fromkeys(arms, "model"), prices=prices)


def test_where_the_closest_arm_is_not_the_cheapest_the_first_lines_say_so():
    """Where wrong grants are dear, whoever refuses more is cheaper and farther from the people."""
    found = priced(close=hand_made.like_people, strict=hand_made.strict)
    assert found.arms[0].name == "close"
    (money,) = found.money
    totals = {row.arm: row.costs.total.value for row in money.arms}
    least = min(totals, key=totals.get)
    assert totals[least] < totals["close"]
    (said,) = [line for line in found.findings if line.startswith("In money the order is another")]
    assert f"${totals['close']:,.0f}" in said
    assert f"${totals[least]:,.0f}" in said
    alone = card(arms={"close": hand_made.like_people}, kinds={"close": "model"})
    assert not any("In money" in line for line in alone.findings)


def test_training_that_only_costs_more_is_said():
    found = priced(**{"tuned:a/direct": hand_made.like_people, "base/direct": hand_made.strict})
    (money,) = found.money
    totals = {row.arm: row.costs.total.value for row in money.arms}
    assert totals["tuned:a/direct"] > totals["base/direct"]
    said = dearer(["tuned:a/direct"], ["base/direct"], money)
    assert said.startswith("In money training did not pay")
    assert dearer(["base/direct"], ["tuned:a/direct"], money) == ""
    assert dearer(["tuned:a/direct"], [], money) == ""


def test_an_arm_that_answered_next_to_nothing_gets_no_headline():
    """One case of five, by one draw, opened the page with 87 times in 100."""
    some = case_set()
    one = [("bot", hand_made.estimate(some[0], 1.0))]
    found = hand_made.score("A study", some, panel(some.cases), one, kinds={"bot": "model"})
    assert found.findings == (
        f"bot answered 1 of {len(some)} cases: too few to say how it decides.",
    )
