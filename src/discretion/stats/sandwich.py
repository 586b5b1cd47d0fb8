"""The sandwich: how much wider a curve's parameters vary because judgments share a rater, or a
case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from discretion.stats.arrowhead import Arrow
from discretion.stats.dispersion import Dispersion, dispersion
from discretion.stats.psychometric import SHARED, Cells, Floats, Ints, respond
from discretion.stats.rates import sums_by


@dataclass(frozen=True, slots=True, eq=False)
class Linked:
    """What each rater's judgments do to the estimates, to first order."""

    scenario: Ints
    """(pairs,) row of a scenario that a rater judged."""
    rater: Ints
    """(pairs,) which rater, 0 to R - 1."""
    direct: Floats
    """(pairs, p) effect of the rater's judgments of the scenario on its own parameters."""
    shared: Floats
    """(R, 3) the rater's score on g, l and m, over all scenarios."""
    pull: Floats
    """(S, p, 3) effect of such a score on each scenario's own parameters."""

    @property
    def raters(self) -> Ints:
        """(S,) how many raters judged each scenario."""
        return np.bincount(self.scenario, minlength=len(self.pull))

    def variance_of_sum(self, direction: Floats) -> float | None:
        """Variance, by raters, of the sum over scenarios of ``direction`` (S, p) times their own
        parameters; None with a single rater."""
        count = len(self.shared)
        if count < 2:
            return None
        direct = (direction[self.scenario] * self.direct).sum(1)
        effect = sums_by(self.rater, direct, count)
        effect += self.shared @ np.einsum("sp,spq->q", direction, self.pull)
        return float(effect @ effect) * count / (count - 1)


@dataclass(frozen=True, slots=True, eq=False)
class Sandwich:
    """Covariances of each scenario's own parameters: log b, log threshold, effects."""

    model: Floats
    """(S, p, p) inverse Hessian of the penalised loss: right where judgments are independent."""
    independent: Floats
    """(S, p, p) sandwich with each judgment a cluster of its own."""
    clustered: Floats | None
    """(S, p, p) sandwich with each rater a cluster, across scenarios; None without rater ids."""
    linked: Linked | None
    """The raters, as far as they judged cases that break the rule; None without rater ids."""
    by_case: Floats | None = None
    """(S, p, p) what cases add that differ beyond their value and factors; None without cases."""
    dispersion: Dispersion | None = None
    """How much they differ; None without cases."""

    def inflation(self, direction: Floats) -> Floats:
        """(S,) by how much raters and cases inflate the variance of ``direction`` (S, p), at least
        1: the two ways in which judgments cluster, added (Cameron, Gelbach and Miller 2011).

        What the sandwich clustered by rater, times the usual R / (R - 1), has beyond the
        independent one is added to the model's variance: model error is in both and does not enter.
        A difference below 0 counts as 0: from a handful of raters it is more often chance than
        gain. A scenario has too few cases for a sandwich of its own, so what cases add comes from
        their spread over all scenarios: see `dispersion`.
        """
        plain = _along(self.model, direction)
        extra = self._by_rater(direction) + self._by_case(direction)
        return 1 + np.divide(extra, plain, out=np.zeros(len(plain)), where=plain > 0)

    def _by_rater(self, direction: Floats) -> Floats:
        if self.clustered is None or self.linked is None:
            return np.zeros(len(direction))
        raters = self.linked.raters
        together = _along(self.clustered, direction) * raters / np.maximum(raters - 1, 1)
        return np.maximum(together - _along(self.independent, direction), 0.0)

    def _by_case(self, direction: Floats) -> Floats:
        if self.by_case is None:
            return np.zeros(len(direction))
        return np.maximum(_along(self.by_case, direction), 0.0)

    def variance(self, direction: Floats) -> Floats:
        """(S,) variance of ``direction`` (S, p) by the model, inflated."""
        return _along(self.model, direction) * self.inflation(direction)

    def quantile(self, confidence: float, direction: Floats) -> Floats:
        """(S,) t quantile of a two-sided interval along ``direction`` (S, p).

        Degrees of freedom are Satterthwaite's: raters less one for what the model and raters give,
        those of the dispersion for what cases add. NaN with a single rater, who says nothing of
        others.
        """
        from scipy.special import stdtrit

        freedom = np.full(len(self.model), np.inf)
        if self.linked is not None:
            freedom = np.where(self.linked.raters > 1, self.linked.raters - 1.0, np.nan)
        if self.dispersion is not None:
            cases = self._by_case(direction)
            rest = _along(self.model, direction) + self._by_rater(direction)
            parts = rest**2 / freedom + cases**2 / self.dispersion.freedom
            whole = (rest + cases) ** 2
            few = np.divide(whole, parts, out=np.full(len(parts), np.inf), where=parts != 0)
            freedom = np.where(np.isnan(freedom), np.nan, np.minimum(freedom, few))
        return np.asarray(stdtrit(freedom, (1 + confidence) / 2), dtype=float)


