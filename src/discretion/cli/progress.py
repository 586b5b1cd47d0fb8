"""Progress, as a person watches it on stderr: of calls, of a training's steps, of studies."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from discretion import evaluation
    from discretion.tuning import trainers


class Line:
    """One line that is rewritten on a terminal, few lines elsewhere."""

    def __init__(self) -> None:
        self._shown = -1.0
        self._live = sys.stderr.isatty()

    def due(self, seconds: float, *, last: bool = False) -> bool:
        """Whether so many seconds after the beginning it is time to say something."""
        if seconds - self._shown < (0.1 if self._live else 10.0) and not last:
            return False
        self._shown = seconds
        return True

    def say(self, text: str) -> None:
        if self._live:
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave what was said last, and begin anew."""
        if self._live and self._shown >= 0:
            print(file=sys.stderr)
        self._shown = -1.0


class Calls(Line):
    """Shows calls, their rate and the time left."""

    def __init__(self) -> None:
        super().__init__()
        self.done = self.cached = 0

    def tell(self, progress: evaluation.Progress) -> None:
        self.done, self.cached = progress.done, progress.cached
        if self.due(progress.seconds):
            self.say(
                f"{progress.done:,} of about {progress.total:,} calls, {progress.rate:.1f} a second"
                + _left(progress.seconds_left)
                + (f", {progress.failed} failed" if progress.failed else "")
                + f" · {progress.arm}"
            )


class Steps(Line):
    """Shows a training's steps, its loss and the time left."""

    def tell(self, progress: trainers.Progress) -> None:
        if self.due(progress.seconds, last=progress.step == progress.steps):
            self.say(
                f"{progress.name}: step {progress.step:,} of {progress.steps:,}, "
                f"loss {progress.loss:.3f}" + _left(progress.seconds_left)
            )


class Studies(Line):
    """Shows how many simulated studies are done, and the time left."""

    def __init__(self, all_of_them: int) -> None:
        super().__init__()
        self._all = all_of_them
        self._begun = time.monotonic()

    def tell(self, done: int) -> None:
        seconds = time.monotonic() - self._begun
        if done and self.due(seconds):
            left = seconds / done * (self._all - done)
            self.say(f"{done:,} of {self._all:,} studies" + _left(left))


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f", {seconds:.0f} s left"
