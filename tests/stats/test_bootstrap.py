"""Bootstrap-t against a plain loop over resamples, and against known truths."""

import numpy as np
import pytest
from scipy import stats

from discretion.stats.bootstrap import bootstrap_t, pooled, scenario_sums
from discretion.stats.rates import Rates

from .people import simulate


def mean(sums):
    return sums[..., 0] / sums[..., 1]


def naive(values, masses, rng, resamples):
    """Bootstrap-t of a ratio of sums, one resample at a time, by Taylor's variance."""

    def ratio(y, m):
        r = y.sum() / m.sum()
        return r, np.sqrt(len(y) / (len(y) - 1) * ((y - r * m) ** 2).sum()) / m.sum()

    value, error = ratio(values, masses)
    studentised = []
    for _ in range(resamples):
        chosen = rng.integers(0, len(values), len(values))
        again, its_error = ratio(values[chosen], masses[chosen])
        studentised.append((again - value) / its_error)
    low, high = np.quantile(studentised, [0.025, 0.975])
    return value - high * error, value - low * error


def test_the_same_interval_as_resampling_one_by_one():
    rng = np.random.default_rng(0)
    masses = rng.integers(1, 9, 25).astype(float)
    values = rng.gamma(1, 1, 25) * masses
    expected = naive(values, masses, rng, 20_000)
    got = bootstrap_t(mean, np.stack([values, masses], axis=1), rng)
    width = expected[1] - expected[0]
    np.testing.assert_allclose(got, expected, atol=0.03 * width)


def test_joining_many_scenarios_into_blocks_keeps_the_interval():
    rng = np.random.default_rng(1)
    values = rng.normal(2, 1, 5_000)
    low, high = bootstrap_t(mean, np.stack([values, np.ones(5_000)], axis=1), rng)
    error = 1.96 * stats.sem(values)
    assert low == pytest.approx(values.mean() - error, abs=0.08 * error)
    assert high == pytest.approx(values.mean() + error, abs=0.08 * error)


def test_a_skewed_ratio_is_covered():
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(300):
        masses = rng.integers(1, 10, 15).astype(float)
        values = rng.exponential(1.0, 15) * masses
        low, high = bootstrap_t(mean, np.stack([values, masses], axis=1), rng, resamples=1_000)
        hits += low <= 1.0 <= high
    assert 0.91 <= hits / 300 <= 0.99


def test_what_does_not_vary_has_no_interval():
    sums = np.ones((10, 2))
    assert bootstrap_t(mean, sums, np.random.default_rng(3)) is None


def test_what_is_undefined_in_many_resamples_has_no_interval():
    sums = np.zeros((10, 2))
    sums[0] = 1.0, 2.0
    sums[1] = 3.0, 2.0
    assert bootstrap_t(mean, sums, np.random.default_rng(4)) is None


def test_sums_by_scenario_pass_over_the_empty_ones():
    shares = np.array([[1.0, 1.0], [2.0, 1.0], [0.0, 0.0]])
    np.testing.assert_array_equal(scenario_sums(shares, np.array([2, 2, 1])), [[3, 2]])


def grant_share(h, n):
    decided = np.where(n > 0, n, 0.0)
    return np.stack([np.nan_to_num(h) * decided, decided], axis=1)


def test_with_few_scenarios_raters_are_left_out_one_by_one():
    people = simulate(np.random.default_rng(5), scenarios=4, raters=9, keep=0.6)
    figure = pooled(mean, grant_share, people.rates, np.random.default_rng(0), n=1)
    left = np.array([people.granted[people.rater != r].mean() for r in range(9)])
    error = np.sqrt(8 / 9 * ((left - left.mean()) ** 2).sum())
    assert figure.value == pytest.approx(people.granted.mean())
    assert figure.high - figure.value == pytest.approx(stats.t.ppf(0.975, 8) * error)
    assert figure.note == "for these scenarios only"


def test_raters_who_link_scenarios_widen_the_interval_by_what_they_add():
    """Their jackknife variance less that of raters within scenarios, which resampled scenarios
    show already."""

    people = simulate(np.random.default_rng(7), scenarios=30, cases=4, raters=9, keep=0.6)
    alone, together = (
        pooled(mean, grant_share, rates, np.random.default_rng(0), n=1)
        for rates in (people.anonymous, people.rates)
    )
    left = np.array([people.granted[people.rater != r].mean() for r in range(9)])
    linked = 8 / 9 * ((left - left.mean()) ** 2).sum()
    of_case, within = people.scenario[people.case], 0.0
    for scenario in range(30):
        each = []
        for rater in np.unique(people.rater[of_case == scenario]):
            kept = (people.rater != rater) | (of_case != scenario)
            each.append(people.granted[kept].mean())
        each = np.array(each)
        within += (len(each) - 1) / len(each) * ((each - each.mean()) ** 2).sum()
    sums = scenario_sums(grant_share(people.rates.h, people.rates.n), people.scenario)
    away = sums[:, 0] - people.granted.mean() * sums[:, 1]
    between = (away**2).sum() / sums[:, 1].sum() ** 2 * 30 / 29
    for end in ("low", "high"):
        reach, plain = (getattr(f, end) - f.value for f in (together, alone))
        added = (linked - within) / between
        assert added > 0
        # Within scenarios it is to first order.
        assert reach / plain == pytest.approx(np.sqrt(1 + added), rel=1e-3)
    assert "raters are not known" in alone.note
    assert together.note == ""


def test_many_raters_are_left_out_in_groups_to_the_same_effect():
    people = simulate(np.random.default_rng(8), scenarios=5, cases=4, raters=600)
    figure = pooled(mean, grant_share, people.rates, np.random.default_rng(0), n=1)
    left = np.array([people.granted[people.rater != r].mean() for r in range(600)])
    error = np.sqrt(599 / 600 * ((left - left.mean()) ** 2).sum())
    assert figure.high - figure.value == pytest.approx(stats.t.ppf(0.975, 599) * error, rel=0.2)


def test_with_few_scenarios_and_anonymous_people_judgments_are_drawn_anew():
    people = simulate(np.random.default_rng(6), scenarios=3, cases=4, raters=20)
    rates = people.anonymous
    figure = pooled(mean, grant_share, rates, np.random.default_rng(0), n=1)
    error = np.sqrt((rates.h * (1 - rates.h) / 20).mean() / 12)
    assert figure.high - figure.value == pytest.approx(1.96 * error, rel=0.1)


def test_without_n_few_scenarios_have_a_value_and_no_interval():
    rates = Rates.of_counts(np.array([0.2, 0.6]), np.full(2, np.nan), np.array([0, 1]))
    figure = pooled(
        mean, lambda h, n: np.stack([h, np.ones(2)], axis=1), rates, np.random.default_rng(0), n=2
    )
    assert figure.value == pytest.approx(0.4)
    assert figure.low is None


def test_an_undefined_figure_is_none():
    rates = Rates.of_counts(np.array([0.2]), np.array([5.0]), np.array([0]))
    figure = pooled(mean, lambda h, n: np.zeros((1, 2)), rates, np.random.default_rng(0), n=0)
    assert figure.value is None
