"""Warnings: what limits the conclusions, and what a reader must not overlook."""

from __future__ import annotations

from collections.abc import Sequence

from discretion.measures.gaps import ENOUGH
from discretion.measures.intervals import FEW
from discretion.measures.rates import Floats
from discretion.scorecards.cards import ArmCard, PeopleCard

TESTED = 10
"""Scenarios from which on the intervals' coverage was found to be near what they claim."""


def warnings(people: PeopleCard, arms: Sequence[ArmCard], judged: Floats) -> tuple[str, ...]:
    """Plain sentences; ``judged`` (C,) is how many decided each case, NaN where not known."""
    said = [_scenarios(people), *_judgments(people, judged)]
    if people.simulated:
        said.insert(0, "These people are simulated: nothing here is about real people.")
    for arm in arms:
        said += _about(arm)
    return tuple(sentence for sentence in said if sentence)


def _scenarios(people: PeopleCard) -> str:
    count = people.scenarios
    if count < FEW:
        are = "is 1 scenario" if count == 1 else f"are {count} scenarios"
        return (
            f"There {are}: intervals are for these cases only, and say nothing about others. "
            f"With {FEW} scenarios or more they would."
        )
    if count < TESTED:
        return (
            f"There are {count} scenarios: with fewer than {TESTED} the 95% intervals cover less "
            "surely than they say."
        )
    return ""


def _judgments(people: PeopleCard, judged: Floats) -> list[str]:
    if people.judgments is None:
        return [
            "It is not known how many people stand behind each rate, so the noise-corrected gap, "
            "both references and every score over single judgments are missing. The plain gap is "
            "larger than the truth by an unknown amount."
        ]
    said = []
    few = int((judged < ENOUGH).sum())
    if few:
        said.append(
            f"{few:,} of {len(judged):,} cases have fewer than {ENOUGH} judgments; the plain gap "
            f"leaves them out. Have such cases judged by {ENOUGH} people."
        )
    if people.raters is None:
        said.append(
            "It is not known who judged what, so the intervals cannot allow for people who differ "
            "from each other. Import with rater=COLUMN."
        )
    return said


def _about(arm: ArmCard) -> list[str]:
    said = []
    if arm.failures:
        said.append(
            f"{arm.failures:,} calls of {arm.name} failed; they count as no answer, never as a "
            "decision."
        )
    if not arm.cases:
        said.append(f"{arm.name} answered none of the cases that the people judged.")
    elif arm.unanswered:
        said.append(
            f"{arm.name} did not answer {arm.unanswered:,} of {arm.unanswered + arm.cases:,} "
            "cases; it is compared on the others."
        )
    if arm.unsure_flips:
        said.append(
            f"Whether {arm.name} is too strict or too lax depends on how the people's unsure "
            "answers are counted."
        )
    if arm.never_granted and arm.kind != "baseline":
        said.append(
            f"{arm.name} would have granted {arm.never_granted} of {arm.never_cases} cases that "
            "are never allowed. Code refuses them; it would not."
        )
    return said
