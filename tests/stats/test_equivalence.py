import math

import numpy as np
import pytest
from scipy import stats

from discretion.stats.equivalence import (
    Matched,
    arm_equivalence,
    paired_equivalence,
    people_equivalence,
)
from discretion.stats.rates import Rates


def study(rng, scenarios, pairs, raters, difference, sway=0.0):
    """Every rater judges every case; even cases are without the level, odd ones with it."""
    cases = 2 * scenarios * pairs
    base = np.repeat(rng.uniform(0.2, 0.7, scenarios * pairs), 2)
    case, rater = np.repeat(np.arange(cases), raters), np.tile(np.arange(raters), cases)
    effect = (difference + rng.normal(0, sway, raters)[rater]) * (case % 2)
    granted = rng.random(len(case)) < np.clip(base[case] + effect, 0, 1)
    scenario = np.repeat(np.arange(scenarios), 2 * pairs)
    without = np.arange(0, cases, 2)
    return without, without + 1, case, rater, granted, scenario


def paired(without, having, people):
    return Matched.of_pairs(without, having, people[-1][without])


def test_a_large_panel_without_a_difference_is_equivalent():
    without, having, *people = study(np.random.default_rng(1), 10, 10, 200, 0.0)
    found = people_equivalence(paired(without, having, people), Rates.of_judgments(*people))
    assert found.verdict == "equivalent"
    assert -0.05 < found.low < found.difference < found.high < 0.05
    assert found.n == 100


def test_a_large_difference_differs_and_a_small_panel_cannot_tell():
    rng = np.random.default_rng(2)
    without, having, *people = study(rng, 10, 6, 30, 0.2)
    assert (
        people_equivalence(paired(without, having, people), Rates.of_judgments(*people)).verdict
        == "differs"
    )
    without, having, *people = study(rng, 6, 2, 5, 0.0)
    found = people_equivalence(paired(without, having, people), Rates.of_judgments(*people))
    assert found.verdict == "cannot be told"


def test_the_margin_is_the_scenarios_own():
    without, having, *people = study(np.random.default_rng(3), 10, 10, 200, 0.08)
    rates = Rates.of_judgments(*people)
    assert (
        people_equivalence(paired(without, having, people), rates, margin=0.05).verdict == "differs"
    )
    assert (
        people_equivalence(paired(without, having, people), rates, margin=0.15).verdict
        == "equivalent"
    )


@pytest.mark.parametrize("scenarios", [1, 8])
def test_the_interval_holds_a_known_difference_at_least_as_often_as_it_says(scenarios):
    hits = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        without, having, *people = study(rng, scenarios, 5, 15, 0.1, sway=0.1)
        found = people_equivalence(paired(without, having, people), Rates.of_judgments(*people))
        hits += found.low <= 0.1 <= found.high
    assert hits >= 82  # 90 expected; 81 or fewer happens once in 150


def mean_difference(without, having, case, granted, scenario, kept):
    """Over scenarios, of the mean difference within each, by the judgments that are kept."""
    means = []
    for k in np.unique(scenario):
        differences = []
        for a, b in zip(without, having, strict=True):
            ours, theirs = (granted[kept & (case == c)] for c in (a, b))
            if scenario[a] == k and len(ours) and len(theirs):
                differences.append(theirs.mean() - ours.mean())
        if differences:
            means.append(np.mean(differences))
    return np.mean(means)


def naive_jackknife(without, having, case, rater, granted, scenario):
    """The mean difference anew without each rater, judgment by judgment."""
    replicates = []
    for gone in np.unique(rater):
        kept = rater != gone
        replicates.append(mean_difference(without, having, case, granted, scenario, kept))
    away = np.array(replicates) - np.mean(replicates)
    return (len(away) - 1) / len(away) * (away**2).sum(), len(away)


def within_scenarios(without, having, case, rater, granted, scenario):
    """The same jackknife with a rater left out of one scenario at a time."""
    total, of_case = 0.0, scenario[case]

    for k in np.unique(scenario):
        left = np.array(
            [
                mean_difference(
                    without, having, case, granted, scenario, (rater != gone) | (of_case != k)
                )
                for gone in np.unique(rater[of_case == k])
            ]
        )
        total += (len(left) - 1) / len(left) * ((left - left.mean()) ** 2).sum()
    return total


