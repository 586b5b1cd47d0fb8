"""What was learned, in sentences: as surely as the verdicts allow, and bad news like good news."""

from dataclasses import replace

import pytest

from discretion.scorecard.teaching_cards import TeachingCard, TeachingContrast, TeachingRow
from discretion.scorecard.teaching_findings import (
    contrast_sentence,
    few_trainings,
    held_out,
    prospect_sentence,
    teaching_findings,
)
from discretion.stats.figure import Figure
from discretion.stats.prospects import prospect

from . import taught


def contrast(name, against, verdict, reading="raw", **more):
    return TeachingContrast(
        **{
            "name": name,
            "against": against,
            "reading": reading,
            "against_reading": reading,
            "family": 1,
            "difference": Figure(-0.02, -0.03, -0.01, 80),
            "low_90": -0.028,
            "high_90": -0.012,
            "p": 0.004,
            "adjusted": 0.012,
            "verdict": verdict,
            "declared": True,
            "spread": 0.001,
            "units": 8,
            **more,
        }
    )


def row(name, gap, kind="target", reading="raw"):
    figure = Figure(gap, gap - 0.02, gap + 0.02, 80)
    return TeachingRow(
        name, kind, reading, figure, figure, figure, figure, figure, figure, 80, 2, 0.01
    )


ROWS = (
    row("real-after", 0.05),
    row("labels", 0.08),
    row("baseline/logistic", 0.10, "baseline"),
    row("base", 0.40, "base"),
    row("base", 0.20, "base", "after a and b"),
)


def card(*contrasts, rows=ROWS, frozen=taught.FROZEN, prospects=()):
    return TeachingCard("domain", tuple("abcd"), 0.01, rows, contrasts, prospects, frozen, ())


def said(*contrasts, simulated=False, **more):
    return teaching_findings(card(*contrasts, **more), simulated=simulated)


def both(before, after, against="shuffled"):
    return (
        contrast("real-before", f"{against}-before", before),
        contrast("real-after", f"{against}-after", after),
    )


ALIKE = "no relevant difference"


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (("helped", "helped"), "Real explanations helped against shuffled ones in both orders:"),
        (("hurt", "hurt"), "Real explanations hurt against shuffled ones in both orders:"),
        (
            (ALIKE, ALIKE),
            "Real explanations made no relevant difference against shuffled ones in both orders:",
        ),
        (
            ("cannot be told", "cannot be told"),
            "Whether real explanations helped against shuffled ones cannot be told in either order",
        ),
        (
            ("helped", "cannot be told"),
            "Real explanations helped against shuffled ones in one order of two: before the label "
            "they helped",
        ),
        (
            ("hurt", ALIKE),
            "Real explanations helped against shuffled ones in no order of two: before the label "
            "they hurt",
        ),
    ],
)
def test_explanations_are_told_over_the_orders_by_their_verdicts(verdicts, expected):
    assert said(*both(*verdicts))[1].startswith(expected)


def test_each_control_has_a_sentence_of_its_own_and_labels_are_a_third():
    told = said(
        *both("helped", "helped"),
        *both("hurt", "hurt", "neutral"),
        contrast("real-after", "labels", ALIKE, family=2),
    )
    assert [sentence.split(":")[0] for sentence in told[1:4]] == [
        "Real explanations helped against shuffled ones in both orders",
        "Real explanations hurt against neutral ones in both orders",
        "Real explanations made no relevant difference against labels alone",
    ]


def test_numbers_stand_behind_what_is_said():
    told = said(*both("helped", "helped"))[1]
    assert "after the label (−0.020 in Brier score, 95% interval −0.030 to −0.010," in told
    assert "adjusted p .012" in told
    lost = contrast(
        "real-after", "labels", "cannot be told", difference=Figure(None, None, None, 0)
    )
    assert "(not computed)" in said(lost)[1]


@pytest.mark.parametrize(
    ("recalibrated", "expected"),
    [
        (("helped", "helped"), "After a and b the same is told."),
        (("helped", "cannot be told"), "After a and b that is told of 1 of 2."),
        (("cannot be told", "hurt"), "After a and b that is no longer told."),
    ],
)
def test_it_is_said_whether_a_verdict_survives_recalibration(recalibrated, expected):
    after = [
        replace(one, reading="after a and b", against_reading="after a and b")
        for one in both(*recalibrated)
    ]
    assert said(*both("helped", "helped"), *after)[1].endswith(expected)


def test_what_cannot_be_told_needs_no_word_on_its_survival():
    assert "After a and b" not in said(*both("cannot be told", "cannot be told"))[1]


