"""Training for a plan: each target on each fold with each seed, and what is done already."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from discretion.budgets import Spending
from discretion.canonical import digest
from discretion.core.arms import Form
from discretion.core.cases import CaseSet
from discretion.core.judgments import Judgment, Panel
from discretion.core.tuning_plans import TuningPlan
from discretion.methods.prefilled_reasoning import KINDS, MARK
from discretion.models.heads import read_facts
from discretion.models.loading import Loaded, Settings
from discretion.models.memory import memory_free
from discretion.models.states import STATES
from discretion.models.tuned import PREFIX
from discretion.storage import Store, records
from discretion.training.cards import (
    bytes_needed,
    card_of,
    memory_needed,
    notes_of,
    with_fit,
    with_head,
    with_hosted,
)
from discretion.training.chats import ChatJob, Chats, chats_of, check_file
from discretion.training.checks import check_disk, check_memory
from discretion.training.examples import Sample
from discretion.training.fits import OwnFit, fit_to_json, own_fit
from discretion.training.fitting import adapted_share
from discretion.training.head_tasks import HeadTask, head_task
from discretion.training.heads import HEAD, HeadTrainer, chosen_sentence, head_recipe
from discretion.training.hosting import Hosted, host
from discretion.training.lineage import Lineage, Source, lineage_to_json
from discretion.training.served_fits import served_fit
from discretion.training.targets import Target, targets
from discretion.training.teaching import asked_after, finished, teach
from discretion.training.trainers import (
    FULL,
    LORA,
    RANK,
    TINY,
    AnyTrainer,
    Base,
    ChatTrainer,
    Job,
    Recipe,
    Trainer,
    Watch,
    trains_here,
    trains_there,
)
from discretion.training.training_sets import Asking, Fold, Masks, TrainingSet, courses, folds
from discretion.tuning.choices import ChosenSettings
from discretion.tuning.frozen import find_frozen, standing


@dataclass(frozen=True, slots=True)
class Training:
    """One course with one seed."""

    job: Job | ChatJob
    course: TrainingSet
    notes: dict[str, Any]
    """What the result says of itself."""
    method: str = "direct"
    """In whose words decisions were taught."""

    @property
    def head(self) -> bool:
        """Whether it fits a head, and leaves the base as it is."""
        return bool(self.course.target.head)

    @property
    def put_in(self) -> bool:
        """Whether the model can be asked after a reasoning that is put in: no server can be made to
        go on after one."""
        return isinstance(self.job, Job)

    @property
    def arms(self) -> tuple[str, ...]:
        """The tuned model as it is asked, first as it was taught."""
        return tuple(f"{PREFIX}{self.job.name}/{way}" for way in self.ways)

    @property
    def ways(self) -> tuple[str, ...]:
        """The methods by which it is asked."""
        return asked_by(self.course.target, self.method, put_in=self.put_in)


@dataclass(frozen=True, slots=True)
class Made:
    """What is known of a model that was just made, beside its training."""

    fit: OwnFit | None = None
    """How it fits what it was taught; None where that cannot be known."""
    head: dict[str, Any] = field(default_factory=dict)
    """How a head was chosen."""
    hosted: Hosted | None = None
    """What a provider says of it, and what it cost."""

    @property
    def said(self) -> dict[str, Any]:
        """For the log; JSON values."""
        said = {
            "fit": self.fit and fit_to_json(self.fit),
            "head": self.head,
            "hosted": self.hosted and self.hosted.said,
        }
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of a training."""

    training: Training
    seconds: float | None = None
    """None where it was there already."""
    loss: float | None = None
    """Of the last step; None where no step was left to do."""
    made: Made = Made()
    """Nothing where it was there already."""


def asked_by(target: Target, method: str, *, put_in: bool = True) -> tuple[str, ...]:
    """The methods by which a target's models are asked: first the one in whose words it was taught;
    where it thinks first, also with a reasoning put in, which parts what training changed from
    what thinking adds."""
    if target.place != "before":
        return (method,)
    kinds = KINDS if put_in else ()
    return ("chain-of-thought", *(f"chain-of-thought{MARK}{kind}" for kind in kinds))


def recipe_of(
    plan: TuningPlan, base: Base, at_once: int | None = None, processes: int = 1
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
        more=dict(plan.settings),
        outside=1.0 if plan.outside is None else plan.outside,
    )


