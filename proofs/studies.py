"""Simulated studies with known truth, as plain arrays: coverage is checked on them.

Nothing here may be chosen after coverage was seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

Strictness = Literal["close", "strict"]
GRID = (0.001, 0.01, 0.03, 0.07, 0.15, 0.3, 0.7, 1.5)
"""Deviations at which each scenario is tried."""


@dataclass(frozen=True, slots=True)
class Population:
    """The scenarios and people that a study is drawn from: curves as in DESIGN 6."""

    tipping: float = 0.15
    """Deviation at which half would grant in the median scenario."""
    slope: float = 1.2
    """b, per natural logarithm of the deviation."""
    scenario_sd: float = 0.8
    """Of the logarithm of the tipping point over scenarios."""
    rater_sd: float = 0.7
    """Of people's leniency, in the same measure."""
    lapse: float = 0.02
    model_sd: float = 0.4
    """Of the model's own tipping points over scenarios, around the people's."""
    strict_shift: float = -2.5
    """Where the strict model's tipping points lie, in logarithms, beside the people's."""
    case_sd: float = 0.0
    """Of a case's own effect on its logit, beyond its value: the same for all who judge it."""

    def rate(
        self,
        mu: Floats,
        deviation: Floats,
        leniency: Floats | float = 0.0,
        case: Floats | float = 0.0,
    ) -> Floats:
        """Grant probability where the tipping point is exp(mu); the arguments broadcast."""
        logit = self.slope * (mu + leniency - np.log(deviation)) + case
        return np.asarray(self.lapse + (1 - 2 * self.lapse) / (1 + np.exp(-logit)))

    def mean_rate(self, mu: Floats, deviation: Floats) -> Floats:
        """The rate of a rater drawn at random: 15-point Gauss-Hermite over leniency."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(15)
        at = [self.rate(mu, deviation, self.rater_sd * node) for node in nodes]
        return np.asarray(np.tensordot(weights / weights.sum(), np.array(at), axes=1))

    def tipping_points(self, rng: np.random.Generator, scenarios: int) -> Floats:
        """Logarithms of the tipping points of scenarios drawn at random, (scenarios,)."""
        return np.asarray(np.log(self.tipping) + self.scenario_sd * rng.standard_normal(scenarios))

    def model_rates(self, rng: np.random.Generator, mu: Floats, model: Strictness) -> Floats:
        """The rates of a model drawn at random, (scenarios, values), where people's tipping points
        are exp(mu), (scenarios,)."""
        shift = self.strict_shift if model == "strict" else 0.0
        own = mu + shift + self.model_sd * rng.standard_normal(len(mu))
        return self.rate(own[:, None], np.array(GRID)[None, :])


@dataclass(frozen=True, slots=True)
class Study:
    """One simulated study: C = scenarios x values cases, J = C x raters judgments."""

    p: Floats
    """(C,) the model's grant probability."""
    h: Floats
    """(C,) grant rate."""
    n: Floats
    """(C,) judgments behind it."""
    scenario: Ints
    """(C,) index of the case's scenario."""
    deviation: Floats
    """(C,)"""
    truth: Floats
    """(C,) the rate of a rater drawn at random from the population, on a case of that value whose
    own effect is none."""
    case: Ints
    """(J,) the judgments one by one: index of the case."""
    rater: Ints
    """(J,) index of the rater."""
    granted: Bools
    """(J,)"""
    threshold: Floats
    """(scenarios,) deviation at which half would grant: for each person of average leniency and,
    the curve being symmetric, for the population."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What the figures of studies of one kind estimate, over all scenarios and people."""

    signed: float
    """Mean of p - truth."""
    square: float
    """Mean of (p - truth)^2; the noise-corrected gap is its root."""


def simulate(
    rng: np.random.Generator,
    scenarios: int,
    raters: int,
    *,
    same_raters: bool,
    model: Strictness,
    population: Population | None = None,
) -> Study:
    """One study in which `raters` people judge every value of each scenario: the same people in
    all of them, or others in each."""
    people = population or Population()
    mu = people.tipping_points(rng, scenarios)
    p = people.model_rates(rng, mu, model)
    grid = np.array(GRID)
    values = len(grid)
    crowd = raters if same_raters else scenarios * raters
    leniency = people.rater_sd * rng.standard_normal(crowd)
    # (scenarios, raters): who judges which scenario.
    who = np.tile(np.arange(raters), (scenarios, 1))
    if not same_raters:
        who += raters * np.arange(scenarios)[:, None]
    own: Floats | float = 0.0
    if people.case_sd:
        own = people.case_sd * rng.standard_normal((scenarios, values, 1))
    chance = people.rate(mu[:, None, None], grid[None, :, None], leniency[who][:, None, :], own)
    granted = rng.random(chance.shape) < chance
    cases = scenarios * values
    return Study(
        p=p.ravel(),
        h=granted.mean(axis=2).ravel(),
        n=np.full(cases, float(raters)),
        scenario=np.repeat(np.arange(scenarios), values),
        deviation=np.tile(grid, scenarios),
        truth=people.mean_rate(mu[:, None], grid[None, :]).ravel(),
        case=np.repeat(np.arange(cases), raters),
        rater=np.repeat(who[:, None, :], values, axis=1).ravel(),
        granted=granted.ravel(),
        threshold=np.exp(mu),
    )


def truth_of(
    rng: np.random.Generator,
    model: Strictness,
    population: Population | None = None,
    scenarios: int = 200_000,
) -> Truth:
    """The population's figures, by the mean over many scenarios and all people."""
    people = population or Population()
    mu = people.tipping_points(rng, scenarios)
    gap = people.model_rates(rng, mu, model) - people.mean_rate(
        mu[:, None], np.array(GRID)[None, :]
    )
    return Truth(signed=float(gap.mean()), square=float((gap**2).mean()))
