"""Preparations: all that a plan needs before anything is trained, read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from discretion import answer_forms, methods
from discretion.arms import Decoding, Form
from discretion.cases import Case, Docket
from discretion.experiments.outcome import families
from discretion.experiments.training import parts_of, prepare, recipe_of
from discretion.holdouts import history_of, unit_of
from discretion.judgments import Judgment
from discretion.measures.prospects import prospect
from discretion.models.loading import Loaded, Settings
from discretion.models.local import LocalModel
from discretion.prompted import PromptedArm
from discretion.scorecards.teaching_findings import prospect_sentence, shared_sentence
from discretion.storage import Store
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
    form: Form
    """In what form the base's decisions are scored, and are taught."""
    recipe: Recipe
    trainer: Trainer
    judgments: Sequence[Judgment]
    """Of the plan's panel."""
    parts: Sequence[Fold]
    courses: Sequence[Course]
    """One for each target and fold, masked."""

    def without_weights(self) -> Preparation:
        """The same without the base's weights, which nothing but a dry run asks for: each training
        loads its own."""
        return replace(self, loaded=replace(self.loaded, model=None))

    @property
    def held(self) -> list[Case]:
        """The held-out cases of all folds."""
        return [case for fold in self.parts for case in fold.held]

    def outlook(self, *, warnings: bool = False) -> list[str]:
        """See `outlook`."""
        return outlook(self.plan, self.parts, self.judgments, warnings=warnings)


def outlook(
    plan: TuningPlan,
    parts: Sequence[Fold],
    judgments: Sequence[Judgment],
    *,
    warnings: bool = False,
) -> list[str]:
    """What the held-out groups can tell of the largest declared family, in sentences, known before
    anything is trained: what the report will say afterwards, should every case be answered.
    Nothing where no contrast is declared.

    Args:
        judgments: those of the plan's panel.
        warnings: only where no verdict is possible, or verdicts are surer than they should be.
    """
    by = plan.hold_out.by
    units = {case.id: unit_of(case, by) for fold in parts for case in fold.held}
    judges = {one.rater for one in judgments if one.case in units}
    count = len(set(units.values()))
    largest = max(map(len, families(plan)), default=0)
    if not largest:
        return []
    raters = None if None in judges else len(judges)
    found = prospect(count, family=largest, margin=plan.margin, raters=raters)
    said = [] if warnings and found.possible else [prospect_sentence(found, by)]
    return [*said, *filter(None, [shared_sentence(count, len(parts), by)])]


def prepared(
    plan: TuningPlan,
    base: Settings,
    docket: Docket,
    judgments: Sequence[Judgment],
    store: Store,
    *,
    at_once: int | None = None,
    processes: int = 1,
) -> Preparation:
    """Load the base, part the cases, and make and check what every target teaches.

    Args:
        base: the settings of the plan's model.
        judgments: those of the plan's panel.
        store: keeps in what form the base is scored.
        at_once: examples in one forward; None for a whole batch.

    Raises:
        DiscretionError: the plan does not fit the workspace, a trainer or a setting is not known,
            or something would be taught that should not be.
    """
    recipe = recipe_of(plan, base, at_once, processes)
    trainer = trainer_for(plan.trainer, recipe)
    model = LocalModel(plan.model, base)
    named = plan.named(docket, history_of(judgments))
    parts = parts_of(named, docket, judgments)
    form = taught_form(plan, model, docket, store)
    courses = prepare(named, parts, judgments, model.loaded, base, form)
    return Preparation(named, base, model.loaded, form, recipe, trainer, judgments, parts, courses)


def taught_form(plan: TuningPlan, model: LocalModel, docket: Docket, store: Store) -> Form:
    """In what form decisions are taught: the one in which the base is scored under the plan's
    method, by its settings or by a probe; where that is not a complete answer, without its end.

    Plans that name no method teach complete answers, as they did when there was no other form.
    """
    if model.reads_twin or not plan.method:
        return "end"
    policies = {case.policy: docket.policy_of(case) for case in docket}
    arm = PromptedArm(model, methods.method(plan.method), policies, Decoding())
    [settled] = answer_forms.settle([arm], docket.cases, store)
    form = settled.form if isinstance(settled, PromptedArm) else "end"
    return "cue-word" if form == "cue" else form
