"""What was learned, on models whose errors are known, against figures put together by hand."""

from dataclasses import replace

import numpy as np
import pytest

from discretion.scorecard.teaching import Declared, teaching_card
from discretion.scorecard.teaching_cards import READINGS
from discretion.stats.contrasts import contrast
from discretion.stats.gaps import corrected_gap, signed_gap
from discretion.stats.rates import Rates
from discretion.stats.recalibration import Recalibration
from discretion.stats.scores import brier

from . import taught

ONE = taught.study()
UNITS = taught.units(ONE)
TWO = {name: taught.OFF[name] for name in ("labels", "real-after")}
FEW = TWO | {"neutral-after": taught.OFF["neutral-after"]}


@pytest.fixture(scope="module")
def card():
    return taught.card()


def of(card, name, against, reading="raw"):
    return next(
        one
        for one in card.contrasts
        if one.family and (one.name, one.against, one.reading) == (name, against, reading)
    )


def explored(card, name, reading):
    return next(
        one
        for one in card.contrasts
        if not one.family and (one.name, one.reading) == (name, reading)
    )


def test_each_way_of_deciding_has_its_three_readings_nearest_first(card):
    names = [row.name for row in card.rows]
    assert sorted(set(names)) == sorted({*taught.OFF, "base", "precedents", "baseline/mean"})
    assert [row.reading for row in card.rows] == list(READINGS) * len(set(names))
    raw = [row.gap.value for row in card.rows if row.reading == "raw"]
    assert raw == sorted(raw)


def test_the_gap_of_a_target_averages_its_seeds_in_the_square(card):
    own = [one for one in taught.trials(ONE) if one.name == "real-after"]
    squares = [corrected_gap(one.p, one.variance, ONE.rates).value ** 2 for one in own]
    row = card.row("real-after")
    assert row.gap.value == pytest.approx(np.sqrt(np.mean(squares)))
    assert row.spread == pytest.approx(np.std(np.sqrt(squares), ddof=1))
    assert (row.seeds, row.cases) == (3, len(ONE.cases))
    signed = np.mean([signed_gap(one.p, ONE.rates).value for one in own])
    assert row.signed.value == pytest.approx(signed)


def test_what_was_not_trained_has_no_seeds_and_no_spread(card):
    assert (card.row("base").seeds, card.row("base").spread) == (0, None)


def test_what_was_not_recalibrated_has_no_such_figures(card):
    row = card.row("baseline/mean", "after a and b")
    assert row.gap.value is row.brier.value is row.auc.value is row.matthews.value is None
    assert row.cases == 0


def test_a_known_difference_is_told_and_lies_in_its_interval(card):
    helped = of(card, "real-after", "shuffled-after")
    truth = 1.0133 * (0.15**2 - 0.32**2)  # of squares of sizes uniform within a fifth
    assert helped.verdict == "helped"
    assert helped.difference.low < truth < helped.difference.high
    assert of(card, "real-before", "labels").verdict == "hurt"
    assert of(card, "real-after", "labels").verdict == "no relevant difference"


def test_holm_is_over_the_family_and_over_nothing_else(card):
    for number, family in enumerate(taught.FAMILIES, 1):
        for reading in ("raw", "after a and b"):
            members = [
                one for one in card.contrasts if (one.family, one.reading) == (number, reading)
            ]
            assert [(one.name, one.against) for one in members] == list(family)
            rest, floor = len(members), 0.0
            for one in sorted(members, key=lambda one: one.p):
                floor = max(floor, min(1.0, rest * one.p))
                assert one.adjusted == pytest.approx(floor)
                rest -= 1


def test_a_target_that_was_never_trained_still_counts_in_its_family(card):
    some = [one for one in taught.trials(ONE) if one.name != "real-before"]
    found = teaching_card(ONE, UNITS, some, Declared(taught.FAMILIES, frozen=taught.FROZEN))
    lost = of(found, "real-before", "labels")
    assert (lost.difference.value, lost.p, lost.verdict) == (None, None, "cannot be told")
    left = of(found, "real-after", "labels")
    assert left.adjusted == pytest.approx(min(1.0, 2 * left.p))


