"""Intervals against a jackknife that really deletes raters, and against known coverage."""

import numpy as np
import pytest
from scipy import stats

from discretion.stats.gaps import squared_terms
from discretion.stats.intervals import mean_of
from discretion.stats.rates import Rates

from .people import simulate


def signed(p):
    return lambda h, n, at: p[at] - h


def squared(p):
    return lambda h, n, at: squared_terms(p[at], np.zeros(len(at)), h, n)


def by_hand(term, rates, weigh, per):
    """The weighted mean, scenario by scenario, and each scenario's share in the sums."""
    sums, masses = [], []
    with np.errstate(all="ignore"):
        value = term(rates.h, rates.n, np.arange(len(rates.h)))
    for scenario in np.unique(rates.scenario):
        here = (rates.scenario == scenario) & np.isfinite(value) & (rates.n > 0)
        mass = rates.n[here] if per == "judgment" else np.ones(here.sum())
        if here.any():
            scale = mass.sum() if weigh == "scenarios" else 1
            sums.append((mass * value[here]).sum() / scale)
            masses.append(mass.sum() / scale)
    sums, masses = np.array(sums), np.array(masses)
    return sums.sum() / masses.sum(), sums, masses


def without(people, rater):
    kept = people.rater != rater
    return Rates.of_judgments(
        people.case[kept], people.rater[kept], people.granted[kept], people.scenario
    )


def jackknife(people, term, weigh, per):
    raters = np.unique(people.rater)
    left = np.array([by_hand(term, without(people, r), weigh, per)[0] for r in raters])
    return (len(raters) - 1) / len(raters) * ((left - left.mean()) ** 2).sum()


def jackknife_within(people, term, weigh, per):
    """Each rater left out of one scenario at a time, with everybody's other judgments kept."""
    total, of_case = 0.0, people.scenario[people.case]
    with np.errstate(all="ignore"):
        used = np.isfinite(term(people.rates.h, people.rates.n, np.arange(len(people.rates.h))))
    for scenario in np.unique(people.scenario):
        left = []
        here = (of_case == scenario) & used[people.case]
        for rater in np.unique(people.rater[here]):
            kept = (people.rater != rater) | (of_case != scenario)
            rates = Rates.of_judgments(
                people.case[kept], people.rater[kept], people.granted[kept], people.scenario
            )
            left.append(by_hand(term, rates, weigh, per)[0])
        if left:
            left = np.array(left)
            total += (len(left) - 1) / len(left) * ((left - left.mean()) ** 2).sum()
    return total


def beyond_scenarios(people, term, weigh="scenarios", per="case"):
    """What raters add to the variance between scenarios, which holds their noise already."""
    whole = jackknife(people, term, weigh, per)
    return max(0.0, whole - jackknife_within(people, term, weigh, per))


@pytest.mark.parametrize("weigh", ["scenarios", "cases"])
@pytest.mark.parametrize("per", ["case", "judgment"])
@pytest.mark.parametrize("kind", [signed, squared])
@pytest.mark.parametrize("keep", [1.0, 0.25])
def test_error_is_between_scenarios_plus_what_raters_add_beyond_them(weigh, per, kind, keep):
    rng = np.random.default_rng(5)
    people = simulate(rng, scenarios=9, cases=4, raters=10, keep=keep)
    term = kind(rng.random(36))
    estimate = mean_of(term, people.rates, weigh=weigh, per=per)
    mean, sums, masses = by_hand(term, people.rates, weigh, per)
    k = len(sums)
    between = k / (k - 1) * ((sums - mean * masses) ** 2).sum() / masses.sum() ** 2
    assert estimate.value == pytest.approx(mean)
    assert estimate.error**2 == pytest.approx(between + beyond_scenarios(people, term, weigh, per))
    assert estimate.df == min(k, 10) - 1
    t = stats.t.ppf(0.975, estimate.df)
    # Fisher's third k-statistic of the scenarios' shares in the mean, K of which make it up.
    skew = k * stats.kstat((sums - mean * masses) / masses.sum(), 3) / estimate.error**3
    more = skew * (2 * t**2 + 1) / 6
    assert estimate.skew == pytest.approx(skew)
    assert estimate.figure().low == pytest.approx(mean - (t + max(0, -more)) * estimate.error)
    assert estimate.figure().high == pytest.approx(mean + (t + max(0, more)) * estimate.error)


