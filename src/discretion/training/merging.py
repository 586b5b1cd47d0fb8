"""Merging: an adapter and its base, written out as one whole model."""

from __future__ import annotations

import shutil
from pathlib import Path

from discretion.errors import DiscretionError
from discretion.models.adapters import merge_into
from discretion.models.folder import NOTES, check_folder
from discretion.models.loading import Settings, load, without_progress_bars
from discretion.models.tuned import UNFINISHED
from discretion.training.cards import without_adapter
from discretion.training.checks import check_disk
from discretion.training.teaching import complete

CARD = "README.md"


def merge(name: str, settings: Settings, place: Path) -> None:
    """Write an adapter and its base as a whole model, complete or not at all, in the precision in
    which it is asked.

    Args:
        name: of the adapter, for messages.
        settings: by which it is loaded; that its base is the right one was checked.
        place: a new folder.

    Raises:
        DiscretionError: it is a whole model already, something is at `place`, or there is no room.
    """
    if settings.base is None:
        raise DiscretionError(
            f"{name} is a whole model already", where=str(settings.path), fix="copy its folder"
        )
    if place.exists():
        raise DiscretionError(
            "something is there already", where=str(place), fix="name a new folder"
        )
    place.parent.mkdir(parents=True, exist_ok=True)
    weights = sum(file.stat().st_size for file in settings.base.glob("*.safetensors"))
    factor = 2 if settings.dtype == "float32" else 1  # Most bases are stored in two bytes.
    check_disk(str(place), factor * weights, shutil.disk_usage(place.parent).free)
    work = place.with_name(place.name + UNFINISHED)
    shutil.rmtree(work, ignore_errors=True)
    try:
        model = load(name, settings.whole).model
        merge_into(model, settings.path)
        with without_progress_bars():
            model.save_pretrained(work)
        complete(work, settings.base)
        _take_over_notes(settings.path, work)
        check_folder(work)
        work.rename(place)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _take_over_notes(adapter: Path, result: Path) -> None:
    """What the adapter says of itself is so of the whole model: how it is asked, what it saw."""
    if (adapter / NOTES).exists():
        shutil.copyfile(adapter / NOTES, result / NOTES)
    if (adapter / CARD).exists():
        card = (adapter / CARD).read_text(encoding="utf-8")
        (result / CARD).write_text(without_adapter(card), encoding="utf-8")
