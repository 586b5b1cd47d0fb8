"""Curves, thresholds, reach and what factors do, of people who stop at a known distance."""

from dataclasses import replace

import numpy as np
import pytest

from discretion.core.scenarios import Scenario
from discretion.stats.curves import Observations, fit_curves
from discretion.stats.isotonic import isotonic_curve, isotonic_threshold
from discretion.stats.thresholds import slopes, thresholds

from . import hand_made
from .hand_made import card, case_set, panel, strict


@pytest.fixture(scope="module")
def usual():
    return card()


def first_levels(scenario):
    return [
        case
        for case in case_set().cases
        if case.scenario == scenario and case.factors == {"cause": "none", "channel": "phone"}
    ]


def line(found, scenario, arm):
    curve = next(one for one in found.curves if one.scenario == scenario)
    return next(one for one in curve.arms if one.arm == arm)


def everything():
    """All judgments, fitted directly."""
    some = case_set()
    order = sorted(some.scenarios)
    levels = [
        [int(case.factors["cause"] == "illness"), int(case.factors["channel"] == "mail")]
        for case in some
    ]
    rows = [(place, rater) for place in range(len(some)) for rater in range(hand_made.RATERS)]
    return fit_curves(
        Observations(
            scenario=np.array([order.index(some[place].scenario) for place, _ in rows]),
            deviation=np.array([some[place].deviation for place, _ in rows]),
            grants=np.array([float(r < hand_made.grants(some[place])) for place, r in rows]),
            trials=np.ones(len(rows)),
            scenarios=len(order),
            levels=np.array([levels[place] for place, _ in rows]),
            rater=np.array([rater for _, rater in rows]),
        )
    )


def test_the_peoples_threshold_and_slope_are_the_fits(usual):
    fit = everything()
    for curve, threshold, slope in zip(usual.curves, thresholds(fit), slopes(fit), strict=True):
        assert curve.threshold.state == "crossed"
        assert curve.threshold.value == pytest.approx(10 + 10 * threshold.deviation)
        assert curve.threshold.low == pytest.approx(10 + 10 * threshold.low)
        assert curve.threshold.slope.value == pytest.approx(slope.slope)
        assert curve.threshold.slope.n == slope.n


def test_points_are_what_people_answered_at_first_levels(usual):
    curve = usual.curves[0]
    assert [point.value for point in curve.people] == [9, 11, 14, 20, 40]
    for point, case in zip(curve.people, first_levels("scenario-0"), strict=True):
        assert point.rate == hand_made.grants(case) / hand_made.RATERS
        assert point.n == hand_made.RATERS
        assert point.low < point.rate or point.rate == 0
        assert point.shown == f"{case.value} days"


def test_a_scored_arm_has_the_isotonic_threshold_and_no_slope(usual):
    cases = first_levels("scenario-0")
    direct = isotonic_threshold(
        [case.deviation for case in cases], [hand_made.like_people(case) for case in cases]
    )
    told = line(usual, "scenario-0", "like").threshold
    assert told.value == pytest.approx(10 + 10 * direct.deviation)
    assert (told.low, told.high) == pytest.approx(tuple(10 + 10 * one for one in direct.between))
    assert told.slope.value is None
    assert told.slope.note


def test_an_arm_that_keeps_the_rule_stops_before_the_smallest_step(usual):
    told = line(usual, "scenario-0", "strict").threshold
    assert (told.state, told.value) == ("below the smallest tried", None)
    assert told.shown == "before 11 days"


def test_the_gap_between_curves_is_their_mean_distance(usual):
    fit = everything()
    cases = first_levels("scenario-2")
    at, own = isotonic_curve([c.deviation for c in cases], [strict(c) for c in cases])
    expected = np.abs(own - fit.probability(2, at)).mean()
    assert line(usual, "scenario-2", "strict").gap == pytest.approx(expected)
    gap = next(arm.curve_gap for arm in usual.arms if arm.name == "strict")
    each = [line(usual, f"scenario-{index}", "strict").gap for index in range(6)]
    assert gap.value == pytest.approx(np.mean(each))
    assert gap.n == 6


def test_reach_is_the_geometric_mean_of_ratios_and_of_deviations(usual):
    theirs = [(curve.threshold.value - 10) / 10 for curve in usual.curves]
    assert usual.people.reach.value == pytest.approx(np.exp(np.mean(np.log(theirs))))
    mine = [(line(usual, c.scenario, "like").threshold.value - 10) / 10 for c in usual.curves]
    like = next(arm.reach for arm in usual.arms if arm.name == "like")
    ratios = np.log(np.array(mine) / np.array(theirs))
    assert like.value == pytest.approx(np.exp(np.mean(ratios)))
    assert like.low < like.value < like.high
    strict_arm = next(arm.reach for arm in usual.arms if arm.name == "strict")
    assert strict_arm.value is None
    assert "6 scenarios left out" in strict_arm.note


