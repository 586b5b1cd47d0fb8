"""What was learned, in plain sentences; a negative result is told as readily as a positive one."""

from __future__ import annotations

from discretion.scorecards.teaching_cards import TeachingCard


def teaching_findings(card: TeachingCard, *, simulated: bool) -> tuple[str, ...]:
    """The sentences of a card, the most important first."""
    return ()