def test_a_target_that_did_not_learn_gets_no_verdict_and_is_said_first(card):
    why = {"real-after": "Training on real-after did not learn."}
    families = taught.FAMILIES
    found = teaching_card(
        ONE, UNITS, taught.trials(ONE), Declared(families, frozen=taught.FROZEN), unlearned=why
    )
    told = {one.verdict for one in card.contrasts if "real-after" in (one.name, one.against)}
    assert told == {"helped", "no relevant difference"}
    for one, before in zip(found.contrasts, card.contrasts, strict=True):
        if "real-after" in (one.name, one.against):
            assert (one.verdict, one.p) == ("cannot be told", None)
        elif not one.family:
            assert one == before
    assert found.findings[0] == found.answer[0] == why["real-after"]


def test_units_are_held_out_groups_and_not_scenarios_and_trainings_count():
    halves = ["first" if index % 2 else "second" for index, _ in enumerate(UNITS)]
    found = teaching_card(
        ONE,
        halves,
        taught.trials(ONE),
        Declared([[("labels", "real-before")]], frozen=taught.FROZEN),
    )
    one = of(found, "labels", "real-before")
    own = {
        name: [other for other in taught.trials(ONE) if other.name == name]
        for name in ("labels", "real-before")
    }
    arrays = [np.stack([getattr(t, part) for t in own[name]]) for name in own for part in PARTS]
    rates = replace(ONE.rates, scenario=np.array([int(half == "second") for half in halves]))
    expected = contrast(*arrays, rates, beyond=True, trained=True)
    assert one.units == 2
    assert (one.p, one.difference) == (expected.p_value, expected.difference)


PARTS = ("p", "variance")


def test_with_one_group_there_is_no_verdict_however_large_the_difference():
    found = teaching_card(
        ONE,
        ["all"] * len(UNITS),
        taught.trials(ONE, TWO),
        Declared(taught.FAMILIES, frozen=taught.FROZEN),
    )
    assert {one.verdict for one in found.contrasts} == {"cannot be told"}
    assert not any(one.possible for one in found.prospects)
    assert any("With 1 held-out domain no verdict is possible" in one for one in found.findings)


def test_groups_that_nothing_was_asked_about_are_no_units():
    here = np.array([unit in UNITS[:1] + UNITS[-1:] for unit in UNITS])
    asked = [
        replace(
            one,
            p=np.where(here, one.p, np.nan),
            shifted=np.where(here, one.shifted, np.nan),
            recalibrated=np.where(here, one.recalibrated, np.nan),
        )
        for one in taught.trials(ONE, TWO)
    ]
    found = teaching_card(ONE, UNITS, asked, Declared(taught.FAMILIES, frozen=taught.FROZEN))
    assert found.units == (UNITS[0], UNITS[-1])
    assert {one.units for one in found.contrasts if one.difference.n} == {2}
    assert found.row("labels").cases == here.sum()


def test_a_target_that_only_learned_two_numbers_does_not_beat_the_recalibrated_base():
    base = taught.untaught(ONE)[0]
    shift = Recalibration(2.0, 0.4).apply(base.p)
    some = [base, *(taught.trial(ONE, "labels", shift, seed=seed) for seed in range(3))]
    found = teaching_card(ONE, UNITS, some, Declared(frozen=taught.FROZEN))
    assert found.row("labels").gap.value < found.row("base").gap.value - 0.1
    alike = explored(found, "labels", "after a and b")
    assert alike.against_reading == "after a and b"
    assert alike.verdict == "no relevant difference"
    assert found.answer[0] == "What was taught does not carry over to 8 held-out domains."


def test_a_target_that_learned_judgment_beats_the_recalibrated_base(card):
    found = explored(card, "real-after", "after a and b")
    assert (found.verdict, found.declared, found.adjusted) == ("helped", False, None)
    base, own = (card.row(name, "after a and b") for name in ("base", "real-after"))
    assert found.difference.value == pytest.approx(own.brier.value - base.brier.value)


