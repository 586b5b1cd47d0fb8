"""`discretion tune`: teach a model what people decided, with what stood beside their labels."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from discretion.cli.app import Json, app, desk, now, print_json, remark
from discretion.errors import DiscretionError, StoppedError

if TYPE_CHECKING:
    from discretion.holdouts import Holdout
    from discretion.models.loading import Loaded, Settings
    from discretion.tuning.courses import Course
    from discretion.tuning.trainers import Job, Progress, Recipe
    from discretion.workspace import Workspace


@app.command()
def tune(
    model: Annotated[
        str, typer.Option("--model", metavar="NAME", help="The base: tiny, or as in [models.NAME].")
    ],
    targets: Annotated[
        str,
        typer.Option(
            metavar="NAMES", help="labels, real-before, shuffled-after, ...: by commas, or all."
        ),
    ] = "labels,real-after",
    hold_out: Annotated[
        str,
        typer.Option(
            metavar="BY",
            help="What is kept from training: domain, scenario, case, or domain=returns,leave.",
        ),
    ] = "domain",
    folds: Annotated[
        Literal["first", "all"], typer.Option(help="Which splits of the hold-out are trained.")
    ] = "first",
    seeds: Annotated[int, typer.Option(min=1, help="Trainings of each target on each fold.")] = 1,
    panel: Annotated[str, typer.Option(help="The people who are to be learned from.")] = "",
    lora: Annotated[
        bool, typer.Option("--lora", help="Train adapters instead of all weights.")
    ] = False,
    epochs: Annotated[int, typer.Option(min=1, help="Times that each example is read.")] = 3,
    learning_rate: Annotated[
        float | None,
        typer.Option(help="By default 1e-5; with --lora 2e-4; for the built-in model 1e-3."),
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Examples in a step.")] = 8,
    at_once: Annotated[
        int | None, typer.Option(min=1, help="Examples in one forward, to save memory.")
    ] = None,
    averaging: Annotated[
        Literal["example", "trainer"],
        typer.Option(help="How tokens are averaged; trainer lets long explanations weigh more."),
    ] = "example",
    judgments: Annotated[
        int | None, typer.Option(min=2, help="Use only so many judgments, chosen by a hash.")
    ] = None,
    share: Annotated[
        float, typer.Option(min=0.01, max=1.0, help="Largest share of examples from one person.")
    ] = 1.0,
    trainer: Annotated[str, typer.Option(help="sft, or one that another package adds.")] = "sft",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count, and show examples; train nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Tune a model on judgments, once for each target, fold and seed.

    Every target teaches the same judgments in the same order; they differ only in what stands
    beside the labels. The results are folders in models/, and arms: tuned:NAME/direct. They are
    asked only cases that their training did not see. What was stopped goes on with the same
    command.
    """
    from discretion.cli import courses
    from discretion.models.loading import load
    from discretion.tuning.trainers import FULL, LORA, TINY, Recipe

    here = desk()
    base = _base(here, model)
    usual = TINY if base.reads_twin else LORA if lora else FULL
    recipe = Recipe(
        epochs=epochs,
        learning_rate=usual if learning_rate is None else learning_rate,
        batch=batch,
        at_once=at_once or batch,
        lora=lora,
        averaging=averaging,
    )
    run = _Run(here, model, base, recipe, _holdout(hold_out), here.panel(panel).name)
    loaded = load(model, base)
    every = folds == "all"
    made = run.courses(loaded, targets.split(","), every=every, share=share, most=judgments)
    if dry_run:
        courses.show(made, loaded.template, epochs, seeds, as_json=as_json)
        return
    try:
        done = run.train(made, loaded, seeds, trainer)
    except StoppedError as stopped:
        remark(f"stopped: {stopped}")
        raise typer.Exit(1) from None
    if as_json:
        print_json(done)
        return
    for one in done:
        print(f"{one['arm']}  {one['examples']} examples  {one['state']}")
    remark(f"next: discretion evaluate --arm {done[0]['arm']} --arm {model}/direct")


