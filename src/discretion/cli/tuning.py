"""The steps of `discretion tune`, told as they go: each can be stopped, and goes on if repeated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from discretion.cli.app import counted, now, print_json, remark
from discretion.cli.endpoints import purse_of
from discretion.cli.progress import CallsLine, Steps
from discretion.errors import StoppedError

if TYPE_CHECKING:
    from discretion.budgets import Spending
    from discretion.training.trainers import Watch
    from discretion.tuning import Preparation, Trained, Training
    from discretion.tuning.choices import ChosenSettings
    from discretion.workspace import Workspace


class TuningSession:
    """One command's work on a plan that is prepared, and the plan's hash in the log."""

    def __init__(
        self,
        here: Workspace,
        ready: Preparation,
        *,
        as_json: bool,
        yes: bool = False,
        budget: str = "",
    ) -> None:
        from discretion.tuning import freeze

        self.took: list[float | None] = []
        """Seconds of each training; None where it was there already."""
        self._here, self._yes = here, yes
        self._spending = purse_of(budget, yes=yes)
        self._ready = ready
        self._panel = here.panel(ready.plan.panel)
        self._as_json = as_json
        self._models: list[dict[str, Any]] = []
        self._choices: Sequence[ChosenSettings] = []
        freeze(here.store, ready.plan, ready.held, now(), asked=False)

    def settle(self) -> list[Training]:
        """Choose the settings that the plan leaves to be tried; the trainings with them."""
        from discretion.cli import hyperparameter_search
        from discretion.tuning import trainings

        ready = self._ready
        with _stoppable() as steps:
            self._choices = hyperparameter_search.chosen(
                self._here, ready, self._arms, lambda: steps.tell
            )
        if not self._as_json:
            hyperparameter_search.show(self._choices)
        return trainings(
            ready.plan,
            ready.courses,
            ready.base,
            ready.recipe,
            ready.ends,
            self._choices,
            ready.judgments,
        )

    def export(self, planned: Sequence[Training], folder: Path) -> None:
        """Write what another program needs to train them."""
        from discretion.tuning.exchange import export_trainings

        export_trainings(planned, folder, self._here.store, self._panel, self._ready.plan.hash)
        print(f"{counted(len(planned), 'training')} in {folder}")
        remark(f"next: train on it as {folder / 'README.md'} says")

    def train(self, planned: Sequence[Training]) -> None:
        """Train what is not there yet, a line each."""
        from discretion.cli import fine_tuning
        from discretion.models.tuned import FOLDER
        from discretion.tuning import Ledger, train

        fine_tuning.ask_leave(self._here, planned, self._ready.trainer.name, yes=self._yes)
        with _stoppable() as steps:

            def watch() -> Watch:
                steps.begin(_phase(planned, len(self._models)))
                return steps.tell

            for trained in train(
                planned,
                self._ready.trainer,
                self._here.folder / FOLDER,
                Ledger(self._here.store, self._panel, self._ready.plan.hash, now),
                watch=watch,
                spending=self._rest,
            ):
                steps.end()
                line = _line(trained)
                self._models.append(line)
                self.took.append(trained.seconds)
                made = trained.made
                if made.hosted:
                    remark(f"{line['arm']}: {made.hosted.sentence}")
                    if made.fit is None:
                        remark(f"{line['arm']}: not known whether it learned what it was taught")
                if made.fit and not made.fit.learned:
                    remark(f"{line['arm']} is no outcome: {made.fit.sentence}")
                if not self._as_json:
                    said = f"{line['arm']}  {line['examples']} examples  {line['state']}"
                    print(said, flush=True)

    def ask(self, planned: Sequence[Training]) -> str:
        """Put what was held out, and part of what was taught, to all arms; the run's id."""
        from discretion.cli.endpoints import make_ready
        from discretion.cli.evaluate import keep_results, remark_failures
        from discretion.tuning import ask_held_out, calibration_run
        from discretion.tuning.asking import untuned

        here, ready = self._here, self._ready
        watcher = CallsLine()
        arms = [*untuned(ready.plan), *(arm for one in planned for arm in one.arms)]
        make_ready(here, arms, here.cases, yes=self._yes)

        def how() -> dict[str, Any]:
            return {"progress": watcher.tell, "clock": now, "spending": self._rest()}

        with _stoppable():
            try:
                for fold in ready.parts:
                    own = [one for one in planned if one.course.fold.number == fold.number]
                    name = self._panel.name
                    calibration_run(ready.plan, name, fold, own, self._arms, here.store, **how())
                run = ask_held_out(
                    ready.plan,
                    self._panel.name,
                    ready.parts,
                    planned,
                    here.cases,
                    self._arms,
                    here.store,
                    **how(),
                )
            except KeyboardInterrupt:
                here.store.flush()
                raise StoppedError(
                    "stopped while asking",
                    fix="what was answered is kept; repeat the command to go on",
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
        from discretion.cli.hyperparameter_search import as_rows

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

    def _rest(self) -> Spending:
        """Only what is left: each belongs to the event loop of one run."""
        self._spending = self._spending.rest()
        return self._spending

    def _arms(self, asked: Any, case_set: Any) -> Any:
        """The arms of a plan, which know the cases of a case set alone."""
        return self._here.arms(*asked.arms, plan=asked, cases=case_set, clock=now)


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


def _phase(planned: Sequence[Training], done: int) -> str:
    """Which of the trainings comes next: ``training 3 of 14: real-before, seed 0``."""
    one = planned[done]
    fold = one.course.fold.number
    several = len({other.course.fold.number for other in planned}) > 1
    where = f", fold {fold}" if several else ""
    target = one.course.target.name
    return f"training {done + 1} of {len(planned)}: {target}, seed {one.notes['seed']}{where}"


def _line(trained: Trained) -> dict[str, Any]:
    if trained.seconds is None:
        state = "was there already"
    else:
        loss = "" if trained.loss is None else f", loss {trained.loss:.3f}"
        state = f"{trained.seconds:.0f} s{loss}"
    one = trained.training
    line = {"arm": one.arms[0], "examples": len(one.course.examples), "state": state}
    made = trained.made
    if made.hosted:
        line |= {"hosted": made.hosted.said}
    if made.fit:
        line |= {"learned": made.fit.learned, "fit": made.fit.sentence}
    return line
