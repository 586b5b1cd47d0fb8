"""Judgments: what people answered, one by one or counted, and the panel they make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Decision = Literal["grant", "refuse", "unsure"]
DECISIONS: tuple[Decision, ...] = ("grant", "refuse", "unsure")

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Judgment:
    """One person's answer to one case."""

    id: str
    """A hash of where it came from: the same row imported twice is one judgment."""
    case: str
    panel: str
    answer: Decision
    rater: str | None = None
    """Who; None where it is not known."""
    explanation: str | None = None
    confidence: float | None = None
    """In [0, 1], as the rater gave it."""
    time: str | None = None
    source: str = ""
    """Where it came from; simulated people's begins with ``simulated``."""
    shown: str = ""
    """Hash of the exact text shown; empty where it is not known."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Answers to one case that were only counted."""

    id: str
    case: str
    panel: str
    rate: float
    """Grants among those who decided, in [0, 1]."""
    n: int | None
    """How many decided; None where it is not known."""
    unsure: int = 0
    source: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A named set of raters and what they answered, as arrays.

    C cases in the order of `cases`; J judgments that are known one by one.
    """

    name: str
    cases: tuple[str, ...]
    """(C,) case ids."""
    rate: Floats
    """(C,) share of grants among those who decided; NaN where nobody did."""
    n: Floats
    """(C,) how many decided; NaN where it is not known."""
    unsure: Floats
    """(C,) how many were unsure."""
    case: Ints
    """(J,) index into `cases`."""
    rater: Ints
    """(J,) index into `raters`, -1 where it is not known."""
    granted: Bools
    """(J,) the decision."""
    raters: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def simulated(self) -> bool:
        """Whether any of it was made by simulated people."""
        return any(source.startswith("simulated") for source in self.sources)

    @property
    def singles(self) -> bool:
        """Whether every decision is known one by one, so that raters can be resampled."""
        return bool(len(self.case) == np.nansum(self.n)) and not bool(np.isnan(self.n).any())

    @property
    def rated(self) -> bool:
        """Whether it is known who decided, in every case."""
        return self.singles and len(self.rater) > 0 and bool((self.rater >= 0).all())

    def at(self, cases: Sequence[str]) -> Panel:
        """The same panel on these cases only, in this order; cases it never saw are left out."""
        place = {case: index for index, case in enumerate(self.cases)}
        chosen = [place[case] for case in cases if case in place]
        new_index = np.full(len(self.cases), -1, dtype=np.int64)
        new_index[chosen] = np.arange(len(chosen))
        kept = new_index[self.case] >= 0 if len(self.case) else np.zeros(0, dtype=bool)
        return Panel(
            name=self.name,
            cases=tuple(self.cases[index] for index in chosen),
            rate=self.rate[chosen],
            n=self.n[chosen],
            unsure=self.unsure[chosen],
            case=new_index[self.case[kept]],
            rater=self.rater[kept],
            granted=self.granted[kept],
            raters=self.raters,
            sources=self.sources,
        )


def gather(name: str, judgments: Iterable[Judgment], tallies: Iterable[Tally] = ()) -> Panel:
    """The panel of that name, from single judgments and counted ones; others are passed over."""
    cases: dict[str, int] = {}
    raters: dict[str, int] = {}
    sources: dict[str, None] = {}
    grants: dict[int, float] = {}
    decided: dict[int, float] = {}
    unsure: dict[int, int] = {}
    rows: list[tuple[int, int, bool]] = []
    for judgment in judgments:
        if judgment.panel != name:
            continue
        sources[judgment.source] = None
        case = cases.setdefault(judgment.case, len(cases))
        if judgment.answer == "unsure":
            unsure[case] = unsure.get(case, 0) + 1
            continue
        who = -1 if judgment.rater is None else raters.setdefault(judgment.rater, len(raters))
        granted = judgment.answer == "grant"
        rows.append((case, who, granted))
        grants[case] = grants.get(case, 0.0) + granted
        decided[case] = decided.get(case, 0.0) + 1
    for tally in tallies:
        if tally.panel != name:
            continue
        sources[tally.source] = None
        case = cases.setdefault(tally.case, len(cases))
        unsure[case] = unsure.get(case, 0) + tally.unsure
        if tally.n is None:
            grants[case], decided[case] = tally.rate, float("nan")
        else:
            grants[case] = grants.get(case, 0.0) + tally.rate * tally.n
            decided[case] = decided.get(case, 0.0) + tally.n
    indices = range(len(cases))
    n = np.array([decided.get(index, 0.0) for index in indices], dtype=float)
    granted_sum = np.array([grants.get(index, 0.0) for index in indices], dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(np.isnan(n), granted_sum, granted_sum / n)
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return Panel(
        name=name,
        cases=tuple(cases),
        rate=rate,
        n=n,
        unsure=np.array([unsure.get(index, 0) for index in indices], dtype=float),
        case=table[:, 0],
        rater=table[:, 1],
        granted=table[:, 2].astype(bool),
        raters=tuple(raters),
        sources=tuple(sources),
    )


def to_json(row: Judgment | Tally) -> dict[str, Any]:
    """A judgment or tally as plain JSON values."""
    return asdict(row)


def judgment_from_json(row: Mapping[str, Any]) -> Judgment:
    return Judgment(**row)


def tally_from_json(row: Mapping[str, Any]) -> Tally:
    return Tally(**row)
