"""Selections: whose judgments make a panel, and how much each counts.

Written behind a panel's name: ``people[tenure=lead]`` takes only judgments in whose column stands
that value, ``people[reversed!=yes]`` leaves those out, and ``people[tenure~lead:2,starter:0.5]``
weighs them. Several brackets all hold; several values have ``|`` between them. Who judged stands in
the column ``rater``; ``people[time<2026-03-01]`` takes what was judged before that day, and
``people[time>=2026-03-01]`` what was judged from then on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from discretion.errors import DiscretionError
from discretion.timestamps import parse_timestamp

RATER = "rater"
"""The column in which it stands who judged."""

_TERM = re.compile(r"\[([^\[\]]*)\]")
_WHOLE = re.compile(r"([^\[\]]*)((?:\[[^\[\]]*\])*)")
_TIME = re.compile(r"\s*time\s*(<|>=)(.*)")


@dataclass(frozen=True, slots=True)
class JudgmentSelection:
    """Which of a panel's judgments count, by the columns that describe them."""

    panel: str = ""
    """The panel's name; empty for the only one."""
    only: tuple[tuple[str, frozenset[str]], ...] = ()
    """(column, values): a judgment must have one of the values."""
    without: tuple[tuple[str, frozenset[str]], ...] = ()
    """(column, values): a judgment must have none of the values."""
    weights: tuple[tuple[str, Mapping[str, float]], ...] = ()
    """(column, value to weight): a value that is not named weighs 1."""
    since: datetime | None = None
    """Only what was judged then or later."""
    before: datetime | None = None
    """Only what was judged earlier."""
    written: str = ""
    """The expression; by default the panel's name."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "written", self.written or self.panel)

    @property
    def whole(self) -> bool:
        """Whether every judgment counts the same."""
        bounds = self.since is not None or self.before is not None
        return not (self.only or self.without or self.weights or bounds)

    @property
    def values(self) -> list[tuple[str, str]]:
        """Every column and value that is named."""
        return [
            (column, value)
            for column, values in (*self.only, *self.without, *self.weights)
            for value in values
        ]

    def weight(
        self, columns: Mapping[str, str], rater: str | None = None, time: str | None = None
    ) -> float:
        """What a judgment with these columns counts; 0 where it is left out.

        Where people are left out by name, so is whoever is not known: it may be one of them. Where
        a time is asked for, so is what has none.
        """
        known = columns if rater is None else {**columns, RATER: rater}
        for column, values in self.only:
            if known.get(column) not in values:
                return 0.0
        for column, values in self.without:
            if known.get(column) in values or (column == RATER and rater is None):
                return 0.0
        if not self._in_time(time):
            return 0.0
        weight = 1.0
        for column, weights in self.weights:
            weight *= weights.get(known.get(column, ""), 1.0)
        return weight

    def _in_time(self, time: str | None) -> bool:
        if self.since is None and self.before is None:
            return True
        if time is None:
            return False
        when = parse_timestamp(time)
        return (self.since is None or when >= self.since) and (
            self.before is None or when < self.before
        )


def parse_selection(written: str) -> JudgmentSelection:
    """The selection that a panel's expression names.

    Raises:
        DiscretionError: it is not written as it should be.
    """
    whole = _WHOLE.fullmatch(written.strip())
    if whole is None:
        raise DiscretionError(
            f"{written!r} is no panel", where="--panel", fix="write it like people[tenure=lead]"
        )
    only, without, weights = [], [], []
    since: datetime | None = None
    before: datetime | None = None
    for term in _TERM.findall(whole[2]):
        bound = _TIME.fullmatch(term)
        if bound is not None:
            when = parse_timestamp(bound[2])
            if bound[1] == "<":
                before = when if before is None else min(before, when)
            else:
                since = when if since is None else max(since, when)
        elif "!=" in term:
            without.append(_values(term, "!="))
        elif "~" in term:
            weights.append(_weights(term, "~"))
        else:
            only.append(_values(term, "="))
    name = whole[1].strip()
    return JudgmentSelection(
        name, tuple(only), tuple(without), tuple(weights), since, before, name + whole[2]
    )


def panel_expression(panel: str, exclude: Sequence[str] = (), weight: Sequence[str] = ()) -> str:
    """A panel's expression with what ``--exclude`` and ``--weight`` say added to it.

    Raises:
        DiscretionError: an option is not ``column=value`` or ``column=value:weight,...``.
    """
    terms = []
    for written in exclude:
        column, values = _values(written, "=", "--exclude", "reversed=yes")
        terms.append(f"[{column}!={'|'.join(sorted(values))}]")
    for written in weight:
        column, weights = _weights(written, "=", "--weight")
        each = ",".join(f"{value}:{factor:g}" for value, factor in weights.items())
        terms.append(f"[{column}~{each}]")
    return panel + "".join(terms)


def _values(
    term: str, sign: str, where: str = "--panel", like: str = "people[tenure=lead]"
) -> tuple[str, frozenset[str]]:
    column, found, values = (part.strip() for part in term.partition(sign))
    if not (column and found) or re.search(r"[\[\]]", term):
        raise DiscretionError(
            f"{term!r} is no column{sign}value", where=where, fix=f"write it like {like}"
        )
    return column, frozenset(value.strip() for value in values.split("|"))


def _weights(term: str, sign: str, where: str = "--panel") -> tuple[str, dict[str, float]]:
    column, _, rest = (part.strip() for part in term.partition(sign))
    weights = {}
    for piece in rest.split(","):
        value, _, factor = (part.strip() for part in piece.rpartition(":"))
        if not column or not value or not re.fullmatch(r"\d{1,6}(\.\d{1,6})?", factor):
            like = "tenure=lead:2,starter:0.5" if sign == "=" else "people[tenure~lead:2]"
            raise DiscretionError(
                f"{term!r} does not say what judgments weigh",
                where=where,
                fix=f"write it like {like}, with weights from 0",
            )
        weights[value] = float(factor)
    return column, weights
