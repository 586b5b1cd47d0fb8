"""A small study to learn from: two domains, four scenarios, people who differ."""

from __future__ import annotations

from discretion.core.cases import Case, CaseSet
from discretion.core.judgments import Judgment
from discretion.core.policies import Policy

WHYS = (
    "The parcel came late and it is only one day.",
    "They are loyal and the gap is small.",
    "It was not their fault at all, so allow it.",
    "The rule is there for a reason and this is far beyond.",
    "Nothing speaks for it and the gap is large.",
    "That would not be fair to all the others.",
)
POLICIES = {
    name: Policy(id=name, rule=f"Returns of {name} at most 14 days.", domain=domain)
    for name, domain in (("shoes", "goods"), ("books", "goods"), ("rooms", "hotels"))
}


def case_set(each: int = 4) -> CaseSet:
    """Cases in three scenarios of two domains; a text names its own case."""
    cases = [
        Case(
            f"{policy}-{number}",
            policy,
            policy,
            domain=POLICIES[policy].domain,
            text=f"Customer of {policy} number {number} asks on day {15 + number}.",
        )
        for policy in POLICIES
        for number in range(each)
    ]
    return CaseSet(tuple(cases), POLICIES)


def judgments(cases: CaseSet, raters: int = 4) -> list[Judgment]:
    """Half of the raters grant; an explanation says whose it is only by its id."""
    return [
        Judgment(
            f"{case.id}/{rater}",
            case.id,
            "people",
            "grant" if rater % 2 else "refuse",
            f"rater-{rater}",
            WHYS[(place + rater // 2) % 3 + (0 if rater % 2 else 3)],
        )
        for place, case in enumerate(cases)
        for rater in range(raters)
    ]
