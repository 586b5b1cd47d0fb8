"""Approval: whether somebody looked at samples of the imported texts and found them fit to share.

It is an entry in the log, for the texts that are there then. Texts that come later ask again.
"""

from __future__ import annotations

from collections.abc import Iterator

from discretion.canonical import digest
from discretion.storage import Store, records

KIND = "texts approved"


def texts_of(store: Store) -> Iterator[str]:
    """The imported texts and the explanations, as they are stored."""
    for case in records.imported_cases(store):
        if case.text:
            yield case.text
    for judgment in records.judgments(store):
        if judgment.explanation:
            yield judgment.explanation


def needed(store: Store) -> bool:
    """Whether there are imported texts that nobody has approved."""
    key = _key(store)
    return bool(key) and key not in set(store.keys(KIND))


def approve(store: Store, *, time: str, by: str = "") -> bool:
    """Write down that the texts that are there now may be shared; False where it was said before.

    Args:
        time: ISO 8601 in UTC.
        by: who looked at them; the entry stays when people are erased, so a role is better than a
            name.
    """
    return records.note(store, KIND, _key(store), {"time": time, "by": by})


def _key(store: Store) -> str:
    """A hash of which texts there are; empty where there are none."""
    cases = sorted(case.id for case in records.imported_cases(store) if case.text)
    if not cases:
        return ""
    return digest((cases, list(store.keys("judgment"))))
