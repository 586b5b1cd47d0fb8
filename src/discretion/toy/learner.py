"""The stand-in learner: ridge logistic regression that also reads explanations.

It stands where a language model would be trained, so that a thousand studies take a minute. An
explanation adds one pseudo-observation: the judged case seen through the factor that it names.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from discretion.toy.explanations import Bools, Floats, Ints

PRIOR_SD = 2.5
"""Each weight but the intercept has a Normal(0, 2.5) prior, as in the baseline."""


@dataclass(frozen=True, slots=True)
class Learner:
    """What of the learner stands for the model that is trained in its place."""

    weight: float
    """Of an explanation beside its judgment, which counts 1."""
    noise: float
    """How far training itself moves each weight, as a standard deviation in logits per standard
    deviation of the feature; drawn anew for each target and seed, as trainings that differ in
    nothing but some texts end in other weights."""


LEARNER = Learner(weight=0.8, noise=0.2)
"""As the built-in model at quality 1, where both were fixed before any other quality was tried:
docs/reference/power_weight.md."""
_FLAT = 1e-6
"""Precision of the intercept's prior: it counts only where all decided alike."""
_STEPS = 100
_CLOSE = 1e-8
"""Largest change of a logit by a step that counts as none."""


def seen_through(features: Floats, named: Ints) -> Floats:
    """(J, D) the cases as explanations show them: every feature but the one named at its mean.

    Where an explanation names what its case does not say, as one from elsewhere may, the case
    shows that the factor is absent, and its decision is put down to that.

    Args:
        features: (J, D) of the judged cases, less their means.
        named: (J,) the column that each explanation names.
    """
    shown = np.zeros_like(features)
    row = np.arange(len(named))
    shown[row, named] = features[row, named]
    return shown


def fit(x: Floats, granted: Bools, weight: Floats, start: Floats | None = None) -> Floats:
    """(B, D + 1) weights of B ridge logistic regressions, the intercept, all but free, first.

    Newton's method with steps of log(1 + r) / r, r the largest change of a logit: such a step
    always descends, from any start (Sun and Tran-Dinh, Generalized self-concordant functions,
    2019, for the logistic loss).

    Args:
        x: (B, N, D) or (N, D) features.
        granted: (N,) the decisions.
        weight: (B, N), how much each counts.
        start: (B, D + 1), weights to begin from; zeros by default.
    """
    design = np.concatenate([np.ones((*x.shape[:-1], 1)), x], axis=-1)
    design = np.broadcast_to(design, (len(weight), *design.shape[-2:]))
    across = design.swapaxes(1, 2)
    prior = np.full(design.shape[-1], PRIOR_SD**-2)
    prior[0] = _FLAT
    beta = np.zeros((len(weight), len(prior))) if start is None else start.copy()
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-(design @ beta[:, :, None])[:, :, 0]))
        slope = (across @ (weight * (granted - p))[:, :, None])[:, :, 0] - prior * beta
        curved = across @ (design * (weight * p * (1 - p))[:, :, None]) + np.diag(prior)
        step = np.linalg.solve(curved, slope[:, :, None])[:, :, 0]
        change = np.abs((design @ step[:, :, None])[:, :, 0]).max(axis=1)
        reach = np.maximum(change, _CLOSE)
        beta += step * (np.log1p(reach) / reach)[:, None]
        if change.max() < _CLOSE:
            break
    return beta


def shaken(
    beta: Floats, spread: Floats, noise: float, seeds: int, rng: np.random.Generator
) -> Floats:
    """(B, S, D + 1) the fits (B, D + 1) as S trainings of each leave them.

    Args:
        spread: (D,) standard deviations of the features; a feature without any stays as it is.
        noise: see `Learner`.
    """
    moved = rng.standard_normal((len(beta), seeds, beta.shape[1]))
    moved[..., 1:] /= np.where(spread > 0, spread, np.inf)
    return np.asarray(beta[:, None, :] + noise * moved)


def predict(beta: Floats, features: Floats) -> Floats:
    """(..., C) grant probabilities of C cases, (C, D), by fits (..., D + 1)."""
    logit = beta[..., :1] + beta[..., 1:] @ features.T
    return np.asarray(1 / (1 + np.exp(-logit)))
