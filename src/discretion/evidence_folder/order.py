"""Order: that a plan was in the log before anything was trained, and that before it was asked."""

from __future__ import annotations

from dataclasses import dataclass

from discretion.runs import Run
from discretion.tuning.frozen import find_frozen


@dataclass(frozen=True, slots=True)
class LogOrder:
    """Places in the log, from 1."""

    plan: str
    """Hash of the tuning plan."""
    frozen: int
    trained: tuple[int, ...]
    """Where each training of the plan was noted."""
    run: int

    @property
    def problems(self) -> list[str]:
        """What came before what it should have followed."""
        found = []
        if any(place < self.frozen for place in self.trained):
            found.append("something was trained before its plan was in the log")
        if self.run < self.frozen:
            found.append("the run began before the plan by which it is judged was in the log")
        return found


def order_of(run: Run) -> LogOrder | None:
    """The order of what a run judges; None where it judges no tuned models of a plan."""
    if not run.plan.tuning:
        return None
    store = run.store
    [own] = store.find("run", [run.id])
    return LogOrder(
        run.plan.tuning,
        find_frozen(store, run.plan.tuning).position,
        tuple(entry.seq for entry in store.entries("tuned", run.plan.tuning)),
        own.seq,
    )
