"""Preparations: all that a plan needs before anything is trained, read and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from discretion import answer_forms, methods
from discretion.core.arms import Decoding, Form
from discretion.core.cases import Case, CaseSet
from discretion.core.holdouts import history_of, unit_of
from discretion.core.judgments import Judgment
from discretion.core.prompted import PromptedArm
from discretion.core.tuning_plans import TuningPlan
from discretion.errors import DiscretionError
from discretion.models.loading import Loaded, Settings
from discretion.models.local import LocalModel
from discretion.scorecard.teaching_findings import few_trainings, prospect_sentence
from discretion.stats.prospects import prospect
from discretion.storage import Store
from discretion.training.targets import targets
from discretion.training.trainers import AnyTrainer, Base, Recipe, Trainer, trainer_for, trains_here
from discretion.training.training_sets import Fold, TrainingSet
from discretion.tuning.outcome import families
from discretion.tuning.training import parts_of, prepare, recipe_of


@dataclass(frozen=True, slots=True)
class Preparation:
    """A plan on the cases and judgments of one workspace."""

    plan: TuningPlan
    """Its held-out groups are named."""
    base: Base
    loaded: Loaded | None
    """None where the base is at a provider."""
    form: Form
    """In what form the base's decisions are scored, and are taught."""
    recipe: Recipe
    trainer: AnyTrainer
    judgments: Sequence[Judgment]
    """Of the plan's panel."""
    parts: Sequence[Fold]
    courses: Sequence[TrainingSet]
    """One for each target and fold, masked."""

    def without_weights(self) -> Preparation:
        """The same without the base's weights, which nothing but a dry run asks for: each training
        loads its own."""
        bare = None if self.loaded is None else replace(self.loaded, model=None)
        return replace(self, loaded=bare)

    @property
    def here(self) -> tuple[Settings, Loaded, Trainer]:
        """Base, tokenizer and trainer of what is trained here.

        Raises:
            DiscretionError: it is trained at a provider.
        """
        if not isinstance(self.base, Settings) or self.loaded is None:
            raise DiscretionError(f"{self.plan.model!r} is trained at a provider")
        return self.base, self.loaded, trains_here(self.trainer)

    @property
    def ends(self) -> tuple[int, ...]:
        """The tokens that end a turn, where the base's tokenizer is at hand."""
        return () if self.loaded is None else self.loaded.ends

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
    """What the trainings and the held-out groups can tell of the largest declared family, in
    sentences, known before anything is trained: what the report will say afterwards, should every
    case be answered. Nothing of groups where no contrast is declared.

    Args:
        judgments: those of the plan's panel.
        warnings: only where no verdict is possible.
    """
    few = list(filter(None, [few_trainings(int(plan.seeds))]))
    by = plan.hold_out.by
    units = {case.id: unit_of(case, by) for fold in parts for case in fold.held}
    judges = {one.rater for one in judgments if one.case in units}
    count = len(set(units.values()))
    largest = max(map(len, families(plan)), default=0)
    if not largest:
        return few
    raters = None if None in judges else len(judges)
    found = prospect(count, family=largest, margin=plan.margin, raters=raters)
    said = [] if warnings and found.possible else [prospect_sentence(found, by)]
    return [*few, *said]


def prepared(
    plan: TuningPlan,
    base: Base,
    case_set: CaseSet,
    judgments: Sequence[Judgment],
    store: Store,
    *,
    at_once: int | None = None,
    processes: int = 1,
    wait_seconds: float | None = None,
) -> Preparation:
    """Load the base, part the cases, and make and check what every target teaches.

    Args:
        base: the settings of the plan's model, or the endpoint that it is at.
        judgments: those of the plan's panel.
        store: keeps in what form the base is scored.
        at_once: examples in one forward; None for a whole batch.
        wait_seconds: how long a job at a provider is followed; None for a day.

    Raises:
        DiscretionError: the plan does not fit the workspace, a trainer or a setting is not known,
            or something would be taught that should not be.
    """
    recipe = recipe_of(plan, base, at_once, processes)
    if wait_seconds is not None:
        recipe = replace(recipe, wait_seconds=wait_seconds)
    trainer = trainer_for(plan.trainer, recipe, base)
    named = plan.named(case_set, history_of(judgments))
    parts = parts_of(named, case_set, judgments)
    loaded: Loaded | None = None
    form: Form = "end"
    if isinstance(base, Settings):
        model = LocalModel(plan.model, base)
        loaded, form = model.loaded, taught_form(plan, model, case_set, store)
    else:
        check_for_provider(plan)
    courses = prepare(named, parts, judgments, loaded, base, form)
    return Preparation(named, base, loaded, form, recipe, trainer, judgments, parts, courses)


def check_for_provider(plan: TuningPlan) -> None:
    """Refuse what a plan says that no provider can be told.

    Raises:
        DiscretionError: names it.
    """
    instead = {
        "learning_rate": "a provider takes a multiplier: --set learning_rate_multiplier=2",
        "lora": "leave it out",
        "rank": "leave it out",
        "at_once": "leave it out",
        "outside": "leave it out",
        "try_rates": "say --epochs and --set learning_rate_multiplier=2",
        "try_epochs": "say --epochs",
    }
    if any(one.head for one in targets(plan.targets)):
        raise DiscretionError(
            f"a head reads hidden states, and {plan.model!r} is at an endpoint, which gives none",
            where="--targets",
            fix="leave the heads out, or name a model in a folder",
        )
    for name, fix in instead.items():
        if getattr(plan, name):
            raise DiscretionError(
                f"{name.replace('_', ' ')} is for models that are trained here",
                where=f"--{name.replace('_', '-')}",
                fix=fix,
            )
    if plan.averaging != "example":
        raise DiscretionError(
            "how tokens are averaged is the provider's choice",
            where="--averaging",
            fix="leave it out",
        )


def taught_form(plan: TuningPlan, model: LocalModel, case_set: CaseSet, store: Store) -> Form:
    """In what form decisions are taught: the one in which the base is scored under the plan's
    method, by its settings or by a probe; where that is not a complete answer, without its end.

    Plans that name no method teach complete answers, as they did when there was no other form.
    """
    if model.reads_twin or not plan.method:
        return "end"
    policies = {case.policy: case_set.policy_of(case) for case in case_set}
    arm = PromptedArm(model, methods.method(plan.method), policies, Decoding())
    [settled] = answer_forms.settle([arm], case_set.cases, store)
    form = settled.form if isinstance(settled, PromptedArm) else "end"
    return "cue-word" if form == "cue" else form