def test_equal_weights_give_the_variance_of_scenario_means_over_k():
    rng = np.random.default_rng(6)
    people = simulate(rng)
    p = rng.random(40)
    means = [(p - people.rates.h)[people.scenario == k].mean() for k in range(8)]
    estimate = mean_of(signed(p), people.anonymous)
    assert estimate.error == pytest.approx(stats.sem(means))
    assert estimate.df == 7
    assert "raters are not known" in estimate.note


def test_a_scenario_that_a_rater_alone_upholds_leaves_that_raters_replicate():
    rng = np.random.default_rng(14)
    people = simulate(rng, scenarios=12, cases=1, raters=8, keep=0.3)
    term = squared(rng.random(12))
    assert (people.rates.n == 2).any()
    mean, sums, _ = by_hand(term, people.rates, "scenarios", "case")
    between = np.var(sums, ddof=1) / len(sums)
    estimate = mean_of(term, people.rates)
    assert estimate.value == pytest.approx(mean)
    assert estimate.error**2 == pytest.approx(between + beyond_scenarios(people, term))


@pytest.mark.parametrize("sign", [1, -1])
def test_the_end_on_the_side_of_the_long_tail_is_missed_less_often_than_by_t_alone(sign):
    """Scenarios of exponential means, whose skew is 2; each case was judged by nobody known."""
    rng = np.random.default_rng(16)
    scenarios, studies = 20, 2000
    rates = Rates.of_counts(np.zeros(scenarios), np.ones(scenarios), np.arange(scenarios))
    found = []
    for _ in range(studies):
        value = sign * rng.exponential(1.0, scenarios)
        estimate = mean_of(lambda h, n, at, value=value: value[at], rates)
        low, high = estimate.interval(0.90)
        end = high if sign > 0 else low
        plain = estimate.value + sign * stats.t.ppf(0.95, 19) * estimate.error
        found.append((sign * end < 1, sign * plain < 1))
    with_skew, by_t = np.mean(found, axis=0)
    assert by_t > 0.09
    assert with_skew < 0.085


def test_two_scenarios_show_no_skew_and_symmetric_ones_have_none():
    rates = Rates.of_counts(np.zeros(2), np.ones(2), np.arange(2))
    value = np.array([0.0, 1.0])
    assert mean_of(lambda h, n, at: value[at], rates, beyond=True).skew == 0
    rates = Rates.of_counts(np.zeros(7), np.ones(7), np.arange(7))
    even = np.arange(7.0)
    assert mean_of(lambda h, n, at: even[at], rates).skew == pytest.approx(0, abs=1e-12)


def test_six_scenarios_are_enough_to_speak_of_others():
    people = simulate(np.random.default_rng(15), scenarios=6)
    assert mean_of(signed(np.full(30, 0.5)), people.rates).note == ""
    assert mean_of(signed(np.full(30, 0.5)), people.rates).df == 5


def test_with_fewer_than_six_scenarios_only_the_raters_vary():
    rng = np.random.default_rng(7)
    people = simulate(rng, scenarios=5)
    term = squared(rng.random(25))
    estimate = mean_of(term, people.rates)
    assert estimate.error**2 == pytest.approx(jackknife(people, term, "scenarios", "case"))
    assert estimate.df == 11
    assert estimate.note == "for these scenarios only"


