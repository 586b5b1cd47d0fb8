"""Preparations: all that a plan needs before anything is trained, read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from discretion.cases import Case, Docket
from discretion.experiments.outcome import families
from discretion.experiments.training import parts_of, prepare, recipe_of
from discretion.holdouts import history_of, unit_of
from discretion.judgments import Judgment
from discretion.measures.prospects import Prospect, prospect
from discretion.models.loading import Loaded, Settings, load
from discretion.tuning.courses import Course, Fold
from discretion.tuning.trainers import Recipe, Trainer, trainer_for
from discretion.tuning_plans import TuningPlan


@dataclass(frozen=True, slots=True)
class Preparation:
    """A plan on the cases and judgments of one workspace."""

    plan: TuningPlan
    """Its held-out groups are named."""
    base: Settings
    loaded: Loaded
    recipe: Recipe
    trainer: Trainer
    judgments: Sequence[Judgment]
    """Of the plan's panel."""
    parts: Sequence[Fold]
    courses: Sequence[Course]
    """One for each target and fold, masked."""

    @property
    def held(self) -> list[Case]:
        """The held-out cases of all folds."""
        return [case for fold in self.parts for case in fold.held]

    def prospects(self) -> list[Prospect]:
        """What the held-out groups can tell, for each family of contrasts that the plan declares:
        what the report will say afterwards, should every case be answered."""
        held = {case.id: unit_of(case, self.plan.hold_out.by) for case in self.held}
        judges = {one.rater for one in self.judgments if one.case in held}
        return [
            prospect(
                len(set(held.values())),
                family=len(family),
                margin=self.plan.margin,
                raters=None if None in judges else len(judges),
            )
            for family in families(self.plan)
        ]


def prepared(
    plan: TuningPlan,
    base: Settings,
    docket: Docket,
    judgments: Sequence[Judgment],
    *,
    at_once: int | None = None,
    processes: int = 1,
) -> Preparation:
    """Load the base, part the cases, and make and check what every target teaches.

    Args:
        base: the settings of the plan's model.
        judgments: those of the plan's panel.
        at_once: examples in one forward; None for a whole batch.

    Raises:
        DiscretionError: the plan does not fit the workspace, a trainer or a setting is not known,
            or something would be taught that should not be.
    """
    recipe = recipe_of(plan, base, at_once, processes)
    trainer = trainer_for(plan.trainer, recipe)
    loaded = load(plan.model, base)
    named = plan.named(docket, history_of(judgments))
    parts = parts_of(named, docket, judgments)
    courses = prepare(named, parts, judgments, loaded, base)
    return Preparation(named, base, loaded, recipe, trainer, judgments, parts, courses)
