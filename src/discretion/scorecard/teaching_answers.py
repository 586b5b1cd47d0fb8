"""What did each target teach, and does it carry over? In a few words; the findings have numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import get_args

from discretion.scorecard.teaching_cards import TeachingCard, TeachingContrast
from discretion.scorecard.teaching_findings import held_out
from discretion.stats.contrasts import Verdict


def teaching_answer(card: TeachingCard, *, simulated: bool) -> tuple[str, ...]:
    """Whether what was taught carries over, and what explanations added; empty where nothing was
    compared."""
    people = "simulated people" if simulated else "these people"
    return (*_carried(card, people), *_explained(card))


def _carried(card: TeachingCard, people: str) -> Iterator[str]:
    """Targets beside the untuned model, when both have had their two numbers."""
    targets = {row.name for row in card.rows if row.kind == "target"}
    told: dict[Verdict, list[str]] = {verdict: [] for verdict in get_args(Verdict)}
    for one in card.contrasts:
        both = one.reading == one.against_reading == "after a and b"
        if both and not one.family and one.name in targets and one.difference.value is not None:
            told[one.verdict].append(one.name)
    count = sum(map(len, told.values()))
    if not count:
        return
    yield _lead(told, count).format(held_out(len(card.units), card.by))
    untuned = "the untuned model"
    ways: dict[Verdict, str] = {
        "helped": f"nearer to {people} than",
        "no relevant difference": f"as near to {people} as",
        "hurt": f"farther from {people} than",
    }
    clauses = [
        f"{_named(told[verdict], count)} {'is' if len(told[verdict]) == 1 else 'are'} {way} "
        f"{untuned}"
        for verdict, way in ways.items()
        if told[verdict]
    ]
    unknown = told["cannot be told"]
    if unknown and clauses:
        clauses.append(f"of {_named(unknown, count)} it cannot be told")
    elif unknown:
        some = "the target" if count == 1 else f"none of {count} targets"
        clauses.append(
            f"{some} is {'not ' if count == 1 else ''}shown nearer to {people} than {untuned}"
        )
    said = "; ".join(clauses)
    yield (
        f"{said[0].upper()}{said[1:]}. Before that each was put right by two numbers of its own, "
        "so it is not for being stricter or laxer (exploratory)."
    )


def _lead(told: dict[Verdict, list[str]], count: int) -> str:
    if len(told["helped"]) == count:
        return "What was taught carries over to {}."
    if told["helped"]:
        return "What was taught carries over to {} in part."
    if told["cannot be told"]:
        return "Whether what was taught carries over to {} cannot be told."
    return "What was taught does not carry over to {}."


def _named(names: Sequence[str], count: int) -> str:
    if 2 < len(names) == count:
        return f"all {count} targets"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _explained(card: TeachingCard) -> Iterator[str]:
    """What explanations did, in the verdicts of the declared contrasts as they stand."""
    found = [
        one
        for one in card.contrasts
        if one.family and one.reading == "raw" and one.name.startswith("real-")
    ]
    controls = [
        kind
        for kind in ("shuffled", "neutral")
        if any(one.against.startswith(f"{kind}-") for one in found)
    ]
    beside = [one for one in found if one.against.partition("-")[0] in controls]
    labels = [one for one in found if one.against == "labels"]
    parts = []
    if beside:
        parts.append(f"Real explanations against {' and '.join(controls)} ones: {_count(beside)}.")
    if labels:
        lead = "Against" if parts else "Real explanations against"
        parts.append(f"{lead} labels alone: {_count(labels)}.")
    if parts and (card.frozen is None or card.frozen.exploratory):
        parts.append("All of this is exploratory.")
    if parts:
        yield " ".join(parts)


def _count(contrasts: Sequence[TeachingContrast]) -> str:
    """``helped in 1 of 4 comparisons, cannot be told in 3``."""
    total = len(contrasts)
    verdicts = [one.verdict for one in contrasts]
    if total == 1:
        return verdicts[0]
    counts = [(one, verdicts.count(one)) for one in get_args(Verdict) if one in verdicts]
    (first, number), *rest = counts
    lead = f"{first} in {number} of {total} comparisons"
    return ", ".join([lead, *(f"{verdict} in {count}" for verdict, count in rest)])
