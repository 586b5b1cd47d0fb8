"""Models: whether what tuned models say of themselves is what the log says of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from discretion.errors import DiscretionError
from discretion.evidence_folder.files import CARD, NOTES, Manifest
from discretion.runs import Run
from discretion.tuning.measured import results_hold

TOLD = ("base", "target", "seed", "fold", "hold_out", "examples")
"""What the log says of a training and the notes of its result say too."""


def check_models(
    folder: Path, manifest: Manifest, run: Run, notes: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Where the notes of the run's models, or the card of the one that the evidence is about, say
    something else than the rows do.

    Raises:
        DiscretionError: the card cannot be read.
    """
    problems = []
    trained = {entry.key: entry for entry in run.store.entries("tuned", run.plan.tuning)}
    for name, said in notes.items():
        if name not in trained:
            continue
        entry = trained[name]
        problems += [
            f"{NOTES}: {name}: {part!r} is not what was trained (row {entry.seq})"
            for part in TOLD
            if _plain(entry.body.get(part)) != _plain(said.get(part))
        ]
    if manifest.model:
        try:
            card = (folder / CARD).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise DiscretionError("cannot be read", where=CARD) from error
        if results_hold(card, run, manifest.panel, manifest.model) is False:
            problems.append(f"{CARD}: its results are not those that the rows give")
    return problems


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
