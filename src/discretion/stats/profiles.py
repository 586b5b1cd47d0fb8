"""Profile likelihood of each scenario's threshold, all scenarios in one batch.

A scenario's profile is exact in its own parameters and in how its own judgments bear on g, l and
m; what the other scenarios say of g, l and m enters as the quadratic at the optimum. So each
scenario carries its own copy of the shared three, and all profiles are followed side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from discretion.stats.arrowhead import FARTHEST, at_bound, positive_inverse, without
from discretion.stats.curves import Curves
from discretion.stats.psychometric import (
    LAPSE_BOUND,
    SHARED,
    THRESHOLD,
    Floats,
    scenario_terms,
    shared_terms,
)

_MOST_STEPS = 40
_MOST_HALVINGS = 20
_CONVERGED = 1e-4
"""Largest loss that a profile may still have to gain; the cutoff is about 2."""
_NEAR = 0.01
"""An end is found when the root of its likelihood ratio is this near to the cutoff's."""
_MOST_TRIES = 25


@dataclass(frozen=True, slots=True)
class Profiles:
    """The loss of every scenario as a function of its threshold, everything else following."""

    curves: Curves
    pull: Floats
    """(S, 3) gradient by the shared parameters of all scenarios but this one."""
    hold: Floats
    """(S, 3, 3) their second derivatives, with their own parameters following along."""
    lowest: Floats
    """(S,) loss at the optimum of the fit."""

    @classmethod
    def of(cls, curves: Curves) -> Self:
        """The profiles at a fit."""
        loss, gradient, hessian = scenario_terms(curves.cells, curves.theta)
        border = hessian[:, :SHARED, SHARED:]
        inverse = positive_inverse(hessian[:, SHARED:, SHARED:])
        schur = hessian[:, :SHARED, :SHARED] - border @ inverse @ np.swapaxes(border, 1, 2)
        return cls(
            curves=curves,
            pull=gradient[:, :SHARED].sum(0) - gradient[:, :SHARED],
            hold=schur.sum(0) - schur,
            lowest=loss + shared_terms(curves.theta[:, :SHARED])[0],
        )

    def terms(self, theta: Floats) -> tuple[Floats, Floats, Floats]:
        """Loss (S,), gradient (S, T) and Hessian (S, T, T), each scenario on its own."""
        loss, gradient, hessian = scenario_terms(self.curves.cells, theta)
        prior_loss, prior_gradient, prior_hessian = shared_terms(theta[:, :SHARED])
        moved = theta[:, :SHARED] - self.curves.theta[:, :SHARED]
        held = (self.hold @ moved[..., None])[..., 0]
        loss = loss + prior_loss + ((self.pull + held / 2) * moved).sum(1)
        gradient[:, :SHARED] += prior_gradient + self.pull + held
        hessian[:, :SHARED, :SHARED] += prior_hessian + self.hold
        return loss, gradient, hessian

    def root(self, threshold: Floats, theta: Floats) -> tuple[Floats, Floats]:
        """Root of the likelihood ratio with thresholds held at ``threshold`` (S,).

        ``theta`` is where the search starts; it is returned as it ends, to start the next.
        """
        theta = theta.copy()
        theta[:, THRESHOLD] = threshold
        loss, gradient, hessian = self.terms(theta)
        stuck = np.zeros(len(loss), dtype=bool)
        for _ in range(_MOST_STEPS):
            held = np.zeros(theta.shape, dtype=bool)
            held[:, :SHARED], onto = at_bound(theta[:, :SHARED], gradient[:, :SHARED])
            held[:, THRESHOLD] = True
            downhill = np.where(held, 0.0, -gradient)
            step = (positive_inverse(without(hessian, held)) @ downhill[..., None])[..., 0]
            step[:, :SHARED] += onto
            step[:, THRESHOLD] = 0.0
            moving = (-(step * gradient).sum(1) > _CONVERGED) & ~stuck
            if not moving.any():
                break
            length = np.minimum(1.0, FARTHEST / np.abs(step).max(axis=1, initial=1e-9))
            length[~moving] = 0.0
            for _ in range(_MOST_HALVINGS):
                trial = theta + length[:, None] * step
                trial[:, :2] = np.clip(trial[:, :2], 0.0, LAPSE_BOUND)
                reached = self.terms(trial)
                worse = reached[0] > loss
                if not worse.any():
                    break
                length[worse] /= 2
            stuck |= worse
            trial[worse] = theta[worse]
            theta = trial
            loss, gradient, hessian = self.terms(trial) if worse.any() else reached
        return np.sqrt(2 * np.maximum(loss - self.lowest, 0.0)), theta

    def ends(self, cutoff: Floats) -> tuple[Floats, Floats]:
        """Where the root of the likelihood ratio reaches ``cutoff`` (S,), below and above.

        Log deviations, looked for between the smallest and the largest value tried and clipped to
        them; -inf or inf where the ratio stays below the cutoff as far as values were tried.
        """
        cells = self.curves.cells
        low = self._end(cells.smallest, cutoff, -1)
        high = self._end(cells.largest, cutoff, 1)
        return (
            np.where(np.isnan(low), -np.inf, low),
            np.where(np.isnan(high), np.inf, high),
        )

    def _end(self, edge: Floats, cutoff: Floats, side: int) -> Floats:
        """The end below (``side`` -1, ``edge`` the smallest value tried) or above (1, the
        largest); NaN where the interval is open on that side."""
        cells, best = self.curves.cells, self.curves.theta
        near = np.clip(best[:, THRESHOLD], cells.smallest, cells.largest)
        near_root, theta = self.root(near, best)
        at_edge, _ = self.root(edge, theta)
        closed = (near_root < cutoff) & (at_edge >= cutoff)
        spread = np.sqrt(self.curves.sandwich.model[:, 1, 1])
        tried = near + side * np.minimum((cutoff - near_root) * spread, np.abs(edge - near) / 2)
        inner, inner_miss, outer, outer_miss = near, near_root - cutoff, edge, at_edge - cutoff
        was_inside = np.zeros(len(near), dtype=bool)
        for repeat in range(_MOST_TRIES):
            reached, theta = self.root(tried, theta)
            miss = reached - cutoff
            found = ~closed | (np.abs(miss) < _NEAR)
            if found.all():
                break
            inside = miss < 0
            # False position; halving the stale side's miss (Illinois) keeps it from creeping.
            stale = (inside == was_inside) & (repeat > 0)
            outer_miss = np.where(inside, np.where(stale, outer_miss / 2, outer_miss), miss)
            inner_miss = np.where(inside, miss, np.where(stale, inner_miss / 2, inner_miss))
            inner, outer = np.where(inside, tried, inner), np.where(inside, outer, tried)
            was_inside = inside
            share = np.divide(inner_miss, inner_miss - outer_miss, where=~found, out=0 * miss)
            tried = np.where(found, tried, inner + share * (outer - inner))
        # An interval that lies beyond all values tried is clipped to the outermost of them.
        clipped = (near_root >= cutoff) & (side * (best[:, THRESHOLD] - near) < 0)
        return np.where(closed, tried, np.where(clipped, near, np.nan))
