"""Teaching: one job from its base to a finished folder, alone, and resumed where it stopped."""

from __future__ import annotations

import errno
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from discretion.canonical import digest
from discretion.errors import DiscretionError, StoppedError
from discretion.models.adapters import WEIGHTS, check_model
from discretion.models.folder import (
    ADAPTER,
    HASHED,
    LEGAL,
    NOTES,
    is_adapter,
    read_notes,
    read_object,
)
from discretion.models.loading import Settings
from discretion.models.tuned import UNFINISHED
from discretion.training.cards import with_adapter
from discretion.training.chats import ChatJob
from discretion.training.exporting import Exported
from discretion.training.jobs import Job
from discretion.training.results import Brought, check_result
from discretion.training.trainers import Trainer, Watch

OWN = frozenset({"config.json", NOTES})
"""Files of a base folder that are not taken over as they are."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the operating system says where no more can be written."""


def finished(folder: Path, job: Job | ChatJob, notes: Mapping[str, Any]) -> bool:
    """Whether this very job is done already.

    Raises:
        DiscretionError: its place is taken by another one.
    """
    place = folder / job.name
    if not place.exists():
        return False
    if digest(read_notes(place)) != digest(notes):
        raise DiscretionError(
            "another model is there already, tuned from other judgments or with other settings",
            where=str(place),
            fix="move or remove it",
        )
    return True


def teach(
    job: Job,
    trainer: Trainer,
    folder: Path,
    notes: Mapping[str, Any],
    card: str,
    watch: Watch = lambda _: None,
    then: Callable[[Path], None] = lambda _: None,
) -> Path | None:
    """Train a job and put the result in its place, complete or not at all.

    Args:
        folder: holds the tuned models of a workspace.
        notes: what the result says of itself; a stopped job goes on only under the same notes.
        card: its README.md.
        then: sees the complete result before it is put in its place, and may add to its card.

    Returns:
        The finished folder: a whole model with the base's tokenizer and template, or an adapter
        that says what its base is called; the base's licenses, notes and card. Of a head, which
        is nothing without its base: notes and card.
        None where another process has put it there in the meantime.

    Raises:
        DiscretionError: it cannot be trained, or another process trains it.
        StoppedError: it was stopped; the same job goes on from its last checkpoint.
    """
    work = folder / f"{job.name}{UNFINISHED}"
    with alone(work), _in_order(job.name, work):
        if finished(folder, job, notes):
            shutil.rmtree(work)
            return None
        if read_notes(work) != dict(notes):
            for checkpoint in work.glob("checkpoint-*"):
                shutil.rmtree(checkpoint)
            _write(work / NOTES, notes)
        result = trainer.train(job, work, watch)
        if job.head is None:
            check_result(result, job.base.path)
            if not result.is_relative_to(work):
                result = _taken_over(result, work / "brought")
            if is_adapter(result):
                _name_base(result, notes)
                card = with_adapter(card, job.name)
            complete(result, job.base.path)
        _write(result / NOTES, notes)
        (result / "README.md").write_text(card, encoding="utf-8")
        if job.head is None:
            check_model(result)
        then(result)
        result.rename(folder / job.name)
        shutil.rmtree(work)  # Before the lock is let go: whoever waits for it finds a clean place.
    return folder / job.name


def bring(
    exported: Exported, result: Path, folder: Path, then: Callable[[Path], None] = lambda _: None
) -> Path:
    """Take what another program trained from an export, complete or not at all.

    Args:
        result: weights and configuration in Hugging Face's layout.
        folder: holds the tuned models of a workspace.
        then: see `teach`.

    Raises:
        DiscretionError: it is not what was exported, trained; nothing is left of it then.
    """
    job, place = exported.job, folder / exported.job.name
    there = DiscretionError(
        "a model of that name is there already", where=str(place), fix="move or remove it"
    )
    if place.exists():
        raise there
    brought = Brought(result, exported.fingerprint)
    brought.check(job)
    if teach(job, brought, folder, exported.notes, exported.card, then=then) is None:
        raise there
    return place


@contextmanager
def _in_order(name: str, work: Path) -> Iterator[None]:
    """Say how to go on where a person, or a full disk, stops it.

    Raises:
        StoppedError: it was stopped.
    """
    again = "repeat the command to go on from the last checkpoint"
    try:
        yield
    except KeyboardInterrupt as stop:
        raise StoppedError(f"stopped while training {name}", where=str(work), fix=again) from stop
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise StoppedError(
            f"the disk is full while training {name}",
            where=str(work),
            fix=f"free some space, and {again}",
        ) from error


def _taken_over(result: Path, place: Path) -> Path:
    """A copy of what belongs to a model or an adapter, and of nothing else in its folder."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    wanted = (ADAPTER, WEIGHTS) if is_adapter(result) else HASHED
    for file in {file for pattern in wanted for file in result.glob(pattern)}:
        shutil.copyfile(file, place / file.name)
    return place


def asked_after(base: Settings, result: Path) -> Settings:
    """How what was trained from a base is loaded: as the base is."""
    own = {"path": result, "base": base.path if is_adapter(result) else None}
    return base.model_copy(update=own)


@contextmanager
def alone(work: Path) -> Iterator[None]:
    """Keep every other process off; the operating system ends it with this one, however it ends."""
    work.mkdir(parents=True, exist_ok=True)
    lock = sqlite3.connect(work / "lock", timeout=0, isolation_level=None)
    try:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise DiscretionError(
                "another process is training this", where=str(work), fix="wait until it has ended"
            ) from error
        yield
    finally:
        lock.close()


def complete(result: Path, base: Path) -> None:
    """Take over from the base what training leaves alone: licenses and, into a whole model,
    tokenizer and template."""
    taken = LEGAL if is_adapter(result) else (*HASHED, *LEGAL)
    for file in {file for pattern in taken for file in base.glob(pattern)}:
        weights = file.suffix == ".safetensors" or file.name.endswith(".index.json")
        if file.is_file() and not weights and file.name not in OWN:
            shutil.copyfile(file, result / file.name)


def _name_base(result: Path, notes: Mapping[str, Any]) -> None:
    """Let an adapter call its base as the workspace does, wherever it lay when it was trained."""
    said = read_object(result / ADAPTER)
    _write(result / ADAPTER, said | {"base_model_name_or_path": notes["base"]["model"]})


def _write(path: Path, notes: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(dict(notes), indent=1, sort_keys=True) + "\n", encoding="utf-8")
