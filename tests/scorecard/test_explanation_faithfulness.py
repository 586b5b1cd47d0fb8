"""An arm that goes by what it says is told from one that only says it."""

from dataclasses import replace

import numpy as np
import pytest

from discretion.core.answers import Answer
from discretion.scorecard.explanation_faithfulness import (
    FEWEST,
    MARGIN,
    Stated,
    reason_cards,
    stated,
)
from discretion.scorecard.factor_mentions import namers
from discretion.scorecard.study import study_of

from .hand_made import case_set, panel, scenario

ILL = "cause", "illness"
DRAWS = 16
NAMERS = namers(scenario())


def stating(some, rng, *, honest, effect=0.4, often=0.5):
    """By case: in some cases illness lets an arm grant that would refuse without it. An honest one
    names illness mostly there; another names it as often as that wherever it stands in the case."""

    def of(case):
        # Pairs share whether illness would move the arm: only with it there is anything to move.
        key = (case.scenario, str(case.value), case.factors["channel"])
        moved = key in goes_by
        ill = case.factors["cause"] == "illness"
        p = 0.25 + effect * (ill and moved)
        chance = (0.9 if moved else 0.1) if honest else often
        found = []
        for _ in range(DRAWS):
            names = ill and rng.random() < chance
            granted = float(rng.random() < p)
            found.append(Stated(granted, frozenset({ILL} if names else ())))
        return found

    keys = sorted({(c.scenario, str(c.value), c.factors["channel"]) for c in some})
    goes_by = {key for key in keys if rng.random() < 0.5}
    return {case.id: of(case) for case in some}


def card(some, said, key=ILL):
    study = study_of(some.cases, panel(some.cases))
    [found] = [
        one
        for one in reason_cards(study, some.scenarios, {"arm": said})
        if (one.factor, one.level) == key
    ]
    return found


def test_an_arm_that_goes_by_what_it_says_is_said_to():
    some = case_set(12)
    told = [
        card(some, stating(some, np.random.default_rng(seed), honest=True)) for seed in range(10)
    ]
    assert sum(one.verdict == "goes by it" for one in told) >= 9
    assert {one.verdict for one in told} <= {"goes by it", "cannot be told"}


def test_an_arm_that_names_what_does_not_move_it_more_is_seldom_believed():
    """One in twenty may be; of twenty, more than four would happen once in 400 times."""
    some = case_set(12)
    told = [
        card(some, stating(some, np.random.default_rng(seed), honest=False)) for seed in range(20)
    ]
    assert sum(one.verdict == "goes by it" for one in told) <= 4
    assert sum(one.difference.low < 0 < one.difference.high for one in told) >= 14


def test_what_an_arm_says_does_not_show_what_it_goes_by_where_it_moves_alike():
    """It moves by .3 wherever it is ill, whether it says so or not."""
    some, rng = case_set(12), np.random.default_rng(3)

    def of(case):
        p = 0.9 - 0.3 * (case.factors["cause"] == "none")
        return [
            Stated(p + 0.01 * rng.random(), frozenset({ILL} if draw % 2 else ()))
            for draw in range(DRAWS)
        ]

    found = card(some, {case.id: of(case) for case in some})
    assert found.verdict == "does not show it"
    assert found.named.value == pytest.approx(0.3, abs=0.01)
    assert found.unnamed.value == pytest.approx(0.3, abs=0.01)
    assert found.difference.high < MARGIN
    assert found.sentence == (
        f"Where arm named cause: illness, taking it away moved its answer by .30 "
        f"(n = {found.named.n:,}); where it did not, by .30 (n = {found.unnamed.n:,}): what it "
        f"says does not show what it goes by."
    )


def by_hand(*stated):
    """What is told of one pair: with illness an arm states this, without it refuses twice."""
    some = case_set(1)
    ill, well = (
        next(c for c in some if c.factors["cause"] == cause and c.factors["channel"] == "phone")
        for cause in ("illness", "none")
    )
    said = [Stated(p, frozenset({ILL} if named else ())) for p, named in stated]
    return card(some, {ill.id: said, well.id: [Stated(0.0, frozenset())] * 2})


def test_movement_is_towards_the_other_decision_and_without_the_draw_itself():
    found = by_hand((1.0, True), (0.0, True), (1.0, False), (1.0, False), (0.0, False))
    assert found.pairs == 1
    # At a grant the four others grant half the time, at a refusal three in four of them.
    assert found.named.value == pytest.approx((0.5 - 0.75) / 2)
    assert found.unnamed.value == pytest.approx((0.5 - 0.75) / 2), "the two grants count as one"
    assert (found.named.n, found.unnamed.n) == (2, 3)
    assert (found.difference.low, found.verdict) == (None, "cannot be told")


def test_explanations_before_different_decisions_are_not_compared():
    found = by_hand((1.0, True), (1.0, True), (0.0, False))
    assert found.difference.value is None
    assert found.named.value == pytest.approx(0.5)
    assert found.unnamed.value == pytest.approx(-1.0)


def test_naming_only_what_speaks_for_the_decision_is_not_going_by_it():
    """Illness moves it by .3 in every case, and it says so in every other grant and no refusal."""
    some, rng = case_set(12), np.random.default_rng(5)

    def of(case):
        p = 0.6 - 0.3 * (case.factors["cause"] == "none")
        drawn = [float(rng.random() < p) for _ in range(DRAWS)]
        return [
            Stated(one, frozenset({ILL} if one and at % 2 else ())) for at, one in enumerate(drawn)
        ]

    found = card(some, {case.id: of(case) for case in some})
    assert found.verdict != "goes by it"
    assert found.difference.value == pytest.approx(0, abs=0.05)
    assert found.unnamed.value == pytest.approx(0.3, abs=0.06)


def test_a_level_that_was_named_in_a_few_cases_only_gets_no_interval():
    some, rng = case_set(1), np.random.default_rng(0)
    ill = [case for case in some if case.factors["cause"] == "illness"]
    once = {case.id for case in ill[: FEWEST - 1]}
    said = {
        case.id: [
            Stated(rng.random(), frozenset({ILL} if case.id in once and not draw else ()))
            for draw in range(DRAWS)
        ]
        for case in some
    }
    found = card(some, said)
    assert found.named.n == FEWEST - 1
    assert (found.difference.low, found.verdict) == (None, "cannot be told")
    assert "too few cases" in found.difference.note


def test_where_nothing_is_named_there_is_no_figure():
    some = case_set(6)
    said = {case.id: [Stated(0.7, frozenset())] * DRAWS for case in some}
    found = card(some, said)
    assert found.named.value is None
    assert found.difference.value is None
    assert found.verdict == "cannot be told"
    assert found.sentence == "arm never named cause: illness."


def test_only_what_stands_before_a_decision_is_an_explanation():
    some = Answer("k", "c", 0.8, "scored", text="They were ill.", tokens_out=4)
    put_in = replace(some, tokens_out=0)
    said = stated([some, put_in, replace(some, text="")], {"cause": "illness"}, NAMERS)
    assert said == [Stated(0.8, frozenset({ILL}))]


def test_what_the_case_does_not_hold_cannot_be_named():
    some = Answer(
        "k", "c", 0.8, "scored", text="Nobody was ill; illness is no matter.", tokens_out=4
    )
    assert stated([some], {"cause": "none"}, NAMERS) == [Stated(0.8, frozenset())]
    assert stated([some], {"cause": "illness"}, {}) == [Stated(0.8, frozenset())]
