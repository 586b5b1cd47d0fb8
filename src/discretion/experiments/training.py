"""Training for a plan: each target on each fold with each seed, and what is done already."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from discretion.arms import Form
from discretion.canonical import digest
from discretion.cases import Docket
from discretion.experiments import defaults
from discretion.experiments.choices import Choice
from discretion.experiments.frozen import find_frozen, standing
from discretion.judgments import Judgment, Panel
from discretion.methods.put_in import KINDS, MARK
from discretion.models.loading import Loaded, Settings
from discretion.models.tuned import PREFIX
from discretion.storage import Store, records
from discretion.tuning.cards import bytes_needed, card_of, notes_of, with_fit
from discretion.tuning.checks import check_disk
from discretion.tuning.courses import Asking, Course, Fold, Masks, courses, folds
from discretion.tuning.fits import OwnFit, fit_to_json, own_fit
from discretion.tuning.fitting import adapted_share
from discretion.tuning.lineage import Lineage, Source, lineage_to_json
from discretion.tuning.targets import Target, targets
from discretion.tuning.teaching import finished, teach
from discretion.tuning.trainers import FULL, LORA, RANK, TINY, Job, Recipe, Trainer, Watch
from discretion.tuning_plans import TuningPlan


@dataclass(frozen=True, slots=True)
class Training:
    """One course with one seed."""

    job: Job
    course: Course
    notes: dict[str, Any]
    """What the result says of itself."""
    method: str = "direct"
    """In whose words decisions were taught."""

    @property
    def arms(self) -> tuple[str, ...]:
        """The tuned model as it is asked, first as it was taught."""
        ways = asked_by(self.course.target, self.method)
        return tuple(f"{PREFIX}{self.job.name}/{way}" for way in ways)


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of a training."""

    training: Training
    seconds: float | None
    """None where it was there already."""
    loss: float | None
    """Of the last step; None where no step was left to do."""
    fit: OwnFit | None = None
    """How it fits what it was taught; None where it was there already, or cannot be known."""


def asked_by(target: Target, method: str) -> tuple[str, ...]:
    """The methods by which a target's models are asked: first the one in whose words it was taught;
    where it thinks first, also with a reasoning put in, which parts what training changed from
    what thinking adds."""
    if target.place != "before":
        return (method,)
    return ("chain-of-thought", *(f"chain-of-thought{MARK}{kind}" for kind in KINDS))


def recipe_of(
    plan: TuningPlan, base: Settings, at_once: int | None = None, processes: int = 1
) -> Recipe:
    """How a plan trains."""
    usual = TINY if base.reads_twin else LORA if plan.lora else FULL
    return Recipe(
        epochs=int(plan.epochs),
        learning_rate=usual if plan.learning_rate is None else plan.learning_rate,
        batch=int(plan.batch),
        at_once=at_once or int(plan.at_once or plan.batch),
        lora=plan.lora,
        rank=int(plan.rank or RANK),
        averaging=plan.averaging,
        processes=processes,
        more={**defaults.autocast(plan, base), **plan.settings},
        outside=1.0 if plan.outside is None else plan.outside,
    )


def prepare(
    plan: TuningPlan,
    parts: Sequence[Fold],
    judgments: Sequence[Judgment],
    loaded: Loaded,
    base: Settings,
    form: Form = "end",
) -> list[Course]:
    """What a plan teaches on each fold, masked and checked.

    Args:
        judgments: those of the plan's panel.
        form: in what form the base's decisions are scored.

    Raises:
        DiscretionError: something would be taught that should not be, or nothing would be.
    """
    masks = Masks(loaded)
    # A trainer's own loss cannot count an example as more than one.
    asking = Asking(plan.asked, form, merge=plan.averaging == "example")
    return [
        course
        for fold in parts
        for course in courses(
            fold,
            judgments,
            targets(plan.targets),
            loaded,
            dialect=base.reads_twin,
            share_of_one_rater=plan.share,
            at_most=None if plan.judgments is None else int(plan.judgments),
            asking=asking,
            masks=masks,
        )
    ]


def trainings(
    plan: TuningPlan,
    made: Sequence[Course],
    base: Settings,
    recipe: Recipe,
    ends: tuple[int, ...],
    chosen: Sequence[Choice] = (),
) -> list[Training]:
    """Every training that a plan asks for, in the order in which they are done.

    Args:
        chosen: settings that stand in place of the recipe's, by target and fold.
    """
    choices = {(one.target, one.fold): one for one in chosen}
    hold_out = {"by": plan.holdout.by, "seed": plan.holdout.seed}
    planned = []
    for course in made:
        choice = choices.get((course.target.name, course.fold.number))
        more = {"chosen": choice.notes} if choice else {}
        used = choice.applied_to(recipe) if choice else recipe
        for seed in range(int(plan.seeds)):
            name = model_name(plan, course.target, seed, course.fold.number)
            job = Job(name, base, course.masked, used, seed, ends)
            notes = notes_of(plan.model, base, course, seed, used, hold_out, plan.trainer)
            planned.append(Training(job, course, notes | more, plan.asked))
    return planned


