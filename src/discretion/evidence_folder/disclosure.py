"""Disclosure: what of the personal parts of rows goes into an evidence folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from discretion.core.selections import RATER
from discretion.evidence_folder.rows import ERASED, encode
from discretion.storage.extract import Placed


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What is shown. Raters are numbered, in the order in which they judged, but for those whom the
    plan names: figures depend on these names, and they stand in the run's own row."""

    cases: bool = False
    """The cases' texts, and all their columns."""
    explanations: bool = False
    """The raters' explanations."""
    prompts: bool = False
    """Prompts, and what models wrote."""
    facts: Collection[str] = ()
    """The columns of cases that figures depend on: they are shown in any case."""
    about: Collection[tuple[str, str]] = ()
    """The columns and values of judgments that select a panel: these columns too."""
    _raters: dict[str, str] = field(default_factory=dict, repr=False)

    def of(self, row: Placed, *, needed: bool = True) -> Placed:
        """A row as it is shown. What is whole keeps its salt, so that its commitment can be
        checked; where a part is left out, it cannot.

        Args:
            needed: whether figures depend on the row; of others no personal part is shown.
        """
        if row.payload is None or row.commitment is None:
            return row
        if row.payload.isspace():
            return row._replace(salt=None, payload=ERASED)
        show = _SHOWN.get(row.kind)
        shown = show(self, json.loads(row.payload)) if show and needed else None
        if shown is None:
            return row._replace(salt=None, payload=None)
        payload = encode(shown)
        whole = payload == row.payload
        return row._replace(salt=row.salt if whole else None, payload=payload)

    def _case(self, personal: dict[str, Any]) -> dict[str, Any]:
        if self.cases:
            return personal
        # Columns that models are shown are texts: no figure depends on them.
        return {"text": None, "twin": None, "columns": _only(personal["columns"], self.facts)}

    def _judgment(self, personal: dict[str, Any]) -> dict[str, Any]:
        name = personal["rater"]
        if name is not None and (RATER, name) not in self.about:
            name = self._raters.setdefault(name, f"person {len(self._raters) + 1}")
        return {
            "rater": name,
            "explanation": personal["explanation"] if self.explanations else None,
            "columns": _only(personal["columns"], {column for column, _ in self.about}),
        }

    def _answer(self, personal: dict[str, Any]) -> dict[str, Any] | None:
        return personal if self.prompts else None


def _only(columns: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    return {name: value for name, value in columns.items() if name in names}


_SHOWN: Mapping[str, Callable[[Disclosure, dict[str, Any]], dict[str, Any] | None]] = {
    "case": Disclosure._case,
    "judgment": Disclosure._judgment,
    "answer": Disclosure._answer,
    "failure": Disclosure._answer,
}