def test_variances_agree_with_a_naive_count():
    rng = np.random.default_rng(4)
    without, having, case, rater, granted, scenario = study(rng, 7, 3, 6, 0.1)
    kept = rng.random(len(case)) < 0.8
    people = case[kept], rater[kept], granted[kept], scenario
    assert np.bincount(case[kept]).min() >= 2
    rates = Rates.of_judgments(*people)
    found = people_equivalence(paired(without, having, people), rates)
    by_rater, raters = naive_jackknife(without, having, *people)
    difference = rates.h[having] - rates.h[without]
    means = [np.nanmean(difference[scenario[without] == k]) for k in range(7)]
    within = within_scenarios(without, having, *people)
    variance = np.var(means, ddof=1) / 7 + max(0.0, by_rater - within)
    reach = stats.t(min(7, raters) - 1).ppf(0.95) * math.sqrt(variance)
    assert found.difference == pytest.approx(np.mean(means))
    assert found.high - found.difference == pytest.approx(reach)
    assert found.n == np.isfinite(difference).sum()


def test_within_one_scenario_the_raters_alone_make_the_interval():
    without, having, *people = study(np.random.default_rng(5), 1, 6, 8, 0.1)
    found = people_equivalence(paired(without, having, people), Rates.of_judgments(*people))
    variance, raters = naive_jackknife(without, having, *people)
    reach = stats.t(raters - 1).ppf(0.95) * math.sqrt(variance)
    assert found.high - found.difference == pytest.approx(reach)


def test_an_arms_interval_is_students_over_pairs_of_one_scenario():
    rng = np.random.default_rng(6)
    without, having = rng.random(9), rng.random(9)
    found = paired_equivalence(without, having, np.zeros(9, int), margin=0.05)
    oracle = stats.ttest_rel(having, without).confidence_interval(0.90)
    assert (found.low, found.high) == (pytest.approx(oracle.low), pytest.approx(oracle.high))


def test_an_arm_that_does_not_look_at_the_factor_is_equivalent():
    p = np.linspace(0.1, 0.9, 6)
    found = paired_equivalence(p, p, np.array([0, 0, 1, 1, 2, 2]))
    assert (found.verdict, found.difference, found.low, found.high) == ("equivalent", 0, 0, 0)


def test_people_who_all_agree_do_not_show_that_all_people_would():
    rates = Rates.of_counts(np.ones(8), np.ones(8), np.zeros(8, int))
    found = people_equivalence(
        Matched.of_pairs(np.arange(0, 8, 2), np.arange(1, 8, 2), np.zeros(4, int)), rates
    )
    assert (found.verdict, found.difference, found.low) == ("cannot be told", 0, None)


def test_without_pairs_or_with_one_nothing_can_be_told():
    nothing = np.array([], dtype=int)
    rates = Rates.of_counts(np.array([0.5, np.nan]), np.array([4.0, 0.0]), np.zeros(2, int))
    for without, having in ((nothing, nothing), (np.array([0]), np.array([1]))):
        found = people_equivalence(
            Matched.of_pairs(without, having, np.zeros(len(without), int)), rates
        )
        assert (found.verdict, found.difference, found.n) == ("cannot be told", None, 0)
    one = paired_equivalence(np.array([0.2]), np.array([0.3]), np.array([0]))
    assert (one.verdict, one.low) == ("cannot be told", None)
    assert one.difference == pytest.approx(0.1)


def test_leaving_raters_out_in_blocks_changes_nothing(monkeypatch):
    without, having, *people = study(np.random.default_rng(7), 8, 3, 10, 0.1)
    rates = Rates.of_judgments(*people)
    whole = people_equivalence(paired(without, having, people), rates)
    monkeypatch.setattr("discretion.stats.equivalence._CELLS_AT_ONCE", 150)
    parted = people_equivalence(paired(without, having, people), rates)
    assert (parted.low, parted.high) == (pytest.approx(whole.low), pytest.approx(whole.high))


def test_pairs_that_hang_on_one_rater_have_no_interval():
    case, rater = np.array([0, 1, 0]), np.array([0, 0, 1])
    rates = Rates.of_judgments(case, rater, np.array([True, False, True]), np.zeros(2, int))
    found = people_equivalence(Matched.of_pairs(np.array([0]), np.array([1]), np.array([0])), rates)
    assert (found.verdict, found.difference, found.low) == ("cannot be told", -1, None)