def model_name(plan: TuningPlan, target: Target, seed: int, fold: int) -> str:
    """The folder of a tuned model: ``tiny-labels-0``, ``tiny-labels-0-fold3``."""
    parts = [plan.name or plan.model, target.name, str(seed)]
    return "-".join([*parts, f"fold{fold}"] if fold else parts)


def train(
    planned: Sequence[Training],
    trainer: Trainer,
    folder: Path,
    store: Store,
    panel: Panel,
    *,
    plan: str,
    clock: Callable[[], str],
    watch: Callable[[], Watch],
) -> Iterator[Trained]:
    """Train what is not there yet, one after the other; what is done is noted in the log.

    Args:
        folder: of the tuned models.
        panel: whose judgments are taught.
        plan: hash of the tuning plan, which is in the log already.
        watch: gives who is told of each training's progress.

    Raises:
        DiscretionError: another model stands in a place, the disk cannot hold the results, or
            adapters cannot serve the base's layers.
        StoppedError: a training was stopped; the same command goes on from its last checkpoint.
    """
    done = {one.job.name for one in planned if finished(folder, one.job, one.notes)}
    todo = len(planned) - len(done)
    if todo:
        lora = planned[0].job.recipe.lora
        needed = bytes_needed(planned[0].job.base.path, todo, lora=lora)
        check_disk(str(folder), needed, shutil.disk_usage(folder.parent).free)
        recipe = planned[0].job.recipe
        reach = adapted_share(planned[0].job.base.path, recipe.rank) if recipe.lora else None
    for one in planned:
        if one.job.name in done:
            yield Trained(one, None, None)
            continue
        begun = time.perf_counter()
        lineage = lineage_of(store, panel, plan, planned)
        card = card_of(one.job.name, one.notes, lineage, reach)
        last, look = _Last(watch()), Look(one.job)
        if teach(one.job, trainer, folder, one.notes, card, last, look) is None:
            yield Trained(one, None, None)
            continue
        seconds = round(time.perf_counter() - begun, 1)
        names = ("base", "target", "seed", "fold", "hold_out", "recipe")
        kept = {name: one.notes[name] for name in names}
        kept |= {"examples": one.notes["examples"], "loss": last.loss, "seconds": seconds}
        kept["lineage"] = lineage_to_json(lineage)
        kept |= {"fit": fit_to_json(look.fit)} if look.fit else {}
        records.note(store, "tuned", one.job.name, {**kept, "at": clock()}, grouping=plan)
        yield Trained(one, seconds, last.loss, look.fit)


def lineage_of(store: Store, panel: Panel, plan: str, planned: Sequence[Training]) -> Lineage:
    """Where what is taught under a plan comes from."""
    frozen = find_frozen(store, plan)
    held = {case.id: case for one in planned for case in one.course.fold.held}
    ids: dict[str, list[str]] = {}
    for judgment in records.panel_judgments(store, panel.name):
        ids.setdefault(judgment.source, []).append(judgment.id)
    return Lineage(
        panel=panel.name,
        simulated=panel.simulated,
        judgments=sum(map(len, ids.values())),
        raters=len(panel.raters) if panel.rated else None,
        sources=tuple(
            Source(name, len(those), digest(sorted(those))) for name, those in ids.items()
        ),
        head=store.head(),
        plan=plan,
        frozen=frozen.at,
        by_hand=frozen.asked,
        exploratory=standing(store, frozen, held.values()).why,
    )


class _Last:
    """Passes progress on, and remembers the last loss."""

    def __init__(self, watch: Watch) -> None:
        self.loss: float | None = None
        self._watch = watch

    def __call__(self, progress: Any) -> None:
        self.loss = progress.loss
        self._watch(progress)


class Look:
    """Asks a finished model what it was taught, and says on its card how it fits that."""

    def __init__(self, job: Job) -> None:
        self.fit: OwnFit | None = None
        self._job = job

    def __call__(self, folder: Path) -> None:
        job = self._job
        self.fit = own_fit(job.name, job.base.model_copy(update={"path": folder}), job.masked)
        if self.fit is not None:
            card = folder / "README.md"
            card.write_text(with_fit(card.read_text(encoding="utf-8"), self.fit), encoding="utf-8")


def parts_of(plan: TuningPlan, docket: Docket, judgments: Sequence[Judgment]) -> list[Fold]:
    """The folds that a plan trains on, by the judgments of its panel."""
    return folds(docket, plan.holdout, judgments, every=plan.every_fold)
