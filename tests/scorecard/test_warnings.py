"""Each weakness of a study is named where it is, with what would fix it, and not elsewhere."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from discretion.core.judgments import Judgment, gather
from discretion.scorecard.warnings import _raters

from . import hand_made
from .hand_made import card, case_set, like_people


def said(some, rows, word, **more):
    """The one warning with a word in it; empty where there is none."""
    people = rows if not isinstance(rows, list) else gather("staff", rows)
    found = [line for line in card(some, people, arms={}, **more).warnings if word in line]
    assert len(found) < 2
    return found[0] if found else ""


def judged(case, rater, granted):
    answer = "grant" if granted else "refuse"
    return Judgment(f"{case.id}-{rater}", case.id, "staff", answer, rater=f"rater-{rater}")


def by_turns(some, raters=10):
    """Each case judged once, by the raters in turn."""
    return [
        judged(case, place % raters, like_people(case) > 0.5) for place, case in enumerate(some)
    ]


def by_half(some):
    """Five of ten people grant each case."""
    return [judged(case, rater, rater < 5) for case in some for rater in range(10)]


def imported(case, deviation=None):
    """The same situation as if it came from a file, of no scenario that is described."""
    value = case.value if deviation is None else case.limit * (1 + Decimal(deviation))
    return replace(case, id=f"file-{case.id}", scenario=f"file-{case.scenario}", value=value)


ONCE = "decided by one person only"


@pytest.fixture(scope="module")
def some():
    return case_set(12)


def test_a_sound_study_has_nothing_to_say(some):
    assert card(some, arms={}).warnings == ()


def test_one_judgment_a_case_is_named_with_a_subset_to_judge_again(some):
    assert said(some, by_turns(some), ONCE) == (
        "240 of 240 cases were decided by one person only. We cannot say how much your people "
        "agree: no case was decided by two of them. Have 60 cases judged by 5 people: 300 "
        "judgments."
    )


def test_what_rests_on_the_cases_judged_twice_is_counted(some):
    rows = by_turns(some) + [judged(case, 11, True) for case in some.cases[:30]]
    told = said(some, rows, ONCE)
    assert told.startswith("210 of 240 cases were decided by one person only.")
    assert "is known from 30 cases that two of them decided." in told
    half = by_turns(some) + [judged(case, 11, True) for case in some.cases[:120]]
    assert said(some, half, ONCE) == ""
    assert said(some, half, "fewer than 10").startswith("240 of 240 cases have fewer than 10")


def test_cases_on_which_everybody_was_unsure_were_not_decided_twice(some):
    """They were counted among the others: "rest on the other 107", where nobody judged twice."""
    rows = by_turns(some.cases[:200])
    rows += [
        Judgment(f"{case.id}-u", case.id, "staff", "unsure", rater="rater-0")
        for case in some.cases[200:]
    ]
    told = said(some, rows, ONCE)
    assert "no case was decided by two of them" in told


def test_a_small_study_is_judged_again_whole():
    few = case_set(1)
    assert said(few, by_turns(few), ONCE).endswith(
        "Have 20 cases judged by 5 people: 100 judgments."
    )


def test_one_rater_is_nobody_else(some):
    rows = by_turns(some, raters=1)
    assert said(some, rows, "one person's") == (
        "All 240 judgments are one person's: whether others would decide so is not known. "
        "Have 60 cases judged by 4 more people: 240 judgments."
    )
    assert said(some, rows, "judged once") == ""


def test_few_raters_are_told_how_many_more(some):
    rows = [row for row in hand_made.judgments(some.cases) if row.rater in ("rater-2", "rater-7")]
    assert said(some, rows, "Only 2 people") == (
        "Only 2 people judged, so what is said of others is unsure. "
        "Have 60 cases judged by 3 more people: 180 judgments."
    )


def test_up_to_ten_scenarios_a_report_says_what_that_is_worth():
    ten, more = case_set(10), case_set(11)
    told = said(ten, hand_made.panel(ten.cases), "scenarios. With 10 or fewer")
    assert "up to 11 of 100 simulated arms looked surely better than they are" in told
    assert said(more, hand_made.panel(more.cases), "With 10 or fewer") == ""


def test_few_people_who_judged_very_many_scenarios_are_named(some):
    people = replace(card(some, arms={}).people, scenarios=101)
    assert people.raters == 10
    told = _raters(people)
    assert told.startswith("Only 10 people judged 101 scenarios.")
    assert told.endswith("Have 60 cases judged by 5 more people: 300 judgments.")
    assert _raters(replace(people, scenarios=100)) == ""
    assert _raters(replace(people, raters=13)) == ""


def test_raters_who_judged_very_unevenly_weigh_as_few(some):
    """Two judge all of 240 cases and eight 10 each: (480 + 80)^2 / (2 240^2 + 8 10^2) = 2.70."""
    rows = [
        row
        for place, case in enumerate(some)
        for row in hand_made.judgments([case])
        if row.rater in ("rater-2", "rater-7") or place < 10
    ]
    assert said(some, rows, "weigh as") == (
        "10 people judged, but a few of them so much more than the others that they weigh as 2.7. "
        "Have 60 cases judged by those who judged little."
    )


def test_raters_who_judged_nearly_alike_are_not_said_to_weigh_less(some):
    rows = [
        row
        for place, case in enumerate(some)
        for row in hand_made.judgments([case])
        if int(row.rater[-1]) < 5 and (place or row.rater != "rater-0")
    ]
    assert said(some, rows, "weigh as") == ""
    assert card(some, gather("staff", rows), arms={}).people.weigh_as.value == pytest.approx(
        5, 1e-4
    )


def test_raters_who_differ_are_told_what_makes_their_rates_steady(some):
    """Each case's raters split at random around rates near one half."""
    rows = [
        judged(case, rater, (rater * 7 + place * 3) % 10 < 3 + 4 * (place % 2))
        for place, case in enumerate(some)
        for rater in range(10)
    ]
    told = said(some, rows, "agree little")
    alpha = card(some, gather("staff", rows), arms={}).people.alpha.value
    assert 0.02 < alpha < 0.4
    assert f"(Krippendorff's alpha {alpha:.2f};" in told
    steady = 0.8 * (1 - alpha) / (alpha * 0.2)
    needed = int(told.split("with about ")[1].split()[0])
    assert needed - 1 < steady <= needed
    assert "there are 10.0." in told
    assert told.endswith("Which groups differ is shown with --by COLUMN.")


