"""Settings: each target's learning rate and epochs, chosen on an inner fold of what is open.

The inner fold is the first split of a fold's open cases by the same kind of hold-out, so nothing
that the plan holds out is taught, shown or scored here. Every setting of the grid is trained once,
with seed 0; the Brier score on the inner held-out judgments decides.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from discretion.canonical import digest
from discretion.core.answers import Answer, combine
from discretion.core.arms import Arm, Call, Form, neighbors
from discretion.core.cases import CaseSet
from discretion.core.judgments import Judgment, Panel, gather
from discretion.core.plans import HeldOut, Plan
from discretion.core.selections import parse_selection
from discretion.core.strata import sample
from discretion.core.tuning_plans import TuningPlan
from discretion.coroutines import run_sync
from discretion.errors import DiscretionError
from discretion.models.loading import Loaded, Settings
from discretion.models.tuned import UNFINISHED
from discretion.scorecard.study import study_of
from discretion.stats.scores import brier
from discretion.storage import Store, records
from discretion.training.cards import notes_of
from discretion.training.checkpoints import DivergedError
from discretion.training.teaching import alone, finished, teach
from discretion.training.trainers import Job, Recipe, Trainer, Watch
from discretion.training.training_sets import Fold, TrainingSet, folds
from discretion.tuning.asking import ArmsOf
from discretion.tuning.choices import ChosenSettings, TriedSetting, tried_to_json
from discretion.tuning.training import Training, prepare

KIND = "settings tried"


@dataclass(frozen=True, slots=True)
class SettingsSearch:
    """Everything that trying settings takes, the same for all folds."""

    plan: TuningPlan
    recipe: Recipe
    """What is not tried."""
    base: Settings
    loaded: Loaded
    trainer: Trainer
    folder: Path
    """Of the tuned models; those that are only tried are removed again."""
    store: Store
    panel: str
    """The plan's people, by name."""
    arms: ArmsOf
    clock: Callable[[], str]
    watch: Callable[[], Watch]
    form: Form = "end"
    """In what form the base's decisions are scored."""


def grid(plan: TuningPlan, recipe: Recipe) -> list[Recipe]:
    """The recipes that a plan tries for each target: the shorter first, then the smaller rate."""
    epochs = sorted({int(one) for one in plan.try_epochs}) or [recipe.epochs]
    rates = sorted(set(plan.try_rates)) or [recipe.learning_rate]
    return [
        replace(recipe, epochs=count, learning_rate=rate) for count, rate in product(epochs, rates)
    ]


def choose(
    study: SettingsSearch, parts: Sequence[Fold], judgments: Sequence[Judgment]
) -> Iterator[ChosenSettings]:
    """The settings of each target on each fold, as they become known.

    What was tried is in the log, so that a repeated or stopped command trains nothing twice.

    Args:
        judgments: of the plan's panel.

    Raises:
        DiscretionError: a fold leaves nothing to try settings on, or no setting can be scored.
        StoppedError: a training was stopped; the same command goes on from there.
    """
    for fold in parts:
        inner, allowed = inner_fold(study.plan, fold, judgments)
        people, asked = _people(study, inner, allowed)
        made = prepare(study.plan, [inner], allowed, study.loaded, study.base, study.form, seeds=1)
        # Heads have neither epochs nor a rate; they choose what they have by themselves.
        for course in (one for one in made if not one.target.head):
            tried = tuple(
                _try(study, fold, course, recipe, people, asked)
                for recipe in grid(study.plan, study.recipe)
            )
            if all(one.brier is None for one in tried):
                raise DiscretionError(
                    f"no setting that was tried for {course.target.name} can be scored",
                    fix="try lower learning rates",
                )
            yield ChosenSettings(course.target.name, fold.number, inner.groups, tried)


def inner_fold(
    plan: TuningPlan, fold: Fold, judgments: Sequence[Judgment]
) -> tuple[Fold, list[Judgment]]:
    """The first split of a fold's open cases by the plan's kind of hold-out, and the judgments
    that the fold leaves to be learned from.

    Raises:
        DiscretionError: what is open is of one group.
    """
    cases = {case.id for case in fold.open}
    allowed = [one for one in fold.allowed(judgments) if one.case in cases]
    inside = HeldOut(by=plan.hold_out.by, folds=plan.hold_out.folds).holdout()
    try:
        [inner] = folds(fold.open, inside, allowed, every=False)
    except DiscretionError as error:
        raise DiscretionError(
            f"settings cannot be tried inside fold {fold.number}: {error.what}",
            fix="say them, with --epochs and --learning-rate, or hold out less",
        ) from error
    return inner, allowed


