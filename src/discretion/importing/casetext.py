"""How a case stands in the cells of a sheet, and when a cell still says the same."""

from __future__ import annotations

import re
from typing import Any

from discretion.core.cases import Case

_RUN = ("=", "+", "-", "@", "\t", "\r", "\n")
"""With what a cell begins that a spreadsheet runs as a formula, or may after it was trimmed."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\ufeff]")


def neutral(cell: Any) -> Any:
    """A text that a spreadsheet would run as a formula, quoted; everything else as it is."""
    if isinstance(cell, str) and cell.startswith(_RUN):
        return f"'{cell}"
    return cell


def plain(cell: str) -> str:
    """The cell without the quote that `neutral` put before it."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_RUN) else cell


def same_text(text: str) -> str:
    """What of a text programs leave as it is when they save a sheet: not the ends of lines, other
    white space, or control characters. Texts that agree in it are the same text."""
    return " ".join(_CONTROL.sub(" ", plain(text)).split())


def factors_in_words(case: Case) -> str:
    """The levels of a case's factors in one cell: ``cause=cake; name=anna``."""
    return " ".join("; ".join(f"{name}={level}" for name, level in case.factors.items()).split())