def test_an_alpha_whose_interval_holds_agreement_says_nothing(some):
    """From two cases alpha was 0.00 (-1.00 to 1.00), and the page said nobody can match them."""
    rows = [
        judged(case, rater, (rater + place) % 2 == 0)
        for place, case in enumerate(some.cases[:2])
        for rater in range(3)
    ]
    found = card(some, gather("staff", rows), arms={})
    assert found.people.alpha.value < 0.4
    assert not any("agree little" in line for line in found.warnings)


def test_agreement_on_a_handful_of_cases_is_not_told_as_theirs(some):
    handful = by_turns(some) + [
        judged(case, 11, like_people(case) > 0.5) for case in (some.cases[0], some.cases[-1])
    ]
    found = card(some, gather("staff", handful), arms={})
    assert found.people.alpha.value == 1
    assert not any("alpha" in line for line in found.findings)


def test_raters_who_differ_are_named_where_no_case_was_judged_twice(some):
    """Of ten raters in turn, the first five grant nearly everything and the others little."""
    apart = [
        judged(case, place % 10, (place // 10) % 8 < (7 if place % 10 < 5 else 2))
        for place, case in enumerate(some)
    ]
    told = said(some, apart, "more than chance explains")
    assert "Of 10 who decided 10 times or more" in told
    strict, lax = map(int, re.findall(r"at (?:most|least) (\d+)", told))
    assert strict < 25
    assert lax > 87
    alike = [judged(case, place % 10, (place // 10) % 3 < 1) for place, case in enumerate(some)]
    assert said(some, alike, "more than chance explains") == ""


def test_no_number_of_judgments_mends_raters_who_do_not_agree_at_all(some):
    rows = [
        judged(case, rater, (rater + place) % 2 == 0)
        for place, case in enumerate(some)
        for rater in range(10)
    ]
    told = said(some, rows, "agree little")
    assert "More judgments will not fix that" in told


def test_people_are_not_said_to_differ_where_nobody_knows_who_judged_what(some):
    """Requests that read alike may be different cases, decided by one person each."""
    rows = [
        replace(judged(case, turn, (turn + place) % 2 == 0), rater=None)
        for place, case in enumerate(some)
        for turn in range(10)
    ]
    assert said(some, rows, "These people differ") == ""
    assert "which column identifies one: --case" in said(some, rows, "read alike")


def test_imported_cases_that_all_break_their_rule_were_selected(some):
    broken = [imported(case) for case in some if case.value > 10]
    files = some.only(broken)
    assert said(files, hand_made.judgments(broken), "reached a person") == (
        f"All {len(broken)} imported cases with a value break their rule: it seems that only what "
        "reached a person is here, so these are not the rates of all requests. Import about 50 "
        "that kept the rule or were settled without a person."
    )
    kept = [imported(case) for case in some]
    assert said(some.only(kept), hand_made.judgments(kept), "reached a person") == ""


def test_a_made_grid_that_only_breaks_the_rule_is_a_design_and_no_selection(some):
    grid = some.only(case for case in some if case.value > 10)
    assert said(grid, hand_made.judgments(grid.cases), "reached a person") == ""


def test_a_grid_beyond_all_requests_says_where_requests_are(some):
    """The grid goes on to 14, 20 and 40 days; no request came in after the twelfth."""
    one = case_set(1)
    files = [imported(case, "0.2") for case in one if case.value == 11][:2]
    files += [imported(case, "-0.1") for case in one if case.value == 9][:1]
    both = one.only([*one.cases, *files])
    assert said(both, by_half(both), "made cases under") == (
        "12 of 16 made cases under policy-0 that break the rule lie beyond 12 days, farther out "
        "than any of the 2 imported ones. Put the values of the grid up to 12 days, where "
        "requests are."
    )
    far = [imported(case, "5") for case in one if case.value == 11]
    met = one.only([*one.cases, *far])
    assert said(met, by_half(met), "made cases under") == ""


def test_a_grid_that_misses_where_people_stop_says_what_to_try():
    some = case_set(12, titles=("Late", "Later"))
    rows = [
        judged(case, rater, rater < (9 if case.scenario == "scenario-0" else 1))
        for case in some
        if case.scenario in ("scenario-0", "scenario-1")
        for rater in range(10)
    ]
    told = said(some, rows, "miss where people stop")
    assert told.startswith("In 2 of 2 scenarios the values tried miss where people stop")
    assert "fewer than half grant even the smallest step: Later (before 11 days)" in told
    assert "more than half still grant the largest: Late (beyond 40 days; try 70 days)" in told


def test_few_scenarios_say_how_many_would_do():
    few = case_set(3)
    told = said(few, hand_made.panel(few.cases), "There are 3 scenarios")
    assert "With 6 scenarios or more they would." in told