def _people(
    study: SettingsSearch, inner: Fold, allowed: Sequence[Judgment]
) -> tuple[Panel, CaseSet]:
    """Whom settings are scored against, and on which cases."""
    people = gather(parse_selection(study.panel + inner.compared), allowed)
    judged = set(people.cases)
    held = [case for case in inner.held if case.id in judged]
    if not held:
        raise DiscretionError(
            "nobody judged what is held out inside the fold, so settings cannot be scored: "
            f"{', '.join(inner.groups[:8])}",
            fix="say them, with --epochs and --learning-rate",
        )
    return people, inner.open.only(sample(held, int(study.plan.rehearsed), 0))


def _try(
    study: SettingsSearch,
    fold: Fold,
    course: TrainingSet,
    recipe: Recipe,
    people: Panel,
    asked: CaseSet,
) -> TriedSetting:
    """Train one setting, score it, and remove the model; or read in the log what it came to."""
    plan, inner = study.plan, course.fold
    hold_out = {"by": plan.hold_out.by, "seed": 0}
    notes = notes_of(plan.model, study.base, course, 0, recipe, hold_out, plan.trainer)
    notes |= {"reasonings": int(plan.reasonings)}
    scored = people.at([case.id for case in asked])
    key = digest((notes, list(scored.cases), scored.rate.tolist(), scored.n.tolist()))
    known = next(study.store.find(KIND, [key]), None)
    if known is not None:
        return TriedSetting(**known.body["came_to"])
    name = f"{plan.name or plan.model}-{course.target.name}-try-{key[:10]}"
    job = Job(name, study.base, course.masked, recipe, 0, study.loaded.ends)
    training = Training(job, course, notes, plan.asked)
    with alone(study.folder / f"{name}.scoring{UNFINISHED}"):
        p = _trained_and_asked(study, job, training, inner, asked)
        came_to = _score(recipe, p, asked, people)
        body = {"target": course.target.name, "fold": fold.number, "inner": list(inner.groups)}
        body |= {"came_to": tried_to_json(came_to), "at": study.clock(), "plan": plan.hash}
        records.note(study.store, KIND, key, body)
        for left in study.folder.glob(f"{name}*"):
            shutil.rmtree(left)
    return came_to


def _trained_and_asked(
    study: SettingsSearch, job: Job, training: Training, inner: Fold, asked: CaseSet
) -> dict[str, Any]:
    """What a setting's model answers; nothing where its training came to no numbers."""
    notes = training.notes
    try:
        if not finished(study.folder, job, notes):
            card = f"# {job.name}\n\nTried for its settings only, and removed when it is scored.\n"
            teach(job, study.trainer, study.folder, notes, card, study.watch())
        return _asked(study, training, inner, asked)
    except DivergedError:
        return {}


def _asked(
    study: SettingsSearch, training: Training, inner: Fold, asked: CaseSet
) -> dict[str, Any]:
    """(p, its variance) by case of a model that was tried, which is asked as it was taught. No
    answer goes into the log: nothing but the score is of use afterwards."""
    plan = Plan(
        arms=training.arms[:1],
        panel=study.panel,
        hold_out=HeldOut(by=study.plan.hold_out.by, groups=inner.groups),
        reasonings=study.plan.reasonings,
    )
    [arm] = study.arms(plan, asked)
    calls = neighbors([call for case in asked for call in arm.calls(case)])
    given: dict[str, list[Answer]] = {}

    async def ask() -> None:
        for batch in _batches(arm, calls):
            for answer in await arm.ask(batch):
                if isinstance(answer, Answer):
                    given.setdefault(answer.case, []).append(answer)

    run_sync(ask())
    estimates = {case: combine(case, answers) for case, answers in given.items()}
    return {case: (one.p, one.variance) for case, one in estimates.items()}


def _batches(arm: Arm, calls: Sequence[Call]) -> Iterator[Sequence[Call]]:
    for start in range(0, len(calls), arm.batch):
        yield calls[start : start + arm.batch]


def _score(
    recipe: Recipe, found: Mapping[str, tuple[float, float]], asked: CaseSet, people: Panel
) -> TriedSetting:
    study = study_of(asked.cases, people)
    nothing = (np.nan, np.nan)
    pairs = np.array([found.get(case.id, nothing) for case in study.cases], dtype=float)
    p, variance = pairs[:, 0], pairs[:, 1]
    figure = brier(p, variance, study.rates)
    return TriedSetting(recipe.epochs, recipe.learning_rate, figure.value, int(figure.n or 0))
