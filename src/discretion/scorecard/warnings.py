"""Warnings: what limits the conclusions of this study, and what would fix it, in numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from discretion.core.scenarios import Scenario
from discretion.scorecard.amounts import show, show_at, value_of
from discretion.scorecard.cards import ArmCard, PeopleCard
from discretion.scorecard.scenario_cards import CurveCard
from discretion.scorecard.study import Study
from discretion.stats.figure import TOO_FEW
from discretion.stats.gaps import ENOUGH
from discretion.stats.intervals import FEW
from discretion.stats.spread import rater_spread

TESTED = 10
"""Scenarios up to which more arms at their margin pass than the confidence says."""
AT_MARGIN = 11
"""Of 100 arms exactly at a margin, how many pass with so few scenarios, at most, where 5 should:
docs/reference/gate_errors.md and coverage_sizes.md."""
CROWDED, CREW = 100, 12
"""Beyond so many scenarios, judged by so few people, some upper ends are too low as well:
docs/reference/coverage_sizes.md."""
SUBSET, VOICES = 60, 5
"""Cases judged by so many people each: enough to tell their noise from their judgment."""
DIFFER = 0.4
"""Krippendorff's alpha below which people are said to differ."""
CHANCE = 0.01
"""How rarely people who all grant alike would lie as far apart, to say that they differ."""
STEADY = 0.8
"""Reliability of a case's rate at which it is called steady."""
ADDED = 50
"""Cases to add where a kind of them is missing."""
NAMED = 3
"""Scenarios that are named in a sentence."""


def warnings(
    people: PeopleCard,
    arms: Sequence[ArmCard],
    study: Study,
    described: Mapping[str, Scenario],
    curves: Sequence[CurveCard],
) -> tuple[str, ...]:
    """Plain sentences, those about the study before those about arms; `described` are scenarios
    that cases were made from, so that other cases were imported."""
    said = [
        _scenarios(people),
        *_judgments(people, study),
        _raters(people),
        _differ(people) or _apart(people, study),
        _reached(people, study, described),
        *_unmet(study, described),
        _off_grid(study, curves),
    ]
    if people.simulated:
        said.insert(0, "These people are simulated: nothing here is about real people.")
    for arm in arms:
        said += _about(arm)
    return tuple(sentence for sentence in said if sentence)


def _scenarios(people: PeopleCard) -> str:
    count = people.scenarios
    if count < FEW:
        are = "is 1 scenario (one kind of request)" if count == 1 else f"are {count} scenarios"
        return (
            f"There {are}: intervals are for these cases only, and say nothing about others. "
            f"With {FEW} scenarios or more they would."
        )
    if count <= TESTED:
        return (
            f"There are {count} scenarios. With {TESTED} or fewer, a few bad ones are easily "
            f"missed: up to {AT_MARGIN} of 100 simulated arms looked surely better than they are, "
            "where 5 may. Read the figures with care."
        )
    return ""


def _judgments(people: PeopleCard, study: Study) -> list[str]:
    if people.judgments is None:
        return [
            "It is not known how many people stand behind each rate, so the noise-corrected gap, "
            "both references and every score over single judgments are missing. The plain gap is "
            "larger than the truth by an unknown amount."
        ]
    said = []
    judged = study.panel.n
    once, few = int((judged == 1).sum()), int((judged < ENOUGH).sum())
    if 2 * once > len(judged) and people.raters != 1:
        twice = int((judged >= 2).sum())
        agree = (
            f"How much your people agree is known from {_cases(twice)} that two of them decided."
            if twice
            else "We cannot say how much your people agree: no case was decided by two of them."
        )
        said.append(
            f"{once:,} of {len(judged):,} cases were decided by one person only. {agree} "
            f"{_subset(people, VOICES)}."
        )
    elif few:
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


def _cases(count: int) -> str:
    return "1 case" if count == 1 else f"{count:,} cases"


def _subset(people: PeopleCard, voices: int, more: str = "") -> str:
    count = min(SUBSET, people.cases)
    cases = "this case" if people.cases == 1 else f"{count} cases"
    who = f"{voices}{more} {'person' if voices == 1 else 'people'}"
    return f"Have {cases} judged by {who}: {count * voices:,} judgments"


def _raters(people: PeopleCard) -> str:
    if people.raters is None or not people.judgments:
        return ""
    if people.raters == 1:
        return (
            f"All {people.judgments:,} judgments are one person's: whether others would decide so "
            f"is not known. {_subset(people, VOICES - 1, ' more')}."
        )
    if people.raters < VOICES:
        return (
            f"Only {people.raters} people judged, so what is said of others is unsure. "
            f"{_subset(people, VOICES - people.raters, ' more')}."
        )
    if people.raters <= CREW and people.scenarios > CROWDED:
        return (
            f"Only {people.raters} people judged {people.scenarios} scenarios. In simulated "
            "studies like this up to 15 of 100 arms looked surely nearer to the people than they "
            f"are, where 5 may. {_subset(people, VOICES, ' more')}."
        )
    weigh_as = people.weigh_as.value
    # Nobody judges exactly as much as the others: only what is a whole voice short is said.
    if weigh_as is not None and weigh_as <= VOICES - 1:
        return (
            f"{people.raters:,} people judged, but a few of them so much more than the others that "
            f"they weigh as {weigh_as:.1f}. Have {min(SUBSET, people.cases)} cases judged by those "
            "who judged little."
        )
    return ""


