"""The scorecard says what the measures say, of the right cases, and nothing where nothing is."""

import math

import numpy as np
import pytest

from discretion.errors import DiscretionError
from discretion.scorecard.study import study_of
from discretion.stats.contrasts import contrast
from discretion.stats.gaps import corrected_gap, panel_gap, signed_gap
from discretion.stats.references import references
from discretion.stats.scores import brier, log_loss

from . import hand_made
from .hand_made import card, case_set, panel, strict


@pytest.fixture(scope="module")
def usual():
    return card()


def arm(found, name):
    return next(one for one in found.arms if one.name == name)


def arrays(some):
    study = study_of(some.cases, panel(some.cases))
    p = np.array([strict(case) for case in study.cases])
    return study, p, np.zeros(len(p))


def test_an_arms_figures_are_those_of_the_measures(usual):
    study, p, zero = arrays(case_set())
    found = arm(usual, "strict")
    assert found.gap == corrected_gap(p, zero, study.rates)
    assert found.signed == signed_gap(p, study.rates)
    assert found.panel_gap == panel_gap(p, study.rates).gap
    assert found.over_grant == panel_gap(p, study.rates).over_grant
    assert found.brier == brier(p, zero, study.rates)
    assert found.log_loss == log_loss(p, study.rates).loss
    assert found.deployed_signed == signed_gap((p > 0.5).astype(float), study.rates)


def test_the_halves_of_the_plain_gap_add_up(usual):
    found = arm(usual, "strict")
    halves = found.over_grant.value + found.under_grant.value
    assert halves == pytest.approx(found.panel_gap.value)


def test_what_it_refuses_of_what_people_grant_counts_people(usual):
    """By hand: as deployed the strict model refuses whatever breaks the rule."""
    some = case_set()
    granted = {
        one: np.mean([hand_made.grants(c) for c in some.cases if c.scenario == one])
        for one in some.scenarios
    }
    refused = {
        one: np.mean(
            [hand_made.grants(c) * (c.value > 10) for c in some.cases if c.scenario == one]
        )
        for one in some.scenarios
    }
    expected = sum(refused.values()) / sum(granted.values())
    assert arm(usual, "strict").refused_of_granted.value == pytest.approx(expected)


def test_the_references_are_those_of_the_panel(usual):
    study, _, _ = arrays(case_set())
    both = references(study.rates)
    assert usual.people.second_panel == both.second_panel
    assert usual.people.perfect_model == both.perfect_model


def test_arms_are_ranked_the_nearest_first(usual):
    assert [one.name for one in usual.arms] == ["like", "mean", "strict"]


def test_a_constant_arm_is_in_the_league_and_draws_nothing(usual):
    assert arm(usual, "mean").gap.value is not None
    drawn = {line.arm for curve in usual.curves for line in curve.arms}
    levels = {cell.name for row in usual.factors for cell in row.cells}
    leaning = {lean.arm for row in usual.leans for lean in row.arms}
    assert drawn == leaning == {"strict", "like"}
    assert levels == {"staff", "strict", "like"}


def test_cases_that_nobody_judged_are_left_out():
    some = case_set()
    found = card(some, panel(some.cases[:30]))
    assert arm(found, "strict").cases == found.people.cases == 30


def test_a_panel_that_judged_none_of_the_cases_is_an_error():
    with pytest.raises(DiscretionError, match="'staff' judged none of these cases; name another"):
        card(case_set(1), panel(case_set(3).cases[20:]))


def test_a_case_without_an_answer_is_unanswered_and_no_refusal():
    some = case_set()
    found = card(
        some,
        arms={"strict": strict},
        failures={"strict": 4},
    )
    whole = arm(found, "strict")
    few = hand_made.score(
        "A study",
        some,
        panel(some.cases),
        hand_made.answers(some.cases[4:], strict=strict),
        kinds={"strict": "model"},
        failures={"strict": 4},
    )
    less = arm(few, "strict")
    assert (less.cases, less.unanswered, less.failures) == (len(some) - 4, 4, 4)
    assert whole.unanswered == 0
    assert any("did not answer 4 of" in warning for warning in few.warnings)
    assert any("4 calls of strict failed" in warning for warning in few.warnings)


def test_an_arm_without_any_answer_has_dashes_and_a_warning():
    found = card(arms={"strict": strict, "silent": strict}, kinds={}).arms
    some = case_set()
    silent = hand_made.score(
        "A study",
        some,
        panel(some.cases),
        hand_made.answers(some.cases, strict=strict),
        kinds={"strict": "model", "silent": "model"},
    )
    told = arm(silent, "silent")
    assert len(found) == 2
    assert told.cases == 0
    for figure in (told.gap, told.signed, told.brier, told.auc, told.refused_of_granted):
        assert figure.value is None
        assert figure.note
    assert "silent answered none of the cases that the people judged." in silent.warnings


def test_the_nearest_baseline_that_is_not_beaten_is_named(usual):
    found = arm(usual, "strict")
    assert (found.matched_by, found.surely_beaten) == ("like", True)
    assert arm(usual, "mean").matched_by == ""


def test_a_baseline_that_is_beaten_is_not_named():
    found = card(
        arms={"strict": hand_made.like_people, "grant": hand_made.always(1.0)},
        kinds={"grant": "baseline"},
    )
    assert arm(found, "strict").matched_by == ""


def off(by):
    """An arm that is off the people's rate by so much in each scenario, odd ones and even ones."""

    def answer(case):
        rate = hand_made.like_people(case)
        away = by[int(case.scenario[-1]) % 2]
        return rate - away if rate > 0.5 else rate + away

    return answer