def prepare(
    plan: TuningPlan,
    parts: Sequence[Fold],
    judgments: Sequence[Judgment],
    loaded: Loaded | None,
    base: Base,
    form: Form = "end",
    *,
    seeds: int | None = None,
) -> list[TrainingSet]:
    """What a plan teaches on each fold, masked and checked; each seed's own where it redraws.

    Args:
        judgments: those of the plan's panel.
        loaded: None where the base is at a provider.
        form: in what form the base's decisions are scored.
        seeds: only so many; all of the plan's where None.

    Raises:
        DiscretionError: something would be taught that should not be, or nothing would be.
    """
    masks = Chats() if loaded is None else Masks(loaded)
    # A trainer's own loss cannot count an example as more than one.
    asking = Asking(plan.asked, form, merge=plan.averaging == "example")
    draws = range(int(plan.seeds) if seeds is None else seeds) if plan.redraw else (None,)
    return [
        course
        for fold in parts
        for draw in draws
        for course in courses(
            fold,
            judgments,
            targets(plan.targets),
            loaded,
            dialect=base.reads_twin,
            sample=Sample(
                share_of_one_rater=plan.share,
                at_most=None if plan.judgments is None else int(plan.judgments),
                most_cases=None if plan.cases is None else int(plan.cases),
                draw=draw,
            ),
            asking=asking,
            masks=masks,
        )
    ]


def trainings(
    plan: TuningPlan,
    made: Sequence[TrainingSet],
    base: Base,
    recipe: Recipe,
    ends: tuple[int, ...],
    chosen: Sequence[ChosenSettings] = (),
    judgments: Sequence[Judgment] = (),
) -> list[Training]:
    """Every training that a plan asks for, in the order in which they are done.

    Args:
        chosen: settings that stand in place of the recipe's, by target and fold.
        judgments: those of the plan's panel; heads need them where a moment is held out.
    """
    choices = {(one.target, one.fold): one for one in chosen}
    hold_out = {"by": plan.holdout.by, "seed": plan.holdout.seed}
    planned = []
    for course in made:
        choice = choices.get((course.target.name, course.fold.number))
        more = {"chosen": choice.notes} if choice else {}
        if course.target.head:
            more = {"recipe": head_recipe(int(plan.hold_out.folds))}
        used = choice.applied_to(recipe) if choice else recipe
        for seed in range(int(plan.seeds)) if course.draw is None else (course.draw,):
            name = model_name(plan, course.target, seed, course.fold.number)
            trainer = HEAD if course.target.head else plan.trainer
            notes = notes_of(plan.model, base, course, seed, used, hold_out, trainer)
            job: Job | ChatJob
            if isinstance(base, Settings):
                head = _head_task(plan, course, seed, judgments)
                job = Job(name, base, course.masked, used, seed, ends, head)
            else:
                job = ChatJob(name, base, chats_of(course.examples, base), used, seed)
                check_file(job, course.taught, course.target.name)
            planned.append(Training(job, course, notes | more, plan.asked))
    return planned


def _head_task(
    plan: TuningPlan, course: TrainingSet, seed: int, judgments: Sequence[Judgment]
) -> HeadTask | None:
    """What a head is fitted on; None where the base is trained."""
    if not course.target.head:
        return None
    return head_task(course, plan.model, plan.asked, int(plan.hold_out.folds), seed, judgments)


def model_name(plan: TuningPlan, target: Target, seed: int, fold: int) -> str:
    """The folder of a tuned model: ``tiny-labels-0``, ``tiny-labels-0-fold3``."""
    parts = [plan.name or plan.model, target.name, str(seed)]
    return "-".join([*parts, f"fold{fold}"] if fold else parts)


@dataclass(frozen=True, slots=True)
class Ledger:
    """Where it is noted what came of trainings."""

    store: Store
    panel: Panel
    """Whose judgments are taught."""
    plan: str
    """Hash of the tuning plan, which is in the log already."""
    clock: Callable[[], str]

    def note(self, model: str, body: Mapping[str, Any]) -> None:
        """Note a finished training, under its plan and with the time."""
        records.note(self.store, "tuned", model, {**body, "at": self.clock()}, grouping=self.plan)


