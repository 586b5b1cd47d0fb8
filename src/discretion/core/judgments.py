"""Judgments: what people answered, one by one or counted, and the panel they make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from discretion.core.selections import RATER, JudgmentSelection
from discretion.errors import DiscretionError
from discretion.stats.effective import to_effective

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
    columns: Mapping[str, str] = field(default_factory=dict)
    """What else is known of the judgment or its rater: tenure, whether it was reversed."""
    expected: float | None = None
    """Share of the colleagues that the rater expected to grant, in [0, 1]."""


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
    """As it was asked for: ``people``, ``people[tenure=lead]``."""
    cases: tuple[str, ...]
    """(C,) case ids."""
    rate: Floats
    """(C,) share of grants among those who decided; NaN where nobody did."""
    n: Floats
    """(C,) how many decided; NaN where it is not known. Where judgments are weighted, the
    effective number."""
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
    weight: Floats | None = None
    """(J,) what each judgment counts, summing to `n` in each case; None where each counts 1."""
    confidence: Floats | None = None
    """(J,) how sure the rater was, in [0, 1]; NaN where not said, None where nobody said."""
    expected: Floats | None = None
    """(J,) share of colleagues that the rater expected to grant; NaN and None likewise."""

    @property
    def simulated(self) -> bool:
        """Whether any of it was made by simulated people."""
        return any(source.startswith("simulated") for source in self.sources)

    @property
    def singles(self) -> bool:
        """Whether every decision is known one by one, so that raters can be resampled."""
        known = len(self.case) if self.weight is None else self.weight.sum()
        return bool(np.isclose(known, np.nansum(self.n))) and not bool(np.isnan(self.n).any())

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
            weight=_rows(self.weight, kept),
            confidence=_rows(self.confidence, kept),
            expected=_rows(self.expected, kept),
        )

    def in_order(self) -> Panel:
        """The same panel in an order that its judgments alone decide.

        Raters stand by what they decided, not by name, so that figures that draw raters at random
        are the same under pseudonyms. Those who decided alike are interchangeable.
        """
        weight = np.ones(len(self.case)) if self.weight is None else self.weight
        order = np.lexsort((weight, self.granted, self.case, self.rater))
        rows = np.column_stack([self.case, self.granted, weight])[order]
        cuts = np.searchsorted(self.rater[order], np.arange(len(self.raters) + 1)).tolist()
        places = sorted(
            range(len(self.raters)), key=lambda one: rows[cuts[one] : cuts[one + 1]].tobytes()
        )
        code = np.full(len(places) + 1, -1)  # The last is of those who are not known.
        code[places] = np.arange(len(places))
        rater = code[self.rater]
        order = np.lexsort((weight, self.granted, rater, self.case))
        return replace(
            self,
            case=self.case[order],
            rater=rater[order],
            granted=self.granted[order],
            raters=tuple(self.raters[index] for index in places),
            weight=_rows(self.weight, order),
            confidence=_rows(self.confidence, order),
            expected=_rows(self.expected, order),
        )


def _rows(values: Floats | None, chosen: Ints | Bools) -> Floats | None:
    return None if values is None else values[chosen]


def _values_of(judgment: Judgment, *, by_name: bool) -> Iterator[tuple[str, str]]:
    """The columns of a judgment with their values; its rater too, where people are named."""
    yield from judgment.columns.items()
    if by_name and judgment.rater is not None:
        yield RATER, judgment.rater


def gather(
    panel: str | JudgmentSelection, judgments: Iterable[Judgment], tallies: Iterable[Tally] = ()
) -> Panel:
    """The panel of that name or expression, from single judgments and counted ones; others are
    passed over.

    Weights become what each judgment counts of its case's effective number, so that a case judged
    by people of unequal weight has a smaller n.

    Raises:
        DiscretionError: a column or value that the expression names is nowhere, or the panel has
            counted answers, of which no columns are known.
    """
    selection = panel if isinstance(panel, JudgmentSelection) else JudgmentSelection(panel)
    name = selection.panel
    cases: dict[str, int] = {}
    raters: dict[str, int] = {}
    sources: dict[str, None] = {}
    grants: dict[int, float] = {}
    decided: dict[int, float] = {}
    unsure: dict[int, int] = {}
    rows: list[tuple[int, int, bool]] = []
    weights: list[float] = []
    sure: list[float | None] = []
    expected: list[float | None] = []
    seen: set[tuple[str, str]] = set()
    by_name = any(column == RATER for column, _ in selection.values)
    for judgment in judgments:
        if judgment.panel != name:
            continue
        if not selection.whole:
            seen.update(_values_of(judgment, by_name=by_name))
            heavy = selection.weight(judgment.columns, judgment.rater, judgment.time)
            if not heavy:
                continue
            if judgment.answer != "unsure":
                weights.append(heavy)
        sources[judgment.source] = None
        case = cases.setdefault(judgment.case, len(cases))
        if judgment.answer == "unsure":
            unsure[case] = unsure.get(case, 0) + 1
            continue
        who = -1 if judgment.rater is None else raters.setdefault(judgment.rater, len(raters))
        granted = judgment.answer == "grant"
        rows.append((case, who, granted))
        sure.append(judgment.confidence)
        expected.append(judgment.expected)
        grants[case] = grants.get(case, 0.0) + granted
        decided[case] = decided.get(case, 0.0) + 1
    for tally in tallies:
        if tally.panel != name:
            continue
        if not selection.whole:
            raise DiscretionError(
                f"the panel {name!r} has answers that were only counted, and nobody's columns are "
                "known in those",
                fix="name the panel alone, or import its judgments one by one",
            )
        sources[tally.source] = None
        case = cases.setdefault(tally.case, len(cases))
        unsure[case] = unsure.get(case, 0) + tally.unsure
        if tally.n is None:
            grants[case], decided[case] = tally.rate, float("nan")
        else:
            grants[case] = grants.get(case, 0.0) + tally.rate * tally.n
            decided[case] = decided.get(case, 0.0) + tally.n
    _check_seen(selection, seen)
    indices = range(len(cases))
    n = np.array([decided.get(index, 0.0) for index in indices], dtype=float)
    granted_sum = np.array([grants.get(index, 0.0) for index in indices], dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(np.isnan(n), granted_sum, granted_sum / n)
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    weight: Floats | None = None
    if selection.weights and len(rows):
        weight = to_effective(np.array(weights), table[:, 0])
        n = np.bincount(table[:, 0], weight, len(cases))
        granted_sum = np.bincount(table[:, 0], weight * table[:, 2], len(cases))
        rate = np.divide(granted_sum, n, out=np.full(len(n), np.nan), where=n > 0)
    return Panel(
        name=selection.written,
        cases=tuple(cases),
        rate=rate,
        n=n,
        unsure=np.array([unsure.get(index, 0) for index in indices], dtype=float),
        case=table[:, 0],
        rater=table[:, 1],
        granted=table[:, 2].astype(bool),
        raters=tuple(raters),
        sources=tuple(sources),
        weight=weight,
        confidence=_said(sure),
        expected=_said(expected),
    )


def _said(values: Sequence[float | None]) -> Floats | None:
    """What was said with each judgment, NaN where nothing was; None where nobody said anything."""
    said = np.array(values, dtype=np.float64)
    return said if np.isfinite(said).any() else None


def _check_seen(selection: JudgmentSelection, seen: set[tuple[str, str]]) -> None:
    """A selection that names what is nowhere would silently select nobody, or everybody."""
    columns = sorted({column for column, _ in seen})
    for column, value in selection.values:
        if column not in columns:
            known = f"they have: {', '.join(columns)}" if columns else "import them with --about"
            raise DiscretionError(
                f"no judgment of the panel {selection.panel!r} has a column {column!r}", fix=known
            )
        if (column, value) not in seen:
            there = sorted(one for name, one in seen if name == column)
            raise DiscretionError(
                f"no judgment of the panel {selection.panel!r} has {value!r} in {column!r}",
                fix=f"choose from: {', '.join(there[:12])}",
            )


def judgment_to_json(judgment: Judgment) -> dict[str, Any]:
    """The judgment as plain JSON values, under the keys that version 0.1.0 gave them; what came
    later stands in it only where it is known."""
    row = {
        "id": judgment.id,
        "case": judgment.case,
        "panel": judgment.panel,
        "answer": judgment.answer,
        "rater": judgment.rater,
        "explanation": judgment.explanation,
        "confidence": judgment.confidence,
        "time": judgment.time,
        "source": judgment.source,
        "shown": judgment.shown,
        "columns": judgment.columns,
    }
    if judgment.expected is not None:
        row["expected"] = judgment.expected
    return row


def judgment_from_json(row: Mapping[str, Any]) -> Judgment:
    """The judgment that `judgment_to_json` wrote."""
    return Judgment(
        id=row["id"],
        case=row["case"],
        panel=row["panel"],
        answer=row["answer"],
        rater=row["rater"],
        explanation=row["explanation"],
        confidence=row["confidence"],
        time=row["time"],
        source=row["source"],
        shown=row["shown"],
        columns=row["columns"],
        expected=row.get("expected"),
    )


def tally_to_json(tally: Tally) -> dict[str, Any]:
    """The tally as plain JSON values, under the keys that version 0.1.0 gave them."""
    return {
        "id": tally.id,
        "case": tally.case,
        "panel": tally.panel,
        "rate": tally.rate,
        "n": tally.n,
        "unsure": tally.unsure,
        "source": tally.source,
    }


def tally_from_json(row: Mapping[str, Any]) -> Tally:
    """The tally that `tally_to_json` wrote."""
    return Tally(
        id=row["id"],
        case=row["case"],
        panel=row["panel"],
        rate=row["rate"],
        n=row["n"],
        unsure=row["unsure"],
        source=row["source"],
    )
