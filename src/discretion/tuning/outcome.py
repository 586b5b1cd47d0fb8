"""Outcomes: from the runs of an experiment to what was learned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from discretion.core.answers import combine
from discretion.core.holdouts import unit_of
from discretion.core.judgments import Panel
from discretion.core.tuning_plans import TuningPlan
from discretion.errors import DiscretionError
from discretion.methods.prefilled_reasoning import MARK
from discretion.models.tuned import PREFIX
from discretion.runs import Run, runs
from discretion.scorecard.study import Replies, Study, replies_of, study_of
from discretion.scorecard.teaching import Declared, teaching_card
from discretion.scorecard.teaching_cards import Kind, TeachingCard, Trial
from discretion.stats.recalibration import Recalibration, fit
from discretion.stats.weights import Weigh
from discretion.storage import records
from discretion.training.fits import OwnFit, fit_from_json
from discretion.training.targets import AGAINST_LABELS, CONTROLS, HEAD_CONTROLS, Target, targets
from discretion.tuning.asking import untuned
from discretion.tuning.frozen import find_frozen, standing
from discretion.tuning.training import asked_by, model_name

BASE = "base"


@dataclass(frozen=True, slots=True)
class Pupil:
    """One tuned model among those of a plan, asked in one way."""

    target: Target
    seed: int
    fold: int
    way: str
    """The method by which it is asked."""

    @property
    def shown(self) -> str:
        """The target, and what was put in where that is not what it was taught."""
        put_in = self.way.partition(MARK)[2]
        return f"{self.target.name} {MARK}{put_in}" if put_in else self.target.name

    @property
    def together(self) -> str:
        """The name of the models of all folds, which no case was asked twice."""
        return f"{self.shown} {self.seed}"


def pupils(plan: TuningPlan) -> dict[str, Pupil]:
    """Every arm that a plan may have tuned, by its name."""
    most = int(plan.hold_out.folds) if plan.every_fold else 1
    return {
        f"{PREFIX}{model_name(plan, target, seed, fold)}/{way}": Pupil(target, seed, fold, way)
        for fold in range(most)
        for target in targets(plan.targets)
        for seed in range(int(plan.seeds))
        for way in asked_by(target, plan.asked)
    }


def outcome(run: Run, panel: Panel, *, weigh: Weigh = "scenarios") -> TeachingCard:
    """What each target taught, by the run that asked what was held out.

    Everything is read from the log: the frozen plan, this run, and the rehearsals on which
    recalibrations are fitted. An arm without a rehearsal has no recalibrated figures.

    Raises:
        DiscretionError: the run is of no tuning plan, or the panel judged none of its cases.
    """
    if not run.plan.tuning:
        raise DiscretionError(
            "this run judges no tuned models of a plan", where=run.id, fix="see: discretion plan"
        )
    frozen = find_frozen(run.store, run.plan.tuning)
    plan = frozen.plan
    study = study_of(run.case_set.cases, panel, weigh)
    known = pupils(plan)
    folds = dict(_folds(run, known))
    replies = _replies(study, run, known)
    fitted = dict(_recalibrations(run, panel, known, weigh))
    trials = [
        _trial(study, name, reply, folds, fitted, plan, known) for name, reply in replies.items()
    ]
    card = teaching_card(
        study,
        [unit_of(case, plan.hold_out.by) for case in study.cases],
        trials,
        Declared(families(plan), plan.margin, standing(run.store, frozen, run.case_set.cases)),
        by=plan.hold_out.by,
        seed=run.plan.seed,
        unlearned=dict(_unlearned(run, plan)),
    )
    return replace(card, findings=(*card.findings, *_chosen(run, plan)))


def _unlearned(run: Run, plan: TuningPlan) -> Iterator[tuple[str, str]]:
    """(target, why) where a training of a plan does not fit what it was taught."""
    failed: dict[str, list[OwnFit]] = {}
    trained: dict[str, int] = {}
    newest = {entry.key: entry.body for entry in run.store.entries("tuned", plan.hash)}
    for body in newest.values():
        trained[body["target"]] = trained.get(body["target"], 0) + 1
        if "fit" in body and not (fit := fit_from_json(body["fit"])).learned:
            failed.setdefault(body["target"], []).append(fit)
    for target, fits in failed.items():
        count = f"{len(fits)} of {trained[target]} trainings" if trained[target] > 1 else "Training"
        said = (
            f"{count} on {target} did not learn: {fits[0].compared}. Results of {target} do not "
            "count, and no verdict on it is given."
        )
        yield target, said


def _chosen(run: Run, plan: TuningPlan) -> Iterator[str]:
    """A sentence on the settings that were tried, where any were."""
    if not plan.tries:
        return
    used: dict[str, set[str]] = {}
    for entry in run.store.entries("tuned", plan.hash):
        recipe = entry.body.get("recipe", {})
        if "epochs" in recipe:
            said = f"{recipe['epochs']} epochs at {recipe['learning_rate']:g}"
            used.setdefault(entry.body["target"], set()).add(said)
    each = "; ".join(f"{target} {' or '.join(sorted(ways))}" for target, ways in used.items())
    yield (
        "Settings were chosen for each target and fold by Brier score on an inner fold, which "
        f"holds nothing of what is held out here: {each}."
    )


def families(plan: TuningPlan) -> list[list[tuple[str, str]]]:
    """The declared contrasts between a plan's targets, by family; empty families are left out."""
    taught = set(plan.targets)
    each = (
        [pair for pair in pairs if taught.issuperset(pair)]
        for pairs in (CONTROLS, AGAINST_LABELS, HEAD_CONTROLS)
    )
    return [pairs for pairs in each if pairs]


