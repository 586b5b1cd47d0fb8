"""Asking: what was held out is put to every tuned model, to the untuned one, and to baselines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from discretion import baselines
from discretion.core.arms import Arm
from discretion.core.cases import CaseSet
from discretion.core.holdouts import group_of
from discretion.core.plans import HeldOut, Plan
from discretion.core.strata import sample
from discretion.core.tuning_plans import TuningPlan
from discretion.evaluation import evaluate
from discretion.methods.plain import PLAIN
from discretion.models.tuned import PREFIX
from discretion.runs import Run
from discretion.storage import Store
from discretion.training.targets import targets
from discretion.training.training_sets import Fold
from discretion.tuning.frozen import find_frozen
from discretion.tuning.training import Training, asked_by
from discretion.workspace.lineup import usual_method

ArmsOf = Callable[[Plan, CaseSet], Sequence[Arm]]
"""Makes the arms that a plan names, knowing no more cases than a case set holds."""


def ask_held_out(
    plan: TuningPlan,
    panel: str,
    parts: Sequence[Fold],
    planned: Sequence[Training],
    case_set: CaseSet,
    arms: ArmsOf,
    store: Store,
    **how: Any,
) -> Run:
    """Put every held-out case to the models that were not taught its fold, and to what needs no
    training.

    Args:
        panel: the plan's people, by name.
        case_set: all cases of the workspace.
        how: passed on to `evaluate`: progress, clock, spending.

    Raises:
        StoppedError: as `evaluate` does; the same command goes on.
    """
    held = {case.id for fold in parts for case in fold.held}
    # With one split, its groups are named, so that baselines and precedents learn from all others.
    # Where people or a moment are held out, the plan names them already.
    out = (
        plan.hold_out
        if plan.every_fold or plan.hold_out.of_judgments
        else plan.hold_out.model_copy(update={"groups": parts[0].groups})
    )
    asked = Plan(
        arms=(
            *untuned(plan, put_in=all(one.put_in for one in planned)),
            *(arm for one in planned for arm in one.arms),
            *_BASELINES,
        ),
        panel=panel,
        hold_out=out,
        reasonings=plan.reasonings,
        tuning=plan.hash,
    )
    cases = case_set.only(case for case in case_set if case.id in held)
    return evaluate(cases, arms(asked, case_set), store, plan=asked, **how)


def calibration_run(
    plan: TuningPlan,
    panel: str,
    fold: Fold,
    planned: Sequence[Training],
    arms: ArmsOf,
    store: Store,
    **how: Any,
) -> Run:
    """Ask a fold's models, and the untuned one, some of the cases that the fold leaves open.

    Each arm is recalibrated on such answers. What was held out is not even in the case set from
    which precedents are drawn.

    Args:
        planned: the trainings of this fold.
        how: passed on to `evaluate`.
    """
    # What is fitted or shown is held out here too, among what is open; by case where one group is.
    # Where people or a moment are held out, it is told by those who may be learned from.
    by = "case" if plan.hold_out.of_judgments else plan.hold_out.by
    by = by if len({group_of(c, by) for c in fold.open}) > 1 else "case"
    out = HeldOut(by=by, folds=plan.hold_out.folds)
    # Cases that all nearly repeat each other are held out together: none is left to fit or to show.
    left = any(not mask.all() for mask in out.holdout().splits(fold.open.cases))
    own = [arm for one in planned for arm in one.arms]
    put_in = all(one.put_in for one in planned)
    base = untuned(plan, put_in=put_in) if left else taught_ways(plan, put_in=put_in)
    asked = Plan(
        arms=(*base, *own, *(_BASELINES if left else ())),
        panel=panel + fold.learned,
        hold_out=out,
        reasonings=plan.reasonings,
        tuning=plan.hash,
        rehearsal=True,
    )
    cases = fold.open.only(sample(fold.open.cases, int(plan.rehearsed), 0))
    return evaluate(cases, arms(asked, fold.open), store, plan=asked, **how)


def first_arm(model: str, models: Mapping[str, Mapping[str, Any]], store: Store) -> str:
    """The arm that asks a model as suits it best: one that was tuned as it was taught.

    Args:
        models: settings of the models that the workspace names.
    """
    if model.startswith(PREFIX):
        return f"{model}/{taught_method(store, model.removeprefix(PREFIX))}"
    return f"{model}/{usual_method(model, models.get(model, {}))}"


def taught_method(store: Store, model: str) -> str:
    """The method in whose words a tuned model was taught; plain where the log does not say.

    Args:
        model: without its prefix.
    """
    named = [entry for entry in store.entries("tuned") if entry.key == model]
    if not named:
        return PLAIN.name
    [target] = targets([named[-1].body["target"]])
    return asked_by(target, find_frozen(store, named[-1].grouping).plan.asked)[0]


def untuned(plan: TuningPlan, *, put_in: bool = True) -> tuple[str, ...]:
    """The base by the methods in which targets are taught, and by those to compare with.

    Args:
        put_in: also after a reasoning that is put in, which a server cannot be asked.
    """
    beside = (f"{plan.model}/{name}" for name in plan.beside)
    return tuple(dict.fromkeys([*taught_ways(plan, put_in=put_in), *beside]))


def taught_ways(plan: TuningPlan, *, put_in: bool = True) -> tuple[str, ...]:
    """The base asked for its decision at once, and by the methods in which targets are taught."""
    taught = [
        way
        for target in targets(plan.targets)
        for way in asked_by(target, plan.asked, put_in=put_in)
    ]
    return tuple(f"{plan.model}/{name}" for name in dict.fromkeys([plan.asked, *taught]))


_BASELINES = tuple(f"baseline/{name}" for name in baselines.NAMES)