def test_a_floor_is_the_mirror_of_a_ceiling(usual):
    """Twenty less a value, under a floor of ten, is as far beyond as the value over a ceiling."""
    some = case_set()
    mirrored = type(some)(
        tuple(replace(case, value=20 - case.value, direction="at least") for case in some.cases),
        some.policies,
        some.scenarios,
    )
    people = panel(some.cases)
    found = hand_made.score(
        "A study",
        mirrored,
        people,
        [("like", hand_made.estimate(case, hand_made.like_people(case))) for case in some.cases],
        kinds={"like": "model"},
    )
    for ceiling, floor in zip(usual.curves, found.curves, strict=True):
        pairs = [(ceiling.threshold, floor.threshold)]
        pairs.append((line(usual, ceiling.scenario, "like").threshold, floor.arms[0].threshold))
        for one, other in pairs:
            assert other.value == pytest.approx(20 - one.value)
            assert (other.low, other.high) == pytest.approx((20 - one.high, 20 - one.low))
        assert floor.threshold.interval_shown.startswith(f"{20 - ceiling.threshold.low:.1f}"[:3])
    assert found.people.reach.value == pytest.approx(usual.people.reach.value)


def test_drawn_answers_are_fitted_like_people():
    """An arm that draws the people's own decisions has the people's own thresholds."""
    some = case_set()
    people = panel(some.cases)
    drawn = [
        ("drawn", hand_made.estimate(case, hand_made.like_people(case), how="sampled", calls=10))
        for case in some
    ]
    found = hand_made.score("A study", some, people, drawn, kinds={"drawn": "model"})
    for curve in found.curves:
        own = curve.arms[0].threshold
        assert own.value == pytest.approx(curve.threshold.value, rel=1e-4)
        assert own.slope.value == pytest.approx(curve.threshold.slope.value, rel=1e-3)
        assert own.low < own.value < own.high
    illness = next(row for row in found.factors if row.level == "illness" and not row.pooled)
    theirs, own = illness.cells
    assert own.shift == pytest.approx(theirs.shift, rel=1e-3)
    assert own.low < own.shift < own.high


def test_where_n_is_not_known_the_threshold_is_isotonic():
    some = case_set()
    found = card(some, hand_made.counted(some.cases, None))
    curve = found.curves[0]
    assert curve.fitted == ()
    assert curve.threshold.slope.value is None
    assert curve.threshold.value == curve.threshold.isotonic is not None
    assert curve.people[0].n is curve.people[0].low is None


def test_a_scenario_without_a_limit_has_a_lean_and_no_curve():
    some = case_set(2)
    free = Scenario.model_validate(
        {
            "id": "free",
            "policy": "policy-0",
            "wordings": ["Please. {cause}"],
            "factors": {"cause": {"levels": {"none": "", "illness": "Ill."}}},
        }
    )
    cases = [*some.cases, *hand_made.cases_of(free, some.policies["policy-0"])]
    both = type(some)(tuple(cases), some.policies, {**some.scenarios, "free": free})
    rows = [
        hand_made.Tally(case.id, case.id, "staff", 0.6 if case.scenario == "free" else 0.4, 10)
        for case in cases
    ]
    found = hand_made.score(
        "A study",
        both,
        hand_made.gather("staff", [], rows),
        [("strict", hand_made.estimate(case, 0.2 if case.value else 0.9)) for case in cases],
        kinds={"strict": "model"},
    )
    assert "free" not in [curve.scenario for curve in found.curves]
    lean = next(row for row in found.leans if row.scenario == "free")
    assert lean.arms[0].signed.value == pytest.approx(0.3)
    cause = next(row for row in found.factors if row.scenario == "free")
    assert cause.cells[0].shift is None
    assert cause.cells[0].shift_note == "no limit, or no case to tell it by"


def test_a_factor_moves_people_by_the_difference_of_their_rates(usual):
    some = case_set()
    pairs = {}
    for case in some:
        if case.scenario == "scenario-1":
            key = case.value, case.factors["channel"]
            pairs.setdefault(key, {})[case.factors["cause"]] = hand_made.like_people(case)
    expected = np.mean([pair["illness"] - pair["none"] for pair in pairs.values()])
    row = next(
        one for one in usual.factors if one.scenario == "scenario-1" and one.level == "illness"
    )
    people, *arms = row.cells
    assert people.difference.value == pytest.approx(expected)
    assert people.difference.n == len(pairs) == 10
    assert people.verdict == ""
    assert people.shift_shown.startswith("+")
    own = next(cell for cell in arms if cell.name == "strict")
    assert own.difference.value == 0
    assert own.shift is None
    assert "before the smallest violation tried" in own.shift_note


def test_what_should_not_matter_is_tested_against_its_margin():
    def by_channel(case):
        return 0.7 if case.factors["channel"] == "mail" else 0.3

    found = card(arms={"fair": lambda case: strict(case), "unfair": by_channel})
    rows = [row for row in found.factors if row.factor == "channel"]
    assert {row.margin for row in rows} == {0.05}
    for row in rows:
        verdicts = {cell.name: cell.verdict for cell in row.cells}
        assert verdicts["fair"] == "equivalent"
        assert verdicts["unfair"] == "differs"
        unfair = next(cell for cell in row.cells if cell.name == "unfair")
        assert unfair.difference.value == pytest.approx(0.4)
