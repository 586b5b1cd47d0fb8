import math

import numpy as np
import pytest

from discretion.stats.curves import fit_curves
from discretion.stats.profiles import Profiles

from .curve_data import counted
from .curve_oracle import search


def rows_of(seed, scenarios, trials):
    rng = np.random.default_rng(seed)
    rows = []
    for scenario in range(scenarios):
        middle = rng.normal(-1, 0.5)
        for deviation in np.geomspace(0.05, 2, 6):
            rate = 0.05 + 0.9 / (1 + math.exp(2.5 * (math.log(deviation) - middle)))
            rows.append((scenario, deviation, 0, rng.binomial(trials, rate), trials))
    return rows


def full_profile(rows, scenarios, threshold):
    """Root of the likelihood ratio with the first threshold held and all else searched anew."""
    plain = [(k, d, [], y, n) for k, d, _, y, n in rows]
    free, vector = search(plain, scenarios)
    held, _ = search(plain, scenarios, held=(0, threshold), start=vector)
    return math.sqrt(max(0.0, 2 * (held - free)))


@pytest.mark.parametrize(("scenarios", "tolerance"), [(1, 1e-3), (3, 0.05)])
def test_profiles_are_those_of_a_slow_search(scenarios, tolerance):
    """Exact for one scenario; for several, the others enter as a quadratic."""
    rows = rows_of(3, scenarios, 15)
    curves = fit_curves(counted(rows))
    error = np.sqrt(curves.sandwich.model[:, 1, 1])
    for steps in (-2.0, -1.0, 1.5):
        at = curves.theta[:, 4] + steps * error
        root, _ = Profiles.of(curves).root(at, curves.theta)
        assert root[0] == pytest.approx(full_profile(rows, scenarios, at[0]), abs=tolerance)


def test_the_profile_is_lowest_at_the_fit():
    curves = fit_curves(counted(rows_of(4, 5, 10)))
    profiles = Profiles.of(curves)
    root, theta = profiles.root(curves.theta[:, 4], curves.theta)
    assert root == pytest.approx(0, abs=1e-3)
    assert theta == pytest.approx(curves.theta, abs=1e-3)


def test_ends_are_where_the_ratio_reaches_the_cutoff():
    curves = fit_curves(counted(rows_of(5, 6, 30)))
    cutoff = np.full(6, 1.96)
    profiles = Profiles.of(curves)
    for end in profiles.ends(cutoff):
        assert np.isfinite(end).all()
        assert profiles.root(end, curves.theta)[0] == pytest.approx(cutoff, abs=0.05)


def test_an_end_off_the_values_tried_is_open():
    everything = counted([(0, d, 0, 1, 1) for d in (0.1, 0.3, 0.9)])
    low, high = Profiles.of(fit_curves(everything)).ends(np.array([1.96]))
    assert high[0] == np.inf
    assert np.log(0.1) < low[0] < np.log(0.9)


def test_an_interval_off_the_values_tried_is_clipped_to_them():
    surely = counted([(0, d, 0, 4000, 4000) for d in (0.1, 0.3, 0.9)])
    low, high = Profiles.of(fit_curves(surely)).ends(np.array([1.96]))
    assert low[0] == pytest.approx(np.log(0.9))
    assert high[0] == np.inf
    never = counted([(0, d, 0, 0, 4000) for d in (0.1, 0.3, 0.9)])
    low, high = Profiles.of(fit_curves(never)).ends(np.array([1.96]))
    assert low[0] == -np.inf
    assert high[0] == pytest.approx(np.log(0.1))


def test_more_judgments_narrow_the_interval_by_their_root():
    widths = []
    for trials in (40, 160):
        rows = [(0, d, 0, round(trials * p), trials) for d, p in zip(
            np.geomspace(0.05, 2, 6), (0.95, 0.9, 0.7, 0.3, 0.1, 0.05), strict=True)]  # fmt: skip
        low, high = Profiles.of(fit_curves(counted(rows))).ends(np.array([1.96]))
        widths.append(high[0] - low[0])
    assert widths[0] / widths[1] == pytest.approx(2, rel=0.1)