def _differ(people: PeopleCard) -> str:
    """Reliability of n judgments by Spearman and Brown, with alpha for one."""
    alpha, high = people.alpha.value, people.alpha.high
    if alpha is None or alpha >= DIFFER or not people.judgments or not people.compared:
        return ""
    # An interval that holds fair agreement, or all there is, does not show that they differ.
    if TOO_FEW in people.alpha.note or (high is not None and high >= DIFFER):
        return ""
    there = people.judgments / people.cases
    # With next to no agreement the number needed has no meaning.
    needed = math.ceil(STEADY * (1 - alpha) / (alpha * (1 - STEADY))) if alpha > 0.02 else None
    if needed is None:
        steady = "More judgments will not fix that: see whether they read the policy alike."
    elif needed > there:
        steady = (
            f"A case's rate would be steady (reliability {STEADY}) with about {needed} judgments; "
            f"there are {there:.1f}."
        )
    else:
        steady = f"With {there:.0f} judgments a case their rates are steady all the same."
    if people.raters is None and not people.simulated:
        return (
            "Requests that read alike were decided differently (Krippendorff's alpha "
            f"{alpha:.2f}). If they are different cases, say which column identifies one: --case "
            f"COLUMN. {steady}"
        )
    return (
        f"Your people agree little (Krippendorff's alpha {alpha:.2f}; 1 = always, 0 = chance), so "
        f"no model can match each of them. {steady} Which groups differ is shown with --by COLUMN."
    )


def _apart(people: PeopleCard, study: Study) -> str:
    """Raters who differ where next to none judged the same cases: by how often each grants."""
    spread = None if people.compared else rater_spread(study.rates)
    if spread is None or spread.chance > CHANCE:
        return ""
    return (
        "Your people apply the rule differently, more than chance explains, or they get different "
        f"kinds of requests. Of {spread.raters:,} who decided {ENOUGH} times or more, the "
        f"strictest tenth grant at most {100 * spread.strict:.0f} of 100 and the most lenient "
        f"tenth at least {100 * spread.lax:.0f}. The same cases judged by {VOICES} of them would "
        "show which it is."
    )


def _reached(people: PeopleCard, study: Study, described: Mapping[str, Scenario]) -> str:
    """Imported cases of which none keeps its rule were selected before they were judged."""
    if people.simulated:
        return ""
    away = [case.deviation for case in study.cases if case.scenario not in described]
    known = [one for one in away if one is not None]
    if not known or min(known) <= 0:
        return ""
    return (
        f"All {len(known):,} imported cases with a value break their rule: it seems that only what "
        "reached a person is here, so these are not the rates of all requests. "
        f"Import about {ADDED} that kept the rule or were settled without a person."
    )


def _unmet(study: Study, described: Mapping[str, Scenario]) -> list[str]:
    """Made cases farther beyond the limit than any request that came in under the policy."""
    said = []
    for policy in dict.fromkeys(case.policy for case in study.cases):
        own = [
            (one, case)
            for case in study.cases
            if case.policy == policy and (one := case.deviation) is not None and one > 0
        ]
        met = [one for one, case in own if case.scenario not in described]
        made = [(one, case) for one, case in own if case.scenario in described]
        beyond = [case for one, case in made if met and one > max(met)]
        if 4 * len(beyond) < len(made) or not beyond:
            continue
        end = show_at(beyond[0], max(met))
        said.append(
            f"{len(beyond):,} of {len(made):,} made cases under {policy} that break the rule lie "
            f"beyond {end}, farther out than any of the {len(met):,} imported ones. Put the values "
            f"of the grid up to {end}, where requests are."
        )
    return said


def _off_grid(study: Study, curves: Sequence[CurveCard]) -> str:
    """Scenarios in which half of the people stop at none of the values tried."""
    codes = {name: code for code, name in enumerate(study.scenarios)}
    below, beyond = [], []
    for curve in curves:
        case = study.cases[study.rows[codes[curve.scenario]][0]]
        if curve.threshold.state.startswith("below"):
            below.append(f"{curve.title} ({curve.threshold.shown})")
        elif curve.threshold.state.startswith("beyond"):
            farthest = max(point.deviation for point in curve.people)
            more = show(case, value_of(case, 2 * farthest))
            beyond.append(f"{curve.title} ({curve.threshold.shown}; try {more})")
    parts = []
    if below:
        parts.append(f"fewer than half grant even the smallest step: {_some(below)}")
    if beyond:
        parts.append(f"more than half still grant the largest: {_some(beyond)}")
    if not parts:
        return ""
    count = len(below) + len(beyond)
    return (
        f"In {count} of {len(curves)} scenarios the values tried miss where people stop, so "
        f"nothing can be said in the policy's unit. In some {'; in others '.join(parts)}. "
        "Add such values."
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


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
            f"{arm.name} would grant {arm.never_granted} of the {arm.never_cases} cases that break "
            "a hard limit. Your software must block these; the model does not."
        )
    return said
