"""A design without a control: many labels in one model, few explanations in another.

One scenario is taught and nine are held out. Nothing but what stands here is taken from anywhere:
cases, people and seeds are this project's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from discretion.stats.contrasts import contrast
from discretion.toy.explanations import sources
from discretion.toy.judges import PANELS
from discretion.toy.learner import Learner, fit, predict, seen_through, shaken
from discretion.toy.teaching_studies import pool, teaching_study
from discretion.tuning.power import QUALITIES
from discretion.tuning.power_trials import people

LABELS, EXPLANATIONS, UNSEEN = 303, 50, 9
CASES, RATERS = 40, 10


def unequal(seed: Sequence[int], learner: Learner) -> dict[str, dict[str, Any]]:
    """For each quality, whether 50 judgments with explanations are told from 303 labels alone."""
    cases, texts, rest = (np.random.default_rng([*seed, part]) for part in range(3))
    panel = pool(list(PANELS)[seed[-1] % len(PANELS)])
    study = teaching_study(cases, panel, domains=UNSEEN + 1, cases=CASES, raters=RATERS)
    told = sources(study.granted, study.domain[study.case], QUALITIES, texts)
    there = np.flatnonzero(study.domain[study.case] == UNSEEN)
    labels = rest.permutation(there)[:LABELS]
    few = labels[:EXPLANATIONS]
    held = study.domain < UNSEEN
    features = study.pool.features[study.source]
    answered = [_answers(features, study.case[labels], study.granted[labels], held, learner, rest)]
    for quality in QUALITIES:
        named = study.named[told[quality][few], 0]
        case, granted = study.case[few], study.granted[few]
        answered.append(_answers(features, case, granted, held, learner, rest, named))
    rates, truth = people(study, int(held.sum())), study.truth[held]
    none = np.zeros_like(truth)
    found = {}
    for quality, p in zip(QUALITIES, answered[1:], strict=True):
        one = contrast(p, none, answered[0], none, rates, beyond=True)
        found[str(quality)] = {
            "p_value": one.p_value,
            "difference": one.difference.value,
            "true_difference": float(((p - truth) ** 2 - (answered[0] - truth) ** 2).mean()),
        }
    return found


def _answers(
    features: np.ndarray,
    case: np.ndarray,
    granted: np.ndarray,
    held: np.ndarray,
    learner: Learner,
    rng: np.random.Generator,
    named: np.ndarray | None = None,
) -> np.ndarray:
    """(held,) what is answered after one training on these judgments, explained where named."""
    known = features[case]
    center = known.mean(axis=0)
    known, asked = known - center, features[held] - center
    rows, counts = known, np.ones(len(known))
    if named is not None:
        rows = np.concatenate([known, seen_through(known, named)])
        counts = np.concatenate([counts, learner.weight * counts])
    beta = fit(rows, np.resize(granted, len(rows)), counts[None])
    moved = shaken(beta, known.std(axis=0), learner.noise, 1, rng)
    return np.asarray(predict(moved, asked)[0, 0])
