"""Expectations: a user's own cases, each with the decision that it must get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from discretion.core.cases import Case

Must = Literal["grant", "refuse", "never-grant"]


@dataclass(frozen=True, slots=True)
class GateCase:
    """One case and what must become of it."""

    where: str
    """``file:row``."""
    case: Case
    must: Must
    """``refuse`` is about its most likely answer, ``never-grant`` about every single one."""