def pooled(run: Run) -> dict[str, str]:
    """For each tuned arm of a run, the name under which the models of all folds stand together."""
    if not run.plan.tuning:
        return {}
    plan = find_frozen(run.store, run.plan.tuning).plan
    if not plan.every_fold:
        return {}
    known = pupils(plan)
    begin = plan.name or plan.model
    return {
        name: f"{PREFIX}{begin}-{one.target.name}-{one.seed}-fold*/{one.way}"
        for name, one in known.items()
        if name in dict(run.arms)
    }


def _replies(study: Study, run: Run, known: Mapping[str, Pupil]) -> dict[str, Replies]:
    """Answers on what was held out, the folds of a target and seed put together."""

    def name_of(arm: str) -> str:
        return known[arm].together if arm in known else arm

    names = dict.fromkeys(name_of(arm) for arm, _ in run.arms)
    return replies_of(
        study,
        tuple(names),
        ((name_of(arm), combine(case, answers)) for arm, case, answers in run.answers()),
    )


def _folds(run: Run, known: Mapping[str, Pupil]) -> Iterator[tuple[str, int]]:
    """(case, fold) of every case that a tuned model was asked, and so was held out from it."""
    for arm, case, _ in run.answers():
        if arm in known:
            yield case, known[arm].fold


Key = tuple[str, int]
"""An arm as it stands together over folds, and the fold."""


def _recalibrations(
    run: Run, panel: Panel, known: Mapping[str, Pupil], weigh: Weigh
) -> Iterator[tuple[Key, tuple[Recalibration, Recalibration]]]:
    """What was fitted on the newest rehearsal of each fold: a alone, and a with b."""
    newest: dict[int, Run] = {}
    for other in runs(run.store):
        if other.plan.rehearsal and other.plan.tuning == run.plan.tuning and other.finished:
            for name, _ in other.arms:
                if name in known:
                    newest[known[name].fold] = other
    for fold, rehearsal in newest.items():
        people = panel
        if run.plan.hold_out is not None and run.plan.hold_out.of_judgments:
            people = records.panel(run.store, rehearsal.plan.panel)
        study = study_of(rehearsal.case_set.cases, people, weigh)
        grants = np.nan_to_num(study.rates.h * study.rates.n)
        refusals = np.nan_to_num(study.rates.n) - grants
        for name, reply in _replies(study, rehearsal, known).items():
            a = fit(reply.p, grants, refusals, slope=False)
            both = fit(reply.p, grants, refusals, slope=True)
            if a is not None and both is not None:
                yield (name, fold), (a, both)


def _trial(
    study: Study,
    name: str,
    reply: Replies,
    folds: Mapping[str, int],
    fitted: Mapping[Key, tuple[Recalibration, Recalibration]],
    plan: TuningPlan,
    known: Mapping[str, Pupil],
) -> Trial:
    """One arm's answers, each case read by what its own fold's rehearsal gave."""
    nothing = np.full(len(study.cases), np.nan)
    shifted, recalibrated, slope = nothing.copy(), nothing.copy(), nothing.copy()
    for row, case in enumerate(study.cases):
        found = fitted.get((name, folds.get(case.id, 0)))
        if found is not None:
            a, both = found
            shifted[row] = a.apply(reply.p[row : row + 1])[0]
            recalibrated[row] = both.apply(reply.p[row : row + 1])[0]
            slope[row] = both.b
    shown, kind, seed = _shown(name, plan, known)
    return Trial(shown, seed, reply.p, reply.variance, shifted, recalibrated, kind, slope)


def _shown(name: str, plan: TuningPlan, known: Mapping[str, Pupil]) -> tuple[str, Kind, int | None]:
    """How an arm is called among the trials, what it is, and its seed."""
    for pupil in known.values():
        if pupil.together == name:
            taught = pupil.shown == pupil.target.name
            return pupil.shown, "target" if taught else "probe", pupil.seed
    if name == f"{plan.model}/{plan.asked}":
        return BASE, "base", None
    if name in untuned(plan):
        way = name.removeprefix(f"{plan.model}/")
        return way, "probe" if MARK in way else "method", None
    return name, "baseline", None
