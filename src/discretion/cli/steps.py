"""The steps of a training, as a person watches them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from discretion.tuning.trainers import Progress


class Steps:
    """Shows steps, loss and time left on stderr."""

    def __init__(self) -> None:
        self._shown = -1.0
        self._live = sys.stderr.isatty()

    def tell(self, progress: Progress) -> None:
        last = progress.step == progress.steps
        if progress.seconds - self._shown < (0.1 if self._live else 10.0) and not last:
            return
        self._shown = progress.seconds
        left = progress.seconds_left
        text = (
            f"{progress.name}: step {progress.step:,} of {progress.steps:,}, "
            f"loss {progress.loss:.3f}" + (f", {left:.0f} s left" if left is not None else "")
        )
        if self._live:
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._live and self._shown >= 0:
            print(file=sys.stderr)
        self._shown = -1.0
