"""Looks: how often an arm was held against the same criteria, from the log."""

from __future__ import annotations

from discretion.canonical import short_id
from discretion.core.criteria import Criteria
from discretion.gates.compared import Compared
from discretion.runs import Run
from discretion.storage import Store, records

KIND = "gate"
_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")


def look(store: Store, acceptance: Criteria, file: str, found: Compared, run: Run, at: str) -> int:
    """Write down that an arm is held against criteria, and say which look this is, from 1.

    A look is a new one where what is demanded, the run or the judgments are new. Looks count
    together where the file or what it demands is the same: moving a margin is another try.

    Args:
        file: the criteria's, from the workspace's folder.
        at: the time, ISO 8601.
    """
    criteria = short_id(acceptance.model_dump(mode="json", exclude={"arm"}))
    judgments = int(found.study.rates.n[found.study.rates.n > 0].sum())
    key = short_id((criteria, file, found.arm, run.id, judgments))
    body = {
        "criteria": criteria,
        "file": file,
        "arm": found.arm,
        "run": run.id,
        "judgments": judgments,
        "at": at,
    }
    records.note(store, KIND, key, body)
    seen = set()
    for entry in store.entries(KIND):
        one = entry.body
        alike = one["file"] == file or one["criteria"] == criteria
        if alike and one["arm"] == found.arm:
            seen.add((one["criteria"], one["run"], one["judgments"]))
        if entry.key == key:
            break
    return len(seen)


def ordinal(number: int) -> str:
    """``third``; in figures from the ninth on, so that 21 is ``21st``."""
    if number < len(_ORDINALS):
        return _ORDINALS[number]
    last = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10)
    return f"{number}{last or 'th'}"


def caution(number: int, confidence: float) -> str:
    """What looking several times does, in plain words; empty at the first look.

    However the looks depend on each other, the chance that one of k passes is at most k times the
    chance of one (Boole's inequality).
    """
    if number < 2:
        return ""
    once = 100 * (1 - confidence)
    return (
        f"This is the {ordinal(number)} look at these criteria. An arm that is exactly at a margin "
        f"passes a single look {once:.3g} times in 100, and one of {number} looks up to "
        f"{min(100.0, number * once):.3g} times in 100."
    )