def test_few_scenarios_and_anonymous_people_draw_the_judgments_of_each_case_anew():
    rng = np.random.default_rng(8)
    people = simulate(rng, scenarios=3, raters=7)
    rates, p = people.anonymous, rng.random(15)
    estimate = mean_of(squared(p), rates)
    drawn = rng.binomial(7, rates.h, (40_000, 15)) / 7
    resampled = [squared_terms(p, 0 * p, h, rates.n).mean() for h in drawn]
    assert estimate.error == pytest.approx(np.std(resampled), rel=0.02)
    assert estimate.df == 15 * 6


def test_one_anonymous_judgment_a_case_in_few_scenarios_has_no_interval():
    people = simulate(np.random.default_rng(9), scenarios=3, raters=1)
    figure = mean_of(signed(np.full(15, 0.5)), people.anonymous).figure()
    assert figure.value is not None
    assert figure.low is None
    assert "too little varies" in figure.note


def test_few_scenarios_with_unknown_n_have_no_interval():
    rates = Rates.of_counts(np.array([0.2, 0.4]), np.full(2, np.nan), np.array([0, 1]))
    assert mean_of(signed(np.full(2, 0.5)), rates).figure().low is None


def test_a_single_rater_shows_nothing_of_how_people_differ():
    people = simulate(np.random.default_rng(10), raters=1)
    figure = mean_of(signed(np.full(40, 0.5)), people.rates).figure()
    assert figure.value is not None
    assert figure.low is None


def test_unanswered_and_unasked_cases_leave_and_n_says_so():
    people = simulate(np.random.default_rng(11))
    p = np.full(40, 0.5)
    p[:3] = np.nan
    among = np.arange(40) < 20
    assert mean_of(signed(p), people.rates).n == 37
    assert mean_of(signed(p), people.rates, among=among).n == 17
    assert mean_of(signed(p), people.rates, per="judgment").n == 37 * 12


def test_no_case_at_all_is_none():
    people = simulate(np.random.default_rng(12))
    figure = mean_of(signed(np.full(40, np.nan)), people.rates).figure()
    assert figure.value is None
    assert figure.n == 0
    assert (
        mean_of(signed(np.zeros(0)), Rates.of_counts(*[np.zeros(0)] * 2, np.zeros(0, int))).value
        is None
    )


@pytest.mark.parametrize("same_raters", [True, False])
@pytest.mark.parametrize("scenarios", [4, 12])
def test_intervals_cover_the_truth(same_raters, scenarios):
    """Lenient raters are lenient everywhere; with four scenarios the truth is that of these."""
    rng = np.random.default_rng(13)
    cases, raters, studies = 6, 10, 300
    hits = np.zeros(2)
    for _ in range(studies):
        scenario = np.repeat(np.arange(scenarios), cases)
        center = rng.normal(0, 0.7, scenarios)[scenario] + np.tile(
            np.linspace(-1, 1, cases), scenarios
        )
        case = np.repeat(np.arange(len(center)), raters)
        rater = np.tile(np.arange(raters), len(center)) + (
            0 if same_raters else raters * scenario[case]
        )
        lenience = rng.normal(0, 0.7, raters * scenarios)[rater]
        granted = center[case] + lenience + rng.normal(size=len(case)) > 0
        rates = Rates.of_judgments(case, rater, granted, scenario)
        true = stats.norm.cdf(center / np.sqrt(1 + 0.7**2))
        p = stats.norm.cdf(center - 1)
        truths = [np.mean(p - true), np.mean((p - true) ** 2)]
        if scenarios >= 6:
            truths = BEYOND
        for index, kind in enumerate((signed, squared)):
            figure = mean_of(kind(p), rates).figure()
            hits[index] += figure.low <= truths[index] <= figure.high
    assert (hits / studies >= 0.90).all()
    assert (hits / studies <= 0.999).all()


