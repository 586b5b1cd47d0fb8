"""Progress on stderr: of calls, of trainings, of studies. A terminal shows one line that changes;
elsewhere, in a pipe or in CI, there is one line a phase, and none where it is over in seconds."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from discretion import evaluation
    from discretion.training import trainers


SOON = 10.0
"""Seconds; what is over before needs no line of its own."""


class ProgressLine:
    """One line that is rewritten on a terminal, one line a phase elsewhere."""

    def __init__(self) -> None:
        self._shown = -1.0
        self._live = sys.stderr.isatty()
        self._phases: set[str] = set()

    def due(self, seconds: float, *, last: bool = False) -> bool:
        """Whether so many seconds after the beginning a terminal is to be shown something."""
        if not self._live or (seconds - self._shown < 0.1 and not last):
            return False
        self._shown = seconds
        return True

    def enters(self, phase: str, seconds: float = SOON) -> bool:
        """Whether a phase is to be named where there is no terminal: once, if it takes a while."""
        if self._live or phase in self._phases or seconds < SOON:
            return False
        self._phases.add(phase)
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


class CallsLine(ProgressLine):
    """Shows calls, their rate and the time left."""

    def __init__(self) -> None:
        super().__init__()
        self.done = self.cached = 0

    def tell(self, progress: evaluation.CallProgress) -> None:
        self.done, self.cached = progress.done, progress.cached
        if self.due(progress.seconds):
            self.say(
                f"{progress.done:,} of about {progress.total:,} calls, {progress.rate:.1f} a second"
                + _left(progress.seconds_left)
                + (f", {progress.failed} failed" if progress.failed else "")
                + f" · {progress.arm}"
            )
        elif self.enters(progress.arm, progress.seconds):
            self.say(f"asking {progress.arm}: about {progress.total:,} calls in all")


class Steps(ProgressLine):
    """Shows which training it is, its steps, its loss and the time left."""

    def __init__(self) -> None:
        super().__init__()
        self._said = self._phase = ""

    def begin(self, phase: str) -> None:
        """Name the training that begins: ``training 3 of 14: real-before, seed 0``."""
        self._phase, self._shown = phase, 0.0
        self.say(phase)

    def tell(self, progress: trainers.Progress) -> None:
        name = self._phase or f"training {progress.name}"
        if progress.said:
            self._say_once(progress)
        elif self.due(progress.seconds, last=progress.step == progress.steps):
            at = f"{progress.step:,} of {progress.steps:,}"
            loss = progress.loss
            step = f"{at} prompts read" if loss is None else f"step {at}, loss {loss:.3f}"
            self.say(f"{name}: {step}{_left(progress.seconds_left)}")
        elif not self._phase and self.enters(name):
            self.say(name)

    def _say_once(self, progress: trainers.Progress) -> None:
        """What a provider says, whenever it says something else."""
        known = "" if progress.loss is None else f", loss {progress.loss:.3f}"
        at = f", step {progress.step:,} of {progress.steps:,}{known}" if progress.step else ""
        text = f"{progress.name}: {progress.said}{at}{_left(progress.seconds_left)}"
        if text != self._said:
            self._said = text
            self._shown = max(progress.seconds, 0.0)
            self.say(text)


class Studies(ProgressLine):
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
        elif done and self.enters("studies", seconds):
            left = seconds / done * (self._all - done)
            self.say(f"simulating {self._all:,} studies{_left(left)}")


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f", {seconds:.0f} s left"
