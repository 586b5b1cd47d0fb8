"""Removing a tuned model: its folder goes, and the log keeps what it was."""

from __future__ import annotations

import shutil
from pathlib import Path

from discretion.errors import DiscretionError
from discretion.models.tuned import PREFIX, UNFINISHED
from discretion.storage import Store, records
from discretion.training.teaching import alone

KIND = "removed model"


def remove(folder: Path, model: str, store: Store, at: str) -> None:
    """Remove a tuned model, and the checkpoints of an unfinished training of that name.

    It is gone at once or not at all. Its answers and everything else in the log stay.

    Args:
        folder: of the tuned models; nothing outside it is touched.
        model: without prefix.
        at: when, ISO 8601.

    Raises:
        DiscretionError: there is none, a training of it is running, or it is a link to elsewhere.
    """
    place, work = folder / model, folder / f"{model}{UNFINISHED}"
    if Path(model).name != model or model.endswith(UNFINISHED) or not model.strip("."):
        raise DiscretionError(f"{model!r} is no name of a model", fix="see: discretion models")
    for one in (place, work):
        if one.is_symlink():
            raise DiscretionError(
                "is a link to another folder, which is not ours to remove",
                where=str(one),
                fix="remove the link yourself",
            )
    if not place.is_dir() and not work.is_dir():
        raise DiscretionError(
            f"there is no tuned model {PREFIX + model!r}",
            where=str(folder),
            fix="see: discretion models",
        )
    with alone(work):
        if place.is_dir():
            place.rename(work / "removed")
        records.note(store, KIND, model, {"at": at}, grouping=at)
    shutil.rmtree(work)
