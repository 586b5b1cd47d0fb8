"""Recorded decisions: what systems decided elsewhere, and how it is read back from the log."""

from __future__ import annotations

from discretion.canonical import digest
from discretion.storage.entries import Entry
from discretion.storage.store import Store


def decision_entry(
    arm: str, case: str, p: float, *, decision: str = "", n: int | None = None
) -> Entry:
    """A system's decision on a case, or its share of grants among n; the same decision recorded
    again changes nothing.

    ``decision`` tells it from the system's other decisions on that case: the row, sample or reply
    that it stands in. Where it is empty, two decisions that are alike count as one.
    """
    key = digest((case, decision) if decision else (case, p))
    return Entry("decision", key, {"case": case, "p": p, "n": n}, grouping=arm)


def shares(store: Store, arm: str) -> dict[str, tuple[float, int]]:
    """By case of a system whose decisions were imported: its share of grants, and of how many
    decisions that is the mean. A share of unknown n counts as one decision, and makes the number
    1: how far chance moved it is not known."""
    grants: dict[str, float] = {}
    decided: dict[str, int] = {}
    unknown: set[str] = set()
    for entry in store.entries("decision", arm):
        case, p, n = entry.body["case"], entry.body["p"], entry.body.get("n")
        if n is None and 0 < p < 1:
            unknown.add(case)
        grants[case] = grants.get(case, 0.0) + p * (n or 1)
        decided[case] = decided.get(case, 0) + (n or 1)
    return {case: (grants[case] / n, 1 if case in unknown else n) for case, n in decided.items()}


def names(store: Store) -> list[str]:
    """The systems whose decisions were imported."""
    return list(dict.fromkeys(entry.grouping for entry in store.entries("decision")))
