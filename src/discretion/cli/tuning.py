"""The steps of `discretion tune`, told as they go: each can be stopped, and goes on if repeated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from discretion.cli.app import counted, now, print_json, remark
from discretion.cli.progress import Calls, Steps
from discretion.errors import StoppedError

if TYPE_CHECKING:
    from discretion.experiments import Preparation, Trained, Training
    from discretion.experiments.choices import Choice
    from discretion.workspace import Workspace


class Tuning:
    """One command's work on a plan that is prepared, and the plan's hash in the log."""

    def __init__(self, here: Workspace, ready: Preparation, *, as_json: bool) -> None:
        from discretion.experiments import freeze

        self.took: list[float | None] = []
        """Seconds of each training; None where it was there already."""
        self._here = here
        self._ready = ready
        self._panel = here.panel(ready.plan.panel)
        self._as_json = as_json
        self._models: list[dict[str, Any]] = []
        self._choices: Sequence[Choice] = []
        freeze(here.store, ready.plan, ready.held, now(), asked=False)

    def settle(self) -> list[Training]:
        """Choose the settings that the plan leaves to be tried; the trainings with them."""
        from discretion.cli import tries
        from discretion.experiments import trainings

        ready = self._ready
        with _stoppable() as steps:
            self._choices = tries.chosen(self._here, ready, self._arms, lambda: steps.tell)
        if not self._as_json:
            tries.show(self._choices)
        return trainings(
            ready.plan, ready.courses, ready.base, ready.recipe, ready.loaded.ends, self._choices
        )

    def export(self, planned: Sequence[Training], folder: Path) -> None:
        """Write what another program needs to train them."""
        from discretion.experiments.exchange import export_trainings

        export_trainings(planned, folder, self._here.store, self._panel, self._ready.plan.hash)
        print(f"{counted(len(planned), 'training')} in {folder}")
        remark(f"next: train on it as {folder / 'README.md'} says")

    def train(self, planned: Sequence[Training]) -> None:
        """Train what is not there yet, a line each."""
        from discretion.experiments import train
        from discretion.models.tuned import FOLDER

        with _stoppable() as steps:
            for trained in train(
                planned,
                self._ready.trainer,
                self._here.folder / FOLDER,
                self._here.store,
                self._panel,
                plan=self._ready.plan.hash,
                clock=now,
                watch=lambda: steps.tell,
            ):
                steps.end()
                line = _line(trained)
                self._models.append(line)
                self.took.append(trained.seconds)
                if trained.fit and not trained.fit.learned:
                    remark(f"{line['arm']} is no outcome: {trained.fit.sentence}")
                if not self._as_json:
                    said = f"{line['arm']}  {line['examples']} examples  {line['state']}"
                    print(said, flush=True)

    def ask(self, planned: Sequence[Training]) -> str:
        """Put what was held out, and part of what was taught, to all arms; the run's id."""
        from discretion.cli.evaluate import keep_results, remark_failures
        from discretion.experiments import ask_held_out, rehearse

        here, ready = self._here, self._ready
        watcher = Calls()
        how: dict[str, Any] = {"progress": watcher.tell, "clock": now}
        with _stoppable():
            try:
                for fold in ready.parts:
                    own = [one for one in planned if one.course.fold.number == fold.number]
                    rehearse(ready.plan, self._panel.name, fold, own, self._arms, here.store, **how)
                run = ask_held_out(
                    ready.plan,
                    self._panel.name,
                    ready.parts,
                    planned,
                    here.cases,
                    self._arms,
                    here.store,
                    **how,
                )
            except KeyboardInterrupt:
                here.store.flush()
                raise StoppedError(
                    "stopped while asking",
                    mend="what was answered is kept; repeat the command to go on",
                ) from None
            finally:
                watcher.end()
        keep_results(here, run)
        if failures := run.failures():
            remark(f"{counted(len(failures), 'call')} failed, and count as no answer")
            remark_failures(failures)
        return run.id

    def tell(self, run: str | None) -> None:
        """What came of it, and what to do next."""
        from discretion.cli.tries import as_rows

        if self._as_json:
            settings = as_rows(self._choices)
            frozen = self._ready.plan.hash
            print_json({"plan": frozen, "settings": settings, "models": self._models, "run": run})
        elif run is None:
            plan = self._ready.plan
            arms = f"--arm {self._models[0]['arm']} --arm {plan.model}/{plan.asked}"
            remark(f"next: discretion evaluate {arms}")
        else:
            remark("next: discretion report")

    def _arms(self, asked: Any, docket: Any) -> Any:
        """The arms of a plan, which know the cases of a docket alone."""
        return self._here.arms(*asked.arms, plan=asked, cases=docket, clock=now)


@contextmanager
def _stoppable() -> Iterator[Steps]:
    """Steps to watch; being stopped ends the command with a sentence and exit code 1."""
    steps = Steps()
    try:
        yield steps
    except StoppedError as stopped:
        steps.end()
        remark(f"stopped: {stopped}")
        raise typer.Exit(1) from None


def _line(trained: Trained) -> dict[str, Any]:
    if trained.seconds is None:
        state = "was there already"
    else:
        loss = "" if trained.loss is None else f", loss {trained.loss:.3f}"
        state = f"{trained.seconds:.0f} s{loss}"
    one = trained.training
    line = {"arm": one.arms[0], "examples": len(one.course.masked), "state": state}
    if trained.fit:
        line |= {"learned": trained.fit.learned, "fit": trained.fit.sentence}
    return line
