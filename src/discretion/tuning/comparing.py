"""Comparing tuned models: what each was made with, and figures on the cases that all were asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from discretion.core.answers import Estimate
from discretion.core.holdouts import unit_of
from discretion.errors import DiscretionError
from discretion.models.tuned import PREFIX
from discretion.runs import Run, runs
from discretion.scorecard.study import replies_of, study_of
from discretion.stats.contrasts import contrast
from discretion.stats.figure import Figure
from discretion.stats.gaps import corrected_gap, signed_gap
from discretion.stats.scores import brier
from discretion.storage import Store, records
from discretion.tuning.asking import taught_method


@dataclass(frozen=True, slots=True)
class Side:
    """One tuned model on the cases that all were asked."""

    model: str
    method: str
    run: str
    gap: Figure
    signed: Figure
    brier: Figure
    against_first: Figure | None
    """Its Brier score minus the first one's, paired: below zero it is nearer. None for the
    first."""
    p: float | None
    """Of no difference; None where there is no interval."""


def compare(
    store: Store, models: Sequence[str], panel: str, by: str = "scenario"
) -> tuple[Side, ...]:
    """Tuned models on the cases that all of them were asked, each in its newest finished run.

    Args:
        models: without prefix; the first is the one that the others are held against.
        panel: name or expression of the people.
        by: what was held out: the difference is told as it varies between such groups, as in the
            report, and not for these cases only.

    Raises:
        DiscretionError: one was never asked, they share no case, or the panel judged none.
    """
    asked = [_newest(store, model) for model in models]
    answered = [_estimates(run, arm) for run, arm in asked]
    shared = frozenset.intersection(*(frozenset(one) for one in answered))
    if not shared:
        raise DiscretionError(
            f"no held-out case was asked of both {PREFIX}{models[0]} and the others",
            fix="compare models of one fold, or ask them in one run: discretion evaluate",
        )
    case_set = asked[0][0].case_set
    study = study_of([case for case in case_set if case.id in shared], records.panel(store, panel))
    replies = replies_of(
        study,
        models,
        (
            (model, one)
            for model, found in zip(models, answered, strict=True)
            for one in found.values()
        ),
    )
    units = np.unique([unit_of(case, by) for case in study.cases], return_inverse=True)[1]
    rates = replace(study.rates, scenario=units.astype(np.int64))
    sides = []
    for model, (run, arm) in zip(models, asked, strict=True):
        first, own = replies[models[0]], replies[model]
        found = contrast(own.p, own.variance, first.p, first.variance, rates, beyond=True)
        other = model != models[0]
        sides.append(
            Side(
                model,
                arm.partition("/")[2],
                run.id,
                corrected_gap(own.p, own.variance, study.rates),
                signed_gap(own.p, study.rates),
                brier(own.p, own.variance, study.rates),
                found.difference if other else None,
                found.p_value if other else None,
            )
        )
    return tuple(sides)


def settings(notes: Mapping[str, Any]) -> dict[str, str]:
    """What a tuned model was made with, as words, from its notes."""
    recipe, examples = notes.get("recipe", {}), notes.get("examples", {})
    base, held = notes.get("base", {}), notes.get("hold_out", {})
    said = {
        "base": f"{base.get('model')} {str(base.get('fingerprint'))[:12]}",
        "target": notes.get("target"),
        "seed": notes.get("seed"),
        "fold": notes.get("fold"),
        "held out by": held.get("by"),
        "examples": examples.get("count"),
        "of which grant": examples.get("grants"),
        "what was taught": str(examples.get("hash"))[:12],
        "trainer": notes.get("trainer"),
        **recipe,
    }
    return {name.replace("_", " "): str(value) for name, value in said.items()}


def _newest(store: Store, model: str) -> tuple[Run, str]:
    """The newest finished run that asked a model, and the arm: first as it was taught."""
    for run in reversed(runs(store)):
        arms = [name for name, _ in run.arms if name.startswith(f"{PREFIX}{model}/")]
        if arms and run.finished and not run.plan.rehearsal:
            return run, arms[0]
    raise DiscretionError(
        f"{PREFIX}{model} was never asked what it had not seen",
        where=str(store.path),
        fix=f"run: discretion evaluate --arm {PREFIX}{model}/{taught_method(store, model)}",
    )


def _estimates(run: Run, arm: str) -> dict[str, Estimate]:
    return run.estimates()[arm]
