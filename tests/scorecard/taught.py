"""Tuned models whose errors are known: each is so far from the people's true rates, on average."""

import numpy as np

from discretion.scorecard.study import study_of
from discretion.scorecard.teaching import Declared, teaching_card
from discretion.scorecard.teaching_cards import FrozenCard, Trial
from discretion.stats.recalibration import fit

from .hand_made import case_set, panel, strict

CONTROLS = (
    ("real-before", "shuffled-before"),
    ("real-before", "neutral-before"),
    ("real-after", "shuffled-after"),
    ("real-after", "neutral-after"),
)
AGAINST_LABELS = (("real-before", "labels"), ("real-after", "labels"))
FAMILIES = (CONTROLS, AGAINST_LABELS)
OFF = {
    "labels": 0.15,
    "real-before": 0.30,
    "shuffled-before": 0.31,
    "neutral-before": 0.45,
    "real-after": 0.15,
    "shuffled-after": 0.32,
    "neutral-after": 0.40,
}
"""How far each target is from the people's rate on every case, one way or the other."""
FROZEN = FrozenCard("ab" * 32, "2026-01-02T00:00:00+00:00", 0, False, "", ())
SEEDS = 3


def study(scenarios=8, people=None):
    some = case_set(scenarios)
    return study_of(some.cases, people or panel(some.cases))


def units(one):
    return [case.scenario for case in one.cases]


def trial(one, name, p, kind="target", seed=None, recalibrate=True, **more):
    """Answers with both recalibrations, fitted on these same cases."""
    grants, refusals = one.rates.grants, one.rates.n - one.rates.grants
    nothing = np.full(len(p), np.nan)
    a, both = (fit(p, grants, refusals, slope=slope) for slope in (False, True))
    shown = (a.apply(p), both.apply(p)) if recalibrate else (nothing, nothing)
    return Trial(name, seed, p, np.zeros(len(p)), *shown, kind, **more)


def off(one, by, rng):
    """The people's rates, each off by about so much."""
    size = by * rng.uniform(0.8, 1.2, len(one.rates.h))
    side = np.where(one.rates.h > 0.5, -1, 1)
    return np.clip(one.rates.h + side * size, 0, 1)


def untaught(one):
    """The strict base and two baselines."""
    base = np.array([strict(case) for case in one.cases])
    half = np.full(len(base), 0.5)
    return [
        trial(one, "base", base, "base"),
        trial(one, "precedents", 0.5 * base + 0.2, "method"),
        trial(one, "baseline/mean", half, "baseline", recalibrate=False),
    ]


def trials(one, targets=OFF, seeds=SEEDS):
    rng = np.random.default_rng(0)
    taught = [
        trial(one, name, off(one, by, rng), seed=seed)
        for name, by in targets.items()
        for seed in range(seeds)
    ]
    return [*untaught(one), *taught]


def card(families=FAMILIES, frozen=FROZEN, **more):
    """The card of all seven targets; the scenarios are taken for domains."""
    one = study()
    return teaching_card(one, units(one), trials(one), Declared(families, frozen=frozen), **more)
