"""Two panels side by side: the same cases for both, and an interval with both panels' noise."""

import numpy as np
import pytest

from discretion.core.judgments import Judgment, gather
from discretion.errors import DiscretionError
from discretion.scorecard.panels import panel_card
from discretion.scorecard.study import replies_of, study_of
from discretion.stats.gaps import signed_gap

from . import hand_made
from .hand_made import RATERS, answers, case_set, grants, panel, strict


def laxer(some, more=2, name="leads"):
    """Ten other people, of whom `more` more grant each case."""
    return gather(
        name,
        [
            Judgment(
                f"{case.id}-{rater}",
                case.id,
                name,
                "grant" if rater < min(RATERS, grants(case) + more) else "refuse",
                rater=f"lead-{rater}",
            )
            for case in some
            for rater in range(RATERS)
        ],
    )


def card(some, other, mine=None):
    study = study_of(some.cases, panel(some.cases) if mine is None else mine)
    replies = replies_of(study, ("strict",), answers(some.cases, strict=strict))
    return panel_card(study, other, list(replies.values()))


def test_figures_are_over_the_cases_that_both_judged():
    some = case_set(6)
    both = [one for one in some.cases if one.value > 10]
    found = card(some, laxer(both))
    assert (found.panel, found.against, found.cases) == ("leads", "staff", len(both))
    mine = np.array([grants(one) / RATERS for one in both])
    theirs = np.minimum(1, mine + 0.2)
    p = np.array([strict(one) for one in both])
    (arm,) = found.arms
    assert arm.signed.value == pytest.approx(np.mean(p - mine))
    assert arm.other_signed.value == pytest.approx(np.mean(p - theirs))
    assert found.difference.value == pytest.approx(np.mean(theirs - mine))
    assert found.difference.low < found.difference.value < found.difference.high


def test_the_interval_is_wider_than_if_either_panel_were_known_exactly():
    some = case_set(6)
    other = laxer(some.cases)
    found = card(some, other).difference
    mine = study_of(some.cases, panel(some.cases)).rates
    theirs = study_of(some.cases, other).rates
    for p, rates in ((theirs.h, mine), (mine.h, theirs)):
        alone = signed_gap(p, rates)
        assert found.high - found.low > alone.high - alone.low


def test_turned_round_the_difference_turns_its_sign():
    some = case_set(6)
    mine, other = panel(some.cases), laxer(some.cases)
    one, turned = card(some, other, mine).difference, card(some, mine, other).difference
    assert (turned.value, turned.low, turned.high) == pytest.approx(
        (-one.value, -one.high, -one.low)
    )


def test_the_interval_covers_the_truth_as_often_as_it_says():
    """Twelve raters a panel, each with a bent of their own, the other panel 0.1 laxer."""
    rng = np.random.default_rng(5)
    some = case_set(8)
    levels = {name: rng.uniform(0.3, 0.6) for name in some.scenarios}

    def drawn(name, shift):
        bent = rng.normal(0, 0.1, 12)
        return gather(
            name,
            [
                Judgment(
                    f"{name}-{one.id}-{rater}",
                    one.id,
                    name,
                    "grant"
                    if rng.random() < np.clip(levels[one.scenario] + shift + bent[rater], 0, 1)
                    else "refuse",
                    rater=f"{name}-{rater}",
                )
                for one in some.cases[::4]
                for rater in range(12)
            ],
        )

    held = 0
    for _ in range(60):
        found = card(some, drawn("b", 0.1), drawn("a", 0.0)).difference
        held += found.low <= 0.1 <= found.high
    assert held >= 51  # 57 expected of 60; fewer than 51 by chance once in 1,300 runs


def test_a_panel_that_judged_none_of_the_cases_is_said():
    some = case_set(2)
    with pytest.raises(DiscretionError, match="the panel 'leads' judged none of these cases"):
        card(some, laxer(case_set(3).cases[-3:]))


def test_the_finding_says_how_far_the_panels_are_apart_also_without_arms():
    some = case_set(6)
    for arms in (None, {}):
        found = hand_made.card(some, arms=arms, others=[laxer(some.cases, more=10)])
        (row,) = found.panels
        share = 100 * row.difference.value
        assert any(
            one.startswith(f"leads would grant {share:.0f} requests of 100 more than staff (95%")
            and one.endswith(f"on the {len(some)} cases that both judged.")
            for one in found.findings
        )
        assert [one.arm for one in row.arms] == [one.name for one in found.arms]