@pytest.mark.parametrize(
    "frozen",
    [None, replace(taught.FROZEN, looks=2, exploratory=True, why="it was looked at before")],
)
def test_without_a_plan_or_after_a_look_everything_is_exploratory(frozen):
    some = taught.trials(ONE, TWO, seeds=1)
    found = teaching_card(ONE, UNITS, some, Declared([[("real-after", "labels")]], frozen=frozen))
    assert not any(one.declared for one in found.contrasts)
    assert any("xploratory" in sentence for sentence in found.findings[2:3])


def test_a_plan_that_was_kept_is_declared(card):
    assert all(one.declared == (one.family > 0) for one in card.contrasts)


def test_sampling_variance_is_taken_out_after_recalibration_too():
    rng = np.random.default_rng(0)
    both = Recalibration(0.5, 0.7)
    draws = rng.binomial(20, np.clip(ONE.rates.h, 0.1, 0.9), size=(2, len(UNITS))) / 20
    some = [
        replace(
            taught.trial(ONE, "labels", p, seed=seed),
            variance=p * (1 - p) / 19,
            recalibrated=both.apply(p),
            slope=np.full(len(p), both.b),
        )
        for seed, p in enumerate(draws)
    ]
    found = teaching_card(ONE, UNITS, some).row("labels", "after a and b")
    carried = both.variance(draws, draws * (1 - draws) / 19)
    assert found.brier == brier(both.apply(draws), carried, ONE.rates)
    assert found.brier.value < brier(both.apply(draws), 0 * carried, ONE.rates).value - 0.001


def test_sampled_answers_without_a_slope_have_no_figure_rather_than_a_wrong_one():
    one = taught.trial(ONE, "labels", np.full(len(UNITS), 0.4), seed=0)
    found = teaching_card(ONE, UNITS, [replace(one, variance=one.p / 50)])
    assert found.row("labels", "after a and b").gap.value is None
    assert found.row("labels", "after a").gap.value is not None


def compared(some):
    found = teaching_card(
        ONE, UNITS, some, Declared([[("real-after", "labels")]], frozen=taught.FROZEN)
    )
    return of(found, "real-after", "labels")


def test_trainings_are_paired_by_the_seeds_that_both_have():
    whole = taught.trials(ONE, TWO, seeds=4)
    lacking = [one for one in whole if (one.name, one.seed) != ("labels", 1)]
    shared = [one for one in whole if one.seed != 1]
    found = compared(lacking)
    assert found == compared(shared)
    assert found.trainings == 3
    apart = [one for one in whole if one.seed is None or (one.seed < 2) == (one.name == "labels")]
    assert compared(apart).difference.value is None


def test_below_three_trainings_there_is_no_verdict_and_the_way_there_is_said():
    found = teaching_card(
        ONE, UNITS, taught.trials(ONE, seeds=2), Declared(taught.FAMILIES, frozen=taught.FROZEN)
    )
    assert {one.verdict for one in found.contrasts if one.trainings} == {"cannot be told"}
    assert all(one.difference.low is None for one in found.contrasts if one.trainings)
    [said] = [one for one in found.findings if "--seeds" in one]
    assert said == (
        "Each target is trained twice. A difference may then be luck in training, so there is no "
        "verdict: train 3 times or more, with --seeds 3."
    )
    [method] = [one for one in found.contrasts if one.name == "precedents" and one.reading == "raw"]
    assert (method.trainings, method.p is None) == (None, False), "what was not trained has no luck"


def test_a_difference_smaller_than_its_seeds_are_apart_is_marked(card):
    found = of(card, "real-after", "labels")
    assert not replace(found, spread=abs(found.difference.value) / 2).within_seeds
    assert replace(found, spread=abs(found.difference.value) * 2).within_seeds
    assert not replace(found, spread=None).within_seeds


def test_one_judgment_a_case_leaves_the_gap_out_and_still_tells():
    counted = Rates.of_counts(np.rint(ONE.rates.h), np.ones(len(UNITS)), ONE.rates.scenario)
    found = teaching_card(
        replace(ONE, rates=counted),
        UNITS,
        taught.trials(ONE),
        Declared(taught.FAMILIES, frozen=taught.FROZEN),
    )
    assert found.row("labels").gap.value is None
    assert found.row("labels").brier.value is not None
    assert "with a Brier score of" in found.findings[0]
    assert of(found, "real-after", "neutral-after").verdict == "helped"
