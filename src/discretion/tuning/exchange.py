"""Exchange: trainings that are handed to another program, and their results taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from discretion.core.judgments import Panel
from discretion.errors import DiscretionError
from discretion.storage import Store, records
from discretion.training.cards import card_of
from discretion.training.exporting import Part, export, read_export
from discretion.training.fits import fit_to_json
from discretion.training.jobs import Job
from discretion.training.lineage import lineage_to_json
from discretion.training.teaching import bring
from discretion.tuning.frozen import find_frozen
from discretion.tuning.training import Look, Training, lineage_of

SAID = ("base", "target", "seed", "fold", "hold_out", "examples")
"""What the log says of a result, from its notes."""


def export_trainings(
    planned: Sequence[Training], folder: Path, store: Store, panel: Panel, plan: str
) -> None:
    """Write all trainings of a plan into a new folder.

    Args:
        panel: whose judgments are taught.
        plan: hash of the tuning plan, which is in the log already.

    Raises:
        DiscretionError: something is there already, or a head is to be exported.
    """
    if any(one.head for one in planned):
        raise DiscretionError(
            "a head is fitted here in seconds and is not exported",
            where="--targets",
            fix="leave the heads out, and fit them with: discretion tune --targets head",
        )
    lineage = lineage_of(store, panel, plan, planned)
    parts = []
    for one in planned:
        assert isinstance(one.job, Job)  # the trainer of an export takes no other
        card = card_of(one.job.name, one.notes, lineage, method=one.ways[0])
        log = {name: one.notes[name] for name in SAID} | {"lineage": lineage_to_json(lineage)}
        parts.append(Part(one.job, one.course, one.notes, card, log))
    export(folder, parts, plan)


def bring_back(
    result: Path, export: Path, name: str, folder: Path, store: Store, clock: Callable[[], str]
) -> str:
    """Put what was trained on an export among the tuned models, and note it in the log.

    Args:
        result: weights and configuration in Hugging Face's layout.
        export: the folder that was exported.
        name: of the training; empty where there is only one.
        folder: of the tuned models.

    Returns:
        The tuned model's name.

    Raises:
        DiscretionError: it is not what was exported, trained, or was not exported from here.
    """
    exported = read_export(export, name)
    find_frozen(store, exported.plan)
    look = Look(exported.job)
    bring(exported, result, folder, look)
    body = {**exported.log, "loss": None, "seconds": None, "at": clock()}
    body |= {"fit": fit_to_json(look.fit)} if look.fit else {}
    records.note(store, "tuned", exported.job.name, body, grouping=exported.plan)
    return exported.job.name
