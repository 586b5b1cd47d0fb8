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
from discretion.models.folder import HASHED, NOTES, check_folder, read_notes
from discretion.models.tuned import UNFINISHED
from discretion.tuning.exporting import Exported
from discretion.tuning.jobs import Job
from discretion.tuning.results import Brought, check_result
from discretion.tuning.trainers import Trainer, Watch

OWN = frozenset({"config.json", "generation_config.json", NOTES})
"""Files of a base folder that are not taken over as they are."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the operating system says where no more can be written."""
LEGAL = ("LICENSE*", "LICENCE*", "NOTICE*", "USE_POLICY*")


def finished(folder: Path, job: Job, notes: Mapping[str, Any]) -> bool:
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
            mend="move or remove it",
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
        The finished folder: safetensors, the base's tokenizer, template and licenses, notes, card.
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
        check_result(result, job.base.path)
        if not result.is_relative_to(work):
            result = _taken_over(result, work / "brought")
        _complete(result, job.base.path)
        _write(result / NOTES, notes)
        (result / "README.md").write_text(card, encoding="utf-8")
        check_folder(result)
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
        "a model of that name is there already", where=str(place), mend="move or remove it"
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
        raise StoppedError(f"stopped while training {name}", where=str(work), mend=again) from stop
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise StoppedError(
            f"the disk is full while training {name}",
            where=str(work),
            mend=f"free some space, and {again}",
        ) from error


def _taken_over(result: Path, place: Path) -> Path:
    """A copy of what belongs to a model, and of nothing else that lies in its folder."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for file in {file for pattern in HASHED for file in result.glob(pattern)}:
        shutil.copyfile(file, place / file.name)
    return place


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
                "another process is training this", where=str(work), mend="wait until it has ended"
            ) from error
        yield
    finally:
        lock.close()


def _complete(result: Path, base: Path) -> None:
    """Take over from the base what training leaves alone: tokenizer, template, licenses."""
    for pattern in (*HASHED, *LEGAL):
        for file in base.glob(pattern):
            weights = file.suffix == ".safetensors" or file.name.endswith(".index.json")
            if file.is_file() and not weights and file.name not in OWN:
                shutil.copyfile(file, result / file.name)
    ends = base / "generation_config.json"
    if ends.exists():
        shutil.copyfile(ends, result / ends.name)


def _write(path: Path, notes: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(dict(notes), indent=1, sort_keys=True) + "\n", encoding="utf-8")