@dataclass(frozen=True)
class _Run:
    """What one command is to train."""

    here: Workspace
    model: str
    base: Settings
    recipe: Recipe
    holdout: Holdout
    panel: str

    def courses(
        self, loaded: Loaded, names: Sequence[str], *, every: bool, share: float, most: int | None
    ) -> list[Course]:
        from discretion.storage import records
        from discretion.tuning.courses import courses, folds
        from discretion.tuning.targets import targets

        chosen = targets([name.strip() for name in names])
        judgments = [j for j in records.judgments(self.here.store) if j.panel == self.panel]
        return [
            course
            for fold in folds(self.here.cases, self.holdout, every=every)
            for course in courses(
                fold,
                judgments,
                chosen,
                loaded,
                dialect=self.base.reads_twin,
                share_of_one_rater=share,
                at_most=most,
            )
        ]

    def job(self, course: Course, seed: int, ends: tuple[int, ...]) -> Job:
        from discretion.tuning.trainers import Job

        parts = [self.model, course.target.name, str(seed)]
        if course.fold.number:
            parts.append(f"fold{course.fold.number}")
        return Job("-".join(parts), self.base, course.masked, self.recipe, seed, ends)

    def train(
        self, made: list[Course], loaded: Loaded, seeds: int, trainer_name: str
    ) -> list[dict[str, Any]]:
        """Train what is not there yet; the plan stands in the log before the first step."""
        import shutil

        from discretion.canonical import digest
        from discretion.models.tuned import FOLDER, PREFIX
        from discretion.storage import records
        from discretion.tuning.cards import bytes_needed, card_of, notes_of
        from discretion.tuning.checks import check_disk
        from discretion.tuning.teaching import finished, teach
        from discretion.tuning.trainers import trainer

        chosen, store = trainer(trainer_name), self.here.store
        folder = self.here.folder / FOLDER
        hold_out = {"by": self.holdout.by, "seed": self.holdout.seed}
        todo, done = [], []
        for course in made:
            for seed in range(seeds):
                job = self.job(course, seed, loaded.ends)
                notes = notes_of(self.model, self.base, course, seed, self.recipe, hold_out)
                notes["trainer"] = chosen.name
                line = {"arm": f"{PREFIX}{job.name}/direct", "examples": len(course.masked)}
                if finished(folder, job, notes):
                    done.append(line | {"state": "was there already"})
                else:
                    todo.append((job, notes, line))
        if not todo:
            return done
        needed = bytes_needed(self.base.path, len(todo), lora=self.recipe.lora)
        check_disk(str(folder), needed, shutil.disk_usage(self.here.folder).free)
        sources = self.here.panel(self.panel)
        plan = digest([(job.name, notes) for job, notes, _ in todo])
        body = {"jobs": [job.name for job, _, _ in todo], "model": self.model, "panel": self.panel}
        records.note(store, "tuning", plan, {**body, "at": now()})
        for job, notes, line in todo:
            begun = time.perf_counter()
            card = card_of(job.name, notes, simulated=sources.simulated, raters=[self.panel])
            watcher = _Watcher()
            try:
                teach(job, chosen, folder, notes, card, watcher.tell)
            finally:
                watcher.end()
            seconds = round(time.perf_counter() - begun, 1)
            kept: dict[str, Any]
            kept = {name: notes[name] for name in ("base", "target", "seed", "fold", "hold_out")}
            kept |= {"examples": notes["examples"], "loss": watcher.loss, "seconds": seconds}
            records.note(store, "tuned", job.name, {**kept, "at": now()}, grouping=plan)
            loss = "" if watcher.loss is None else f", loss {watcher.loss:.3f}"
            done.append(line | {"state": f"{seconds:.0f} s{loss}"})
        return done


def _base(here: Workspace, name: str) -> Settings:
    """The settings of the folder that is to be tuned."""
    from discretion.models import BUILT_IN
    from discretion.models.local import LocalModel
    from discretion.workspace import endpoints

    known = [BUILT_IN, *here.contents.settings.models]
    if name not in known:
        raise DiscretionError(
            f"there is no model {name!r}",
            where=str(here.folder / "discretion.toml"),
            mend=f'use one of: {", ".join(known)}, or add [models.{name}] with path = "FOLDER"',
        )
    settings = here.contents.settings.models.get(name, {})
    model = endpoints.load_model(name, settings, here.folder, here.store)
    if not isinstance(model, LocalModel):
        raise DiscretionError(
            f"{name!r} is no folder, and only models in folders can be tuned here",
            where=f"[models.{name}]",
            mend="tune a local model",
        )
    return model.settings.model_copy(update={"path": Path(model.settings.path).resolve()})


def _holdout(said: str) -> Holdout:
    """``BY`` for folds over all its groups, or ``BY=GROUP,GROUP`` for those alone."""
    from discretion.holdouts import Holdout

    by, _, groups = said.partition("=")
    held = tuple(group.strip() for group in groups.split(",") if group.strip())
    return Holdout(by.strip(), held)


class _Watcher:
    """Shows steps, loss and time left on stderr."""

    def __init__(self) -> None:
        self.loss: float | None = None
        """None where nothing was left to do but to save."""
        self._shown = -1.0
        self._live = sys.stderr.isatty()

    def tell(self, progress: Progress) -> None:
        self.loss = progress.loss
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
