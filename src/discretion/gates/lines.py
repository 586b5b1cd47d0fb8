"""Lines: one demand each, what was found, and what an interval allows to say of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from discretion.stats.figure import Figure

Verdict = Literal["passed", "failed", "cannot be told"]

_MOST_DIGITS = 4


@dataclass(frozen=True, slots=True)
class GateLine:
    """The judgment on one demand."""

    where: str
    """``file:line`` of the demand."""
    demand: str
    """The field of the acceptance that it comes from."""
    asked: str
    """The demand in words: ``wrong_refusals at most 10%``."""
    found: str
    """``31% (24 to 39%)``."""
    verdict: Verdict
    advice: str = ""
    """What would make it clear, or how far to trust it, in sentences; often empty."""

    def __str__(self) -> str:
        told = f"{self.where} {self.asked}: {self.found}, {self.verdict}"
        return f"{told}. {self.advice}" if self.advice else told

    def passes(self, *, allow_unclear: bool) -> bool:
        return self.verdict == "passed" or (allow_unclear and self.verdict == "cannot be told")


def at_most(figure: Figure, limit: float) -> Verdict:
    """Whether the whole interval keeps the limit, none of it does, or part."""
    if figure.low is None or figure.high is None:
        return "cannot be told"
    if figure.high <= limit:
        return "passed"
    return "failed" if figure.low > limit else "cannot be told"


def within(figure: Figure, margin: float) -> Verdict:
    """The same of a margin to both sides of zero."""
    if figure.low is None or figure.high is None:
        return "cannot be told"
    if -margin < figure.low and figure.high < margin:
        return "passed"
    outside = figure.low >= margin or figure.high <= -margin
    return "failed" if outside else "cannot be told"


def percent(share: float, digits: int = 0) -> str:
    """A share in percent; what rounds to nothing has no sign."""
    return _signed(100 * share, digits) + "%"


def shown(figure: Figure, limit: float, confidence: float, *, plain: bool = False) -> str:
    """A figure with its interval and the one-sided confidence of each of its ends, or why there is
    none, in percent unless it is plain; with as many digits as it takes to tell the ends from the
    limit."""
    if figure.value is None:
        return f"no figure ({figure.note or 'it cannot be computed'})"
    ends = [end for end in (figure.low, figure.high) if end is not None]
    times, sign = (1, "") if plain else (100, "%")
    digits = 2 if plain else 0
    while digits < _MOST_DIGITS and any(
        abs(end) != limit and _signed(times * abs(end), digits) == _signed(times * limit, digits)
        for end in ends
    ):
        digits += 1
    value = _signed(times * figure.value, digits) + sign
    if len(ends) < 2:
        return f"{value} (no interval{': ' if figure.note else ''}{figure.note})"
    low, high = (_signed(times * end, digits) for end in ends)
    # What the interval is for, such as these scenarios only, belongs to the verdict.
    scope = f"; {figure.note}" if figure.note else ""
    return f"{value} ({low} to {high}{sign}, one-sided {100 * confidence:g}%{scope})"


def _signed(number: float, digits: int) -> str:
    text = f"{number:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")