def strata(rng, sizes, raters=0):
    """Strata of several cases a side: (cases without, cases with) each; values, and who matches."""
    case, stratum, having = [], [], []
    for code, (few, many) in enumerate(sizes):
        for side, count in ((False, few), (True, many)):
            for _ in range(count):
                case.append(len(case))
                stratum.append(code)
                having.append(side)
    matched = Matched(
        np.array(case), np.array(stratum), np.array(having), np.zeros(len(sizes), int)
    )
    return matched, rng.random(len(case))


def test_several_cases_a_side_are_students_test_of_two_samples():
    matched, p = strata(np.random.default_rng(7), [(5, 7)])
    found = arm_equivalence(matched, p)
    oracle = stats.ttest_ind(p[matched.having], p[~matched.having]).confidence_interval(0.90)
    assert (found.low, found.high) == (pytest.approx(oracle.low), pytest.approx(oracle.high))
    assert found.n == 5


def test_strata_are_a_two_way_regression_with_equal_numbers():
    """Beside ordinary least squares of value on strata and level, where every side has as many."""
    import statsmodels.api as sm

    matched, p = strata(np.random.default_rng(8), [(4, 4)] * 3)
    found = arm_equivalence(matched, p)
    cells = np.eye(3)[matched.stratum]
    interaction = cells * np.where(matched.having, 0.5, -0.5)[:, None]
    fit = sm.OLS(p, np.hstack([cells, interaction])).fit()
    contrast = fit.t_test(np.repeat([0.0, 1 / 3], 3)).conf_int(alpha=0.10)[0]
    assert (found.low, found.high) == (pytest.approx(contrast[0]), pytest.approx(contrast[1]))


def test_the_order_of_cases_says_nothing():
    rng = np.random.default_rng(9)
    matched, p = strata(rng, [(3, 2), (1, 4), (2, 2)])
    order = rng.permutation(len(p))
    moved = Matched(
        matched.case[order], matched.stratum[order], matched.having[order], matched.scenario
    )
    first, second = arm_equivalence(matched, p), arm_equivalence(moved, p)
    assert (first.difference, first.low) == (
        pytest.approx(second.difference),
        pytest.approx(second.low),
    )


def test_a_side_without_an_answer_leaves_its_stratum_out():
    matched, p = strata(np.random.default_rng(10), [(2, 2), (2, 1)])
    p[-1] = np.nan
    found = arm_equivalence(matched, p)
    first = matched.stratum == 0
    with_it, without = p[first & matched.having], p[first & ~matched.having]
    assert found.difference == pytest.approx(with_it.mean() - without.mean())
    assert found.n == 2


def test_raters_of_strata_are_left_out_one_by_one():
    """The jackknife beside a count from scratch, with several cases a side."""
    rng = np.random.default_rng(11)
    matched, p = strata(rng, [(3, 2), (2, 4)])
    cases, raters = len(p), 5
    case, rater = np.repeat(np.arange(cases), raters), np.tile(np.arange(raters), cases)
    granted = rng.random(len(case)) < p[case]

    def difference(kept):
        each = []
        for code in (0, 1):
            here = matched.stratum == code
            sides = [
                np.mean([granted[kept & (case == one)].mean() for one in np.flatnonzero(side)])
                for side in (here & matched.having, here & ~matched.having)
            ]
            each.append(sides[0] - sides[1])
        return np.mean(each)

    replicates = np.array([difference(rater != gone) for gone in range(raters)])
    by_rater = (raters - 1) / raters * ((replicates - replicates.mean()) ** 2).sum()
    rates = Rates.of_judgments(case, rater, granted, np.zeros(cases, int))
    found = people_equivalence(matched, rates)
    alone = arm_equivalence(matched, rates.h)
    spread = (alone.high - alone.difference) / stats.t(7).ppf(0.95)
    noise = 0.0
    for one in range(cases):
        here = case == one
        h = granted[here].mean()
        left = (granted[here].sum() - granted[here]) / (raters - 1) - h
        side = matched.having == matched.having[one]
        size = (side & (matched.stratum == matched.stratum[one])).sum()
        left = left / (2 * size)
        noise += (raters - 1) / raters * ((left - left.mean()) ** 2).sum()
    reach = stats.t(raters - 1).ppf(0.95) * math.sqrt(spread**2 + max(0.0, by_rater - noise))
    assert found.high - found.difference == pytest.approx(reach)