def _along(covariance: Floats, direction: Floats) -> Floats:
    return np.asarray(np.einsum("si,sij,sj->s", direction, covariance, direction))


def sandwich(
    cells: Cells,
    theta: Floats,
    bread: Arrow,
    rater: NDArray[Any] | None,
    cell_of_row: Ints,
    grants: Floats,
    refusals: Floats,
    cases: tuple[Ints, Floats, Floats] | None = None,
) -> Sandwich:
    """The covariances at a fitted ``theta``, from the rows that were counted into cells.

    ``rater``, ``cell_of_row``, ``grants`` and ``refusals`` are (n,) over rows; ``cases`` the cell,
    grants and trials of each case.
    """
    own = bread.block_inverse
    pull = -own @ np.swapaxes(bread.border, 1, 2) @ bread.shared_inverse
    model = own - pull @ bread.border @ own
    response = respond(cells, theta)
    on_grant = response.jacobian / response.grant[:, None]
    on_refusal = -response.jacobian / response.refuse[:, None]

    scores = np.concatenate([on_grant, on_refusal])
    twice = np.concatenate([cells.scenario, cells.scenario])
    weights = np.concatenate([cells.grants, cells.refusals])
    direct, shared = _influence(scores, twice, bread)
    independent = _outer_sum(direct, shared, shared, weights, twice, pull)
    more, spread = None, None
    if cases is not None:
        spread = dispersion(cells, theta, model, *cases)
        at, where = spread.cell, cells.scenario[spread.cell]
        per_grant = (response.jacobian / (response.grant * response.refuse)[:, None])[at]
        direct, shared = _influence(per_grant, where, bread)
        more = _outer_sum(direct, shared, shared, spread.extra, where, pull)
    if rater is None:
        return Sandwich(model, independent, None, None, more, spread)

    rater = np.unique(rater, return_inverse=True)[1]
    raters = int(rater.max()) + 1
    pairs, pair = np.unique(cells.scenario[cell_of_row] * raters + rater, return_inverse=True)
    scenario, who = np.divmod(pairs, raters)
    score = on_grant[cell_of_row] * grants[:, None] + on_refusal[cell_of_row] * refusals[:, None]
    totals = np.stack([sums_by(pair, column) for column in score.T], axis=1)
    direct, shared = _influence(totals, scenario, bread)
    by_rater = np.stack([sums_by(who, column) for column in shared.T], axis=1)
    ones = np.ones(len(pairs))
    clustered = _outer_sum(direct, by_rater[who], by_rater, ones, scenario, pull)
    linked = Linked(scenario, who, direct, by_rater, pull)
    return Sandwich(model, independent, clustered, linked, more, spread)


def _influence(scores: Floats, scenario: Ints, bread: Arrow) -> tuple[Floats, Floats]:
    """A score's first-order effect on its scenario's own parameters, and on the shared score."""
    direct = (bread.block_inverse[scenario] @ scores[:, SHARED:, None])[..., 0]
    shared = scores[:, :SHARED] - (bread.border[scenario] @ direct[..., None])[..., 0]
    return direct, shared


def _outer_sum(
    direct: Floats,
    shared_of_row: Floats,
    shared: Floats,
    weights: Floats,
    scenario: Ints,
    pull: Floats,
) -> Floats:
    """(S, p, p) sum over clusters c of (direct + pull shared)(direct + pull shared)'.

    A cluster has a direct effect only on scenarios that it has rows in, but moves all of them
    through the shared parameters: hence the last term, over every cluster's ``shared``.
    """
    via_shared = (pull[scenario] @ shared_of_row[..., None])[..., 0]
    crossed = direct[:, :, None] * via_shared[:, None, :]
    outer = direct[:, :, None] * direct[:, None, :] + crossed + np.swapaxes(crossed, 1, 2)
    outer *= weights[:, None, None]
    total = np.zeros((len(pull), *outer.shape[1:]))
    np.add.at(total, scenario, outer)
    each = weights if len(weights) == len(shared) else np.ones(len(shared))
    meat = (shared * each[:, None]).T @ shared
    return np.asarray(total + pull @ meat @ np.swapaxes(pull, 1, 2))
