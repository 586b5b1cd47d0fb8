"""Commands that several processes run together: the first does everything that users see."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import typer

from discretion.cli.app import remark
from discretion.errors import StoppedError


def led(command: Callable[..., None]) -> Callable[..., None]:
    """A command with options ``processes`` and ``dry_run``, of which only the first process runs
    the body; ``processes`` is then how many train together."""

    @wraps(command)
    def run(**given: Any) -> None:
        from discretion.training import processes

        if processes.rank():
            processes.follow()
            return
        count = processes.asked_for(given["processes"], planning=given["dry_run"])
        try:
            with processes.together():
                command(**given | {"processes": count})
        except StoppedError as stopped:
            remark(f"stopped: {stopped}")
            raise typer.Exit(1) from None

    return run
