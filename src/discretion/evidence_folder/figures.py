"""Figures: every table of a run's report as JSON, and where two such sets of tables differ."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from discretion import reports
from discretion.results import ReportOptions, build
from discretion.runs import Run

WITHIN = 1e-9
"""Two numbers are the same where they differ by no more than this share of the larger."""
NAMES = ("name", "scenario", "arm", "policy", "what")
"""The fields by which an element of a table is called, where it has one."""
_CALLED = ("name", "arm", "scenario", "factor", "level", "against", "currency", "case", "panel")
"""Fields that together tell a row of a table from the others."""


FROM_TEXTS = ("reasons",)
"""Tables that are made from what models wrote."""


def tables(
    run: Run, panel: str, notes: Mapping[str, Mapping[str, Any]], *, texts: bool
) -> dict[str, Any]:
    """What the report of a run shows, texts of cases left out.

    Args:
        panel: name or expression of the people.
        notes: what the run's tuned models say of themselves, by name.
        texts: whether what models wrote is at hand; without it, so are the tables made from it.
    """
    options = ReportOptions(panel=panel, notes=notes, prompts=texts)
    found: dict[str, Any] = reports.to_json(build(run, options))
    return {name: one for name, one in found.items() if texts or name not in FROM_TEXTS}


def counted(value: Any) -> int:
    """How many numbers stand in a table."""
    if isinstance(value, dict):
        return sum(map(counted, value.values()))
    if isinstance(value, list):
        return sum(map(counted, value))
    return int(_is_number(value))


def differences(stated: Any, found: Any, place: str = "", within: float = WITHIN) -> Iterator[str]:
    """Each place at which what is stated is not what was found."""
    if _is_number(stated) and _is_number(found):
        if not math.isclose(stated, found, rel_tol=within, abs_tol=within * WITHIN):
            yield f"{place}: {stated!r} is stated, {found!r} was found"
    elif isinstance(stated, dict) and isinstance(found, dict):
        for name in dict.fromkeys([*stated, *found]):
            where = f"{place}.{name}" if place else name
            if name not in stated or name not in found:
                yield f"{where}: {'is not stated' if name in found else 'was not found'}"
            else:
                yield from differences(stated[name], found[name], where, within)
    elif isinstance(stated, list) and isinstance(found, list):
        if len(stated) != len(found):
            yield f"{place}: {len(stated)} are stated, {len(found)} were found"
        for row, (one, other) in enumerate(zip(stated, found, strict=False)):
            yield from differences(one, other, f"{place}[{_called(one, row)}]", within)
    elif type(stated) is not type(found) or stated != found:
        yield f"{place}: {_short(stated)} is stated, {_short(found)} was found"


def numbers_of_both(stated: Any, found: Any) -> tuple[Any, Any]:
    """Two tables without the parts that only one of them has, and without the words in which
    they differ: what two versions of the program can be held to. A number that one of them lacks
    stays."""
    if isinstance(stated, dict) and isinstance(found, dict):
        pairs = {n: numbers_of_both(stated[n], found[n]) for n in stated if n in found}
        return {n: one for n, (one, _) in pairs.items()}, {n: two for n, (_, two) in pairs.items()}
    if isinstance(stated, list) and isinstance(found, list):
        rows = [numbers_of_both(one, two) for one, two in _paired(stated, found)]
        return [one for one, _ in rows], [two for _, two in rows]
    if not (_is_number(stated) or _is_number(found) or stated == found):
        return None, None
    return stated, found


def _paired(stated: list[Any], found: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Rows of both that are about the same: by their place where there are as many, else by what
    they call themselves. Rows of one version alone are passed over."""
    if len(stated) == len(found):
        yield from zip(stated, found, strict=True)
        return
    theirs = {_identity(one): one for one in found}
    for one in stated:
        other = theirs.get(_identity(one))
        if other is not None and _identity(one):
            yield one, other


def _identity(row: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(row, dict):
        return ()
    return tuple((name, row[name]) for name in _CALLED if isinstance(row.get(name), str))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _called(element: Any, row: int) -> str:
    if isinstance(element, dict):
        return next((str(element[name]) for name in NAMES if element.get(name)), str(row))
    return str(row)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