def test_the_nearest_target_stands_beside_what_needs_no_training():
    told = said(simulated=True)[0]
    assert told.startswith(
        "On 4 held-out domains the nearest to simulated people of 2 targets is real-after, with a "
        "noise-corrected gap of 0.05 (95% interval: 0.03 to 0.07)"
    )
    assert "baseline/logistic 0.10, base recalibrated 0.20, base 0.40" in told
    assert "these people" in said()[0]


@pytest.mark.parametrize(
    ("nearer", "name"),
    [
        (row("baseline/logistic", 0.04, "baseline"), "baseline/logistic"),
        (row("base", 0.05, "base", "after a and b"), "base recalibrated"),
    ],
)
def test_what_came_as_near_without_training_is_said(nearer, name):
    assert f"Without training {name} came as near." in said(rows=(*ROWS[:2], nearer))[0]
    assert "came as near" not in said()[0]


def test_only_the_best_of_each_kind_is_named_unless_more_came_as_near():
    more = (row("baseline/mean", 0.30, "baseline"), row("precedents", 0.35, "method"))
    told = said(rows=(*ROWS, *more))[0]
    assert "precedents 0.35" in told
    assert "baseline/mean" not in told
    near = tuple(row(name, 0.01, "baseline") for name in ("baseline/a", "baseline/b"))
    assert "baseline/a and baseline/b came as near" in said(rows=(*ROWS, *near))[0]


def test_a_probe_is_no_target():
    assert (
        "of 2 targets is real-after" in said(rows=(*ROWS, row("labels +empty", 0.01, "probe")))[0]
    )


def test_a_sure_difference_inside_the_margin_is_said_to_be_there_and_too_small():
    told = said(contrast("real-after", "labels", ALIKE))[1]
    assert told.startswith("Real explanations made no relevant difference against labels alone")
    assert "it is there, and too small to matter" in told
    unsure = contrast("real-after", "labels", ALIKE, adjusted=0.4)
    assert "too small" not in said(unsure)[1]


def test_a_difference_smaller_than_its_seeds_are_apart_is_said_to_be():
    told = said(contrast("real-after", "labels", "helped", spread=0.03))[1]
    assert "less than the spread between seeds" in told


def test_without_a_plan_each_verdict_begins_as_exploratory():
    told = said(*both("helped", "helped"), frozen=None)
    assert told[1].startswith("Exploratory: real explanations helped")
    assert told[-1] == "No plan was frozen before training: everything here is exploratory."
    why = "the held-out cases had been looked at before."
    looked = replace(taught.FROZEN, exploratory=True, looks=1, why=why)
    told = said(*both("helped", "helped"), frozen=looked)
    assert told[1].startswith("Exploratory: ")
    assert told[-1] == f"Everything here is exploratory: {why}"


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        ("helped", "mine is nearer to the people than theirs ("),
        ("hurt", "mine is farther from the people than theirs ("),
        (ALIKE, "mine and theirs show no relevant difference ("),
        ("cannot be told", "Which of mine and theirs is nearer to the people cannot be told ("),
    ],
)
def test_a_contrast_of_other_names_is_told_by_its_names(verdict, expected):
    one = contrast("mine", "theirs", verdict)
    assert contrast_sentence(one).startswith(expected)
    assert contrast_sentence(one) in said(one)


def test_too_few_groups_are_told_of_and_enough_are_not():
    few = prospect(3, family=4)
    assert prospect_sentence(few, "domain") in said(prospects=(few,))
    assert not [one for one in said(prospects=(prospect(12, family=4),)) if "12 held-out" in one]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (prospect(1), "With 1 held-out policy no verdict is possible: one policy cannot show"),
        (prospect(5, raters=1), "no verdict is possible: one person's judgments cannot show"),
        (prospect(3, family=4), "With 3 held-out policies no verdict is possible unless they"),
        (prospect(12, family=4), "which is assumed and not measured"),
    ],
)
def test_what_can_be_told_is_said_before_anything_is_trained(one, expected):
    assert expected in prospect_sentence(one, "policy")


def test_groups_are_counted_in_words():
    assert [held_out(count, by) for count, by in ((1, "domain"), (2, "case"), (3, "policy"))] == [
        "1 held-out domain",
        "2 held-out cases",
        "3 held-out policies",
    ]


def test_too_few_trainings_are_said_with_what_to_do_and_enough_are_not():
    assert few_trainings(1).startswith("Each target is trained once. ")
    assert few_trainings(2).endswith("train 3 times or more, with --seeds 3.")
    assert few_trainings(3) == ""
