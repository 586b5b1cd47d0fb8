"""An arm that does what people do and should not, only more of it, is marked as such."""

import numpy as np
import pytest

from discretion.scorecard.factors import pairs_needed
from discretion.scorecard.scenario_cards import FactorCell
from discretion.stats.equivalence import Equivalence
from discretion.stats.figure import Figure

from . import hand_made
from .hand_made import card, case_set

MARK = ("channel: mail in 6 of 6 scenarios",)


def moved(by, jitter=0.0):
    """Grants four in ten, and more by so much where the request came by mail."""

    def answer(case):
        odd = jitter if case.value in (9, 14, 40) else -jitter
        return 0.4 + (by + odd) * (case.factors["channel"] == "mail")

    return answer


def study(people, arm, factor="channel"):
    """The card of that factor, where people themselves grant `people` of 10 more by mail."""
    some = case_set()
    rows = hand_made.judgments(some.cases)
    kept = {
        (case.id, f"rater-{rater}"): rater < granted(case, people)
        for case in some
        for rater in range(hand_made.RATERS)
    }
    rows = [
        hand_made.Judgment(
            row.id,
            row.case,
            row.panel,
            "grant" if kept[row.case, row.rater] else "refuse",
            row.rater,
        )
        for row in rows
    ]
    found = card(some, hand_made.gather("staff", rows), arms={"arm": arm}, kinds={"arm": "model"})
    (row, *_) = [one for one in found.factors if one.factor == factor and not one.pooled]
    return found, row


def granted(case, people):
    mail = people * (case.factors["channel"] == "mail")
    return min(9, max(1, hand_made.grants(case))) + mail - (people > 0)


@pytest.mark.parametrize(
    ("people", "by", "amplifies"),
    [
        (1, 0.2, True),
        (-1, -0.2, True),
        (1, -0.2, False),
        (1, 0.05, False),
        (1, 0.15, False),  # more than their 0.1, which itself is known to within 0.07
        (-1, -0.15, False),
        (0, 0.2, False),
    ],
)
def test_only_the_same_side_and_more_of_it_amplifies(people, by, amplifies):
    found, row = study(people, moved(by))
    theirs, mine = row.cells
    assert theirs.difference.value == pytest.approx(people / 10)
    assert mine.difference.value == pytest.approx(by)
    assert (theirs.amplifies, mine.amplifies) == (False, amplifies)
    assert found.arms[0].amplifies == (MARK if amplifies else ())


def test_an_interval_that_holds_the_peoples_effect_marks_nothing():
    """Some 0.3 beside 0.1, but 0.65 at three of the values and -0.25 at the other two."""
    found, row = study(1, moved(0.2, jitter=0.45))
    low, high = row.cells[1].difference.low, row.cells[1].difference.high
    assert low < 0.1 < high
    assert not row.cells[1].amplifies
    assert found.arms[0].amplifies == ()


def test_what_may_matter_is_never_amplified():
    found, row = study(0, lambda case: 0.9 * (case.factors["cause"] == "illness"), "cause")
    assert row.cells[1].difference.value > row.cells[0].difference.value > 0
    assert not row.cells[1].amplifies
    assert found.arms[0].amplifies == ()


def test_the_pairs_that_a_verdict_needs_are_those_whose_interval_is_as_wide_as_the_margin():
    """Against normal intervals: with so many pairs half of the interval is the margin."""
    spread, pairs, margin = 0.5, 40, 0.05
    half = 1.645 * spread / np.sqrt(pairs)
    found = pairs_needed(Equivalence("cannot be told", 0.0, -half, half, margin, pairs))
    assert 1.645 * spread / np.sqrt(found) == pytest.approx(margin, rel=0.01)
    assert pairs_needed(Equivalence("equivalent", 0.0, -0.04, 0.04, margin, pairs)) is None
    assert pairs_needed(Equivalence("cannot be told", 0.0, None, None, margin, pairs)) is None


@pytest.mark.parametrize(
    ("verdict", "low", "needed", "shown"),
    [
        ("cannot be told", -0.3, 900, ""),
        ("cannot be told", -0.04, None, "cannot be told"),
        ("equivalent", -0.03, None, "equivalent"),
        ("differs", 0.2, 900, "differs"),
        ("cannot be told", None, None, ""),
    ],
)
def test_a_verdict_is_shown_where_pairs_suffice_or_there_is_a_difference(
    verdict, low, needed, shown
):
    high = None if low is None else low + 0.1
    cell = FactorCell("arm", Figure(0.0, low, high, 40), verdict, needed, None, None, None, "", "")
    assert cell.verdict_shown == shown
