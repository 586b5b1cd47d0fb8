"""Checkpoints: from where a stopped training goes on, and when there is none to trust."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from discretion.errors import StoppedError
from discretion.training import processes

STATE = "trainer_state.json"
"""The last file of a checkpoint: without it, whole, the checkpoint was cut off."""


class DivergedError(StoppedError):
    """The loss or a weight is no longer a number."""


def last_checkpoint(work: Path) -> str | None:
    """The newest one."""
    found = sorted(work.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
    return str(found[-1]) if found else None


def remove_cut_off(work: Path) -> None:
    """Remove checkpoints that were being written when a process died or the disk was full."""
    for checkpoint in work.glob("checkpoint-*"):
        try:
            json.loads((checkpoint / STATE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            shutil.rmtree(checkpoint)


def check_finite(model: Any, step: int, work: Path) -> None:
    """Refuse to keep weights that are no numbers.

    Raises:
        DivergedError: some are.
    """
    import torch

    if not all(bool(torch.isfinite(p).all()) for p in model.parameters() if p.requires_grad):
        raise not_a_number(step, work)


def not_a_number(step: int, work: Path) -> DivergedError:
    return DivergedError(
        f"the loss or a weight is no longer a number at step {step}; {_kept(work)}",
        where=str(work),
        fix="lower --learning-rate",
    )


@contextmanager
def writing(what: str, work: Path) -> Iterator[None]:
    """Say in a sentence that something could not be written, and what is left.

    torch and safetensors have errors of their own for a full disk.

    Raises:
        StoppedError: it could not.
    """
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        if isinstance(error, RuntimeError) and processes.is_of_the_group(error):
            raise  # Another process ended; `processes` says so.
        remove_cut_off(work)
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise StoppedError(
            f"{what} cannot be written: {reason}; {_kept(work)}",
            where=str(work),
            fix="free some space, and repeat the command to go on",
        ) from error


def _kept(work: Path) -> str:
    last = last_checkpoint(work)
    return (
        f"the last good checkpoint, {Path(last).name}, is kept"
        if last
        else "there is no checkpoint yet"
    )