def train(
    planned: Sequence[Training],
    trainer: AnyTrainer,
    folder: Path,
    ledger: Ledger,
    *,
    watch: Callable[[], Watch],
    spending: Callable[[], Spending] = Spending,
) -> Iterator[Trained]:
    """Train what is not there yet, one after the other; what is done is noted in the log.

    Args:
        folder: of the tuned models.
        watch: gives who is told of each training's progress.
        spending: gives what each model at a provider may spend on being asked what it was taught.

    Raises:
        DiscretionError: another model stands in a place, the disk cannot hold the results, or
            adapters cannot serve the base's layers.
        StoppedError: a training was stopped; the same command goes on from its last checkpoint.
    """
    done = {one.job.name for one in planned if finished(folder, one.job, one.notes)}
    todo = [one.job for one in planned if one.job.name not in done and not one.head]
    reach = _room_and_reach([one for one in todo if isinstance(one, Job)], folder)
    heads = HeadTrainer(folder.parent / STATES)
    for one in planned:
        if one.job.name in done:
            yield Trained(one)
            continue
        begun = time.perf_counter()
        lineage = lineage_of(ledger.store, ledger.panel, ledger.plan, planned)
        card, last = card_of(one.job.name, one.notes, lineage, reach, one.ways[0]), _Last(watch())
        if isinstance(one.job, ChatJob):
            made = _made_there(one, one.job, trains_there(trainer), folder, card, last, spending)
        else:
            used = heads if one.head else trains_here(trainer)
            made = _made_here(one.job, used, folder, one.notes, card, last)
        if made is None:
            yield Trained(one)
            continue
        seconds = round(time.perf_counter() - begun, 1)
        names = ("base", "target", "seed", "fold", "hold_out", "recipe")
        kept = {name: one.notes[name] for name in names}
        kept |= {"examples": one.notes["examples"], "loss": last.loss, "seconds": seconds}
        kept["lineage"] = lineage_to_json(lineage)
        kept |= made.said
        ledger.note(one.job.name, kept)
        yield Trained(one, seconds, last.loss, made)


def _made_here(
    job: Job, trainer: Trainer, folder: Path, notes: dict[str, Any], card: str, watch: Watch
) -> Made | None:
    """What came of a training here, or of fitting a head; None where another process did it."""
    look = Look(job, trainer if isinstance(trainer, HeadTrainer) else None)
    if teach(job, trainer, folder, notes, card, watch, look) is None:
        return None
    return Made(look.fit, look.facts)


def _made_there(
    training: Training,
    job: ChatJob,
    trainer: ChatTrainer,
    folder: Path,
    card: str,
    watch: Watch,
    spending: Callable[[], Spending],
) -> Made | None:
    """What came of a training at a provider; None where another process followed it."""
    fits: list[OwnFit] = []

    def filled(hosted: Hosted) -> str:
        return with_hosted(card, hosted.sentence)

    def look(result: Path) -> None:
        fit = served_fit(job, training.course.examples, result, spending())
        if fit is not None:
            fits.append(fit)
            _say_fit(result / "README.md", fit)

    hosted = host(job, trainer, folder, training.notes, filled, watch, look)
    return None if hosted is None else Made(next(iter(fits), None), hosted=hosted)


def _room_and_reach(todo: Sequence[Job], folder: Path) -> float | None:
    """Whether disk and memory hold what trainings here take and leave; the share of weights that
    adapters reach, where there are adapters.

    Raises:
        DiscretionError: they do not, or adapters reach nothing.
    """
    if not todo:
        return None
    recipe, base = todo[0].recipe, todo[0].base.path
    needed = bytes_needed(base, len(todo), lora=recipe.lora, rank=recipe.rank)
    free = shutil.disk_usage(folder.parent).free
    instead = "" if recipe.lora else "use --lora"
    check_disk(str(folder), needed, free, instead=instead)
    if todo[0].base.device == "cpu":
        held = memory_needed(base, lora=recipe.lora, rank=recipe.rank)
        check_memory(todo[0].name, held, memory_free(), instead=instead)
    return adapted_share(base, recipe.rank) if recipe.lora else None


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
        if progress.loss is not None:
            self.loss = progress.loss
        self._watch(progress)


class Look:
    """Asks a finished model what it was taught, and says on its card how it fits that."""

    def __init__(self, job: Job, heads: HeadTrainer | None = None) -> None:
        self.fit: OwnFit | None = None
        self.facts: dict[str, Any] = {}
        """How a head was chosen."""
        self._job = job
        self._heads = heads

    def __call__(self, folder: Path) -> None:
        job, card = self._job, folder / "README.md"
        text = card.read_text(encoding="utf-8")
        if job.head is not None and self._heads is not None:
            self.fit, self.facts = self._heads.fits[job.name], read_facts(folder)
            text = with_head(text, chosen_sentence(self.facts))
        else:
            self.fit = own_fit(job.name, asked_after(job.base, folder), job.masked)
        card.write_text(text, encoding="utf-8")
        if self.fit is not None:
            _say_fit(card, self.fit)


def _say_fit(card: Path, fit: OwnFit) -> None:
    card.write_text(with_fit(card.read_text(encoding="utf-8"), fit), encoding="utf-8")


def parts_of(plan: TuningPlan, case_set: CaseSet, judgments: Sequence[Judgment]) -> list[Fold]:
    """The folds that a plan trains on, by the judgments of its panel."""
    return folds(case_set, plan.holdout, judgments, every=plan.every_fold)