def beyond():
    """The truth over all scenarios of that kind, by integrating over their centers."""
    center = np.linspace(-6, 6, 2001) * 0.7
    weight = stats.norm.pdf(center / 0.7)
    center = center[:, None] + np.linspace(-1, 1, 6)
    gap = stats.norm.cdf(center - 1) - stats.norm.cdf(center / np.sqrt(1 + 0.7**2))
    return [np.average(x.mean(axis=1), weights=weight) for x in (gap, gap**2)]


BEYOND = beyond()


def study(rng, scenarios, cases, raters, each, *, crossed, spread=0.7):
    """A panel in which each case is judged by some of the raters, who differ in leniency."""
    middle = rng.normal(0, 0.8, scenarios)
    scenario = np.repeat(np.arange(scenarios), cases)
    lenient = rng.normal(0, spread, raters if crossed else raters * scenarios)
    pool = [np.arange(raters) + (0 if crossed else raters * k) for k in range(scenarios)]
    case = np.repeat(np.arange(scenarios * cases), each)
    rater = np.concatenate([rng.choice(pool[k], each, replace=False) for k in scenario])
    level = middle[scenario] + np.tile(np.linspace(1, -1, cases), scenarios)
    granted = rng.random(len(case)) < 1 / (1 + np.exp(-(level[case] + lenient[rater])))
    return Rates.of_judgments(case, rater, granted, scenario)


@pytest.mark.parametrize(
    ("scenarios", "raters", "each", "crossed"),
    [(6, 10, 10, True), (10, 10, 3, True), (20, 10, 1, True), (40, 5, 5, False)],
)
def test_the_interval_of_a_rate_holds_the_truth_in_every_structure(
    scenarios, raters, each, crossed
):
    """The population's rate is one half by symmetry. 88 to 98% is asked for; 300 studies."""
    hits = widths = 0.0
    for seed in range(300):
        rates = study(np.random.default_rng(seed), scenarios, 8, raters, each, crossed=crossed)
        figure = mean_of(lambda h, n, at: h, rates).figure()
        hits += figure.low <= 0.5 <= figure.high
        widths += figure.high - figure.low
    assert 0.92 <= hits / 300 <= 0.99


def test_without_the_guard_the_interval_would_miss_the_truth_too_often():
    """Where raters do not differ, raters less raters within scenarios is as often below zero as
    above, and takes off what it should leave."""
    hits = guarded = 0
    for seed in range(300):
        rates = study(np.random.default_rng(seed), 6, 4, 4, 2, crossed=True, spread=0.0)
        estimate = mean_of(lambda h, n, at: h, rates)
        means = np.array([rates.h[rates.scenario == k].mean() for k in range(6)])
        half = stats.t.ppf(0.975, 3) * np.sqrt(max(unguarded_variance(rates, means), 0.0))
        hits += abs(estimate.value - 0.5) <= half
        guarded += estimate.figure().low <= 0.5 <= estimate.figure().high
    assert guarded >= 0.92 * 300
    assert hits < 0.92 * 300


def unguarded_variance(rates, means):
    """Between scenarios plus raters less raters within scenarios, which may come out negative."""
    ballots, k = rates.ballots, len(means)
    raters = np.unique(ballots.rater)

    def left_out(rater, scenarios):
        out = (ballots.rater == rater) & np.isin(rates.scenario[ballots.case], scenarios)
        n, grants = rates.n.copy(), rates.grants.copy()
        np.subtract.at(n, ballots.case[out], ballots.n[out])
        np.subtract.at(grants, ballots.case[out], ballots.grants[out])
        kept = [(rates.scenario == s) & (n > 0) for s in range(k)]
        return np.mean([(grants[one] / n[one]).mean() for one in kept if one.any()])

    def variance(replicates):
        away = np.array(replicates) - np.mean(replicates)
        return (len(away) - 1) / len(away) * (away**2).sum()

    whole = variance([left_out(rater, np.arange(k)) for rater in raters])
    within = sum(variance([left_out(rater, [s]) for rater in raters]) for s in range(k))
    return np.var(means, ddof=1) / k + whole - within
