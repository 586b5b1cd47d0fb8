"""Rows that do not count, as the tools say that wrote them: previews, tests, rejected work."""

from __future__ import annotations

import re
from collections.abc import Collection

from discretion.importing import columns as look
from discretion.importing.guessing import Doubt
from discretion.importing.mapping import quoted
from discretion.importing.spellings import folded, words_of
from discretion.importing.survey import Column, Survey

_STATUS = r"status|state|distributionchannel|channel|type|assignmentstatus|approvalstatus"
_NOT_REAL = {
    *("survey preview", "survey test", "preview", "test", "spam", "imported test", "unfinished"),
    *("incomplete", "partial", "draft", "ignored", "skipped", "returned", "timed-out"),
    *("timed out", "deleted", "cancelled", "canceled"),
}
_REJECTED = "rejected"
_DONE = r"finished|complete|completed|isfinished|iscomplete"
_BAD = (
    r"ignored?|ignore|cancelled|canceled|skipped|test|istest|preview|ispreview|spam|invalid|deleted"
    r"|excluded?|discarded|rejectedwork"
)
_FALSE, _TRUE = frozenset(("false", "0", "no", "f", "n")), frozenset(("true", "1", "yes", "t", "y"))


def rows_that_do_not_count(seen: Survey, taken: Collection[str]) -> tuple[Doubt, ...]:
    """Rows that their tool marks as previews, tests, unfinished or rejected, one doubt for all.
    Columns that are `taken` say something else."""
    found: list[tuple[str, str, int]] = []
    for column in seen.columns:
        if column.name in taken or column.values is None:
            continue
        for cell in _marked(column):
            found.append((column.name, cell, column.values[cell]))
    if not found:
        return ()
    listed = ", ".join(f"{name} = {cell} ({rows:,})" for name, cell, rows in found[:6])
    written = ",".join(f"{quoted(name)}={_quoted(cell)}" for name, cell, _ in found)
    return (
        Doubt(
            "rows",
            f"Some rows may not count, with the number of rows: {listed}. Leave them out, or count "
            "them all.",
            ({"leave-out": written}, {"leave-out": "-"}),
        ),
    )


def _marked(column: Column) -> list[str]:
    """The cells of a column that say that a row does not count."""
    words = words_of(column.name.rsplit(".", 1)[-1])
    cells = look.filled(column)
    if look.matches(_DONE, words) and all(folded(cell) in _FALSE | _TRUE for cell in cells):
        return [cell for cell in cells if folded(cell) in _FALSE]
    if look.matches(_BAD, words) and all(folded(cell) in _FALSE | _TRUE for cell in cells):
        return [cell for cell in cells if folded(cell) in _TRUE]
    if not look.matches(_STATUS, words):
        return []
    rejected = {_REJECTED} if look.is_tools(column) else set()
    return [cell for cell in cells if folded(cell) in _NOT_REAL | rejected]


def _quoted(cell: str) -> str:
    return f'"{cell}"' if re.search(r"[,`']", cell) else cell
