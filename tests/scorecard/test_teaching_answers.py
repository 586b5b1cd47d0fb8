"""The answer that stands first: does what was taught carry over, and did explanations help?"""

from dataclasses import replace

import pytest

from discretion.scorecard.teaching_answers import teaching_answer
from discretion.stats.figure import Figure

from . import taught
from .test_teaching_findings import both, card, contrast, row

ALIKE = "no relevant difference"


def survivor(name, verdict, **more):
    after = {"reading": "after a and b", "against_reading": "after a and b"}
    told = {"family": 0, "declared": False, "adjusted": None}
    return contrast(name, "base", verdict, **{**after, **told, **more})


def answer(*contrasts, simulated=False, **more):
    return teaching_answer(card(*contrasts, **more), simulated=simulated)


@pytest.mark.parametrize(
    ("real", "labels", "lead", "said"),
    [
        (
            "helped",
            "helped",
            "What was taught carries over to 4 held-out domains.",
            "Real-after and labels are nearer to these people than the untuned model.",
        ),
        (
            "helped",
            "hurt",
            "What was taught carries over to 4 held-out domains in part.",
            "Real-after is nearer to these people than the untuned model; labels is farther from "
            "these people than the untuned model.",
        ),
        (
            "helped",
            "cannot be told",
            "What was taught carries over to 4 held-out domains in part.",
            "Real-after is nearer to these people than the untuned model; of labels it cannot be "
            "told.",
        ),
        (
            ALIKE,
            "hurt",
            "What was taught does not carry over to 4 held-out domains.",
            "Real-after is as near to these people as the untuned model; labels is farther from",
        ),
        (
            "cannot be told",
            "cannot be told",
            "Whether what was taught carries over to 4 held-out domains cannot be told.",
            "None of 2 targets is shown nearer to these people than the untuned model.",
        ),
        (
            ALIKE,
            "cannot be told",
            "Whether what was taught carries over to 4 held-out domains cannot be told.",
            "Real-after is as near to these people as the untuned model; of labels it cannot",
        ),
    ],
)
def test_it_says_first_whether_what_was_taught_carries_over(real, labels, lead, said):
    found = answer(survivor("real-after", real), survivor("labels", labels))
    assert found[0] == lead
    assert found[1].startswith(said)
    assert found[1].endswith("it is not for being stricter or laxer (exploratory).")


def test_seven_targets_of_one_verdict_are_not_listed_and_a_single_one_is_named():
    names = [f"target-{number}" for number in range(7)]
    rows = tuple(row(name, 0.1) for name in names)
    found = answer(*(survivor(name, "helped") for name in names), rows=rows)
    assert found[1].startswith("All 7 targets are nearer to these people than the untuned")
    found = answer(survivor("labels", "cannot be told"), simulated=True)
    assert found[1].startswith("The target is not shown nearer to simulated people than")


def test_only_targets_with_both_recalibrated_count_and_raw_nearness_is_no_carrying_over():
    raw = survivor("real-after", "helped", reading="raw")
    missing = survivor("labels", "cannot be told", difference=Figure(None, None, None, 0))
    method = survivor("precedents", "helped")
    assert answer(raw, missing, method) == ()


@pytest.mark.parametrize(
    ("contrasts", "expected"),
    [
        (
            [*both("helped", "hurt"), *both(ALIKE, "cannot be told", "neutral")],
            "Real explanations against shuffled and neutral ones: helped in 1 of 4 comparisons, "
            "hurt in 1, no relevant difference in 1, cannot be told in 1.",
        ),
        (
            [*both("helped", "helped"), contrast("real-after", "labels", "hurt", family=2)],
            "Real explanations against shuffled ones: helped in 2 of 2 comparisons. "
            "Against labels alone: hurt.",
        ),
        (
            [contrast("real-after", "labels", ALIKE, family=1)],
            "Real explanations against labels alone: no relevant difference.",
        ),
    ],
)
def test_explanations_are_counted_in_the_words_of_the_verdicts(contrasts, expected):
    assert answer(*contrasts)[-1] == expected
    assert answer(*contrasts, frozen=None)[-1] == f"{expected} All of this is exploratory."
    looked = replace(taught.FROZEN, exploratory=True)
    assert answer(*contrasts, frozen=looked)[-1].endswith("All of this is exploratory.")


def test_a_card_of_known_errors_answers_as_they_are():
    lead, named, explained = taught.card().answer
    assert lead == "What was taught carries over to 8 held-out domains in part."
    assert named.startswith("Labels and real-after are nearer to these people than the untuned")
    assert explained.startswith("Real explanations against shuffled and neutral ones: helped in 3 ")