@pytest.mark.parametrize("other", [(0.0, 0.18), (0.0, 0.13)])
def test_a_baseline_that_chance_could_make_nearer_or_farther_is_not_beaten(other):
    """Off by 0.1 everywhere, squared 0.01, beside 0.0162 or 0.0085 on average but unsteadily."""
    found = card(
        case_set(8), arms={"arm": off((0.1, 0.1)), "base": off(other)}, kinds={"base": "baseline"}
    )
    assert (arm(found, "arm").matched_by, arm(found, "arm").surely_beaten) == ("base", False)


@pytest.mark.parametrize(("p", "refuses"), [(0.4, 1.0), (0.5, 1.0), (0.51, 0.0)])
def test_at_one_half_an_arm_is_deployed_as_refuse(p, refuses):
    found = arm(card(case_set(1), arms={"arm": hand_made.always(p)}), "arm")
    assert found.refused_of_granted.value == refuses
    assert found.granted_of_refused.value == 1 - refuses


def test_an_arms_oldest_answer_is_told():
    some = case_set(1)
    stream = [
        ("arm", hand_made.estimate(case, 0.5, at=at))
        for case, at in zip(
            some.cases, ["2026-03-01", "2026-01-01", "", "2026-02-01"], strict=False
        )
    ]
    found = hand_made.score("A study", some, panel(some.cases), stream, kinds={"arm": "model"})
    assert found.arms[0].oldest == "2026-01-01"


def test_declared_contrasts_are_paired_and_adjusted():
    some = case_set()
    found = card(some, contrasts=[("strict", "like"), ("like", "mean")])
    study, p, zero = arrays(some)
    like = np.array([hand_made.like_people(case) for case in study.cases])
    direct = contrast(p, zero, like, zero, study.rates)
    first, second = found.contrasts
    assert first.difference == direct.difference
    assert first.verdict == "farther"
    assert second.verdict == "nearer"
    assert first.adjusted >= first.p
    assert any("like is nearer to the people than strict" in line for line in found.findings)


def test_leans_are_the_signed_gaps_of_the_scenarios_alone():
    some = case_set()
    people = panel(some.cases, skip=4)
    only = some.only(case for case in some if case.scenario == "scenario-3")
    study = study_of(only.cases, people)
    alone = signed_gap(np.array([strict(case) for case in only]), study.rates)
    lean = next(row for row in card(some, people).leans if row.scenario == "scenario-3")
    signed = next(one.signed for one in lean.arms if one.arm == "strict")
    assert signed.low < signed.value < signed.high
    assert (signed.value, signed.n) == pytest.approx((alone.value, alone.n))
    assert (signed.low, signed.high) == pytest.approx((alone.low, alone.high))


def test_disagreements_are_the_farthest_and_hold_a_text_only_when_asked():
    found = card(with_cases=False).disagreements
    some = case_set()
    distances = sorted(
        (abs(strict(case) - hand_made.like_people(case)) for case in some), reverse=True
    )
    assert [abs(one.p - one.rate) for one in found] == pytest.approx(distances[: len(found)])
    assert {one.text for one in found} == {None}
    assert {one.arm for one in found} == {"strict"}
    shown = card(with_cases=True).disagreements
    assert shown[0].text == next(case.text for case in some if case.id == shown[0].case)


def test_cases_that_a_never_forbids_are_counted_apart():
    some = case_set(never=("value > 30",))
    found = card(some, arms={"lax": lambda case: 0.9 if case.value > 30 else 0.4})
    lax = arm(found, "lax")
    assert lax.never_cases == lax.never_granted == sum(case.value > 30 for case in some)
    assert any("lax would grant 24 of the 24 cases" in line for line in found.warnings)


def test_where_n_is_not_known_what_needs_it_is_null_and_the_rest_is_not():
    some = case_set()
    found = card(some, hand_made.counted(some.cases, None))
    strict_arm = arm(found, "strict")
    for figure in (strict_arm.gap, strict_arm.brier, strict_arm.auc, found.people.alpha):
        assert figure.value is None
        assert figure.note
    assert strict_arm.signed.value is not None
    assert "n unknown" in strict_arm.panel_gap.note
    assert found.people.judgments is None
    assert found.people.second_panel.value is None
    assert any("not known how many people" in line for line in found.warnings)
    assert found.findings[1].startswith("Scenario-"), "where both stop is still said"


def test_unsure_answers_move_the_signed_gap_both_ways():
    some = case_set()
    found = arm(card(some, panel(some.cases, unsure=60)), "strict")
    assert found.unsure_low < found.signed.value < found.unsure_high


def test_weighing_cases_is_passed_on():
    some = case_set()
    uneven = some.only(case for case in some if case.scenario != "scenario-0" or case.value == 20)
    equal, cases = card(uneven), card(uneven, weigh="cases")
    assert arm(equal, "strict").signed.value != pytest.approx(arm(cases, "strict").signed.value)


def test_an_untaught_arm_stands_apart_and_is_no_finding():
    found = card(untaught=["strict"], failures={"strict": 3})
    assert [one.name for one in found.untaught] == ["strict"]
    assert "strict" not in [one.name for one in found.arms]
    assert not any("strict" in line for line in (*found.findings, *found.warnings))
    assert found.untaught[0].failures == 3


def test_the_same_seed_gives_the_same_card(usual):
    assert card() == usual
    assert not math.isnan(arm(usual, "strict").auc.low)
