"""Each arm beside single raters and beside groups of them, on the cases that they judged."""

import numpy as np
import pytest

from discretion.core.judgments import gather
from discretion.core.selections import parse_selection
from discretion.scorecard.study import study_of
from discretion.stats.annotators import standing
from discretion.stats.gaps import corrected_gap, signed_gap

from . import hand_made
from .hand_made import LEADS, RATERS, always, card, case_set, panel, strict


@pytest.fixture(scope="module")
def usual():
    some = case_set()
    return card(some, groups=hand_made.groups(some.cases))


def test_where_an_arm_stands_is_what_the_measures_say(usual):
    some = case_set()
    study = study_of(some.cases, panel(some.cases))
    p = np.array([strict(case) for case in study.cases])
    (found,) = usual.raters
    assert found.stricter.value == standing(p, study.rates).stricter_than
    assert found.stricter.n == RATERS


def test_only_baselines_are_not_placed_among_the_people(usual):
    assert [one.arm for one in usual.raters] == ["strict"]


def test_the_findings_say_that_an_arm_grants_more_than_anybody():
    found = card(arms={"arm": always(0.99)})
    assert "arm is laxer than all 10, taken one by one." in found.findings


def test_an_arm_that_grants_less_than_anybody_is_stricter_than_all_of_them():
    some = case_set()
    found = card(some.only(case for case in some if case.value == 9), arms={"arm": always(0.0)})
    granted = [sum(hand_made.grants(case) > rater for case in some) for rater in range(RATERS)]
    assert min(granted) > 0
    assert "arm is stricter than all 10, taken one by one." in found.findings


def test_without_knowing_who_decided_nobody_is_placed():
    some = case_set()
    found = card(some, hand_made.counted(some.cases))
    assert found.raters == ()
    assert not any("one by one" in line for line in found.findings)


def test_a_rater_with_few_cases_places_nobody_and_the_note_says_so():
    some = case_set(1).only(case_set(1).cases[:6])
    (found,) = card(some, arms={"strict": strict}).raters
    assert found.stricter.value is None
    assert "no rater judged 10" in found.stricter.note


def test_a_groups_gaps_are_those_to_its_own_rates(usual):
    some = case_set()
    leads = gather(parse_selection("staff[tenure=lead]"), hand_made.judgments(some.cases))
    study = study_of(some.cases, leads)
    p = np.array([strict(case) for case in study.cases])
    lead, starter = usual.groups
    assert (lead.column, lead.value, lead.raters) == ("tenure", "lead", LEADS)
    assert lead.arms[0].gap == corrected_gap(p, np.zeros(len(p)), study.rates)
    assert lead.arms[0].signed == signed_gap(p, study.rates)
    assert (lead.cases, lead.judgments) == (len(some), LEADS * len(some))
    # The first raters grant most, so the strict arm is stricter still beside them.
    assert lead.rate.value > starter.rate.value
    assert lead.arms[0].signed.value < starter.arms[0].signed.value


def test_a_group_is_compared_on_the_cases_that_it_judged():
    some = case_set()
    few = [one for one in hand_made.judgments(some.cases[:40]) if one.columns["tenure"] == "lead"]
    group = ("tenure", "lead", gather("staff", few))
    (found,) = card(some, groups=[group]).groups
    assert found.cases == 40
    assert found.arms[0].signed.n == 40


def test_a_group_that_judged_none_of_the_cases_is_left_out():
    some = case_set(2)
    others = gather("staff", hand_made.judgments(case_set(4).cases[40:]))
    assert card(some, groups=[("tenure", "lead", others)]).groups == ()
