"""Claims about what wrong grants and wrong refusals come to."""

import numpy as np
import pytest

from discretion.stats.costs import costs_of
from discretion.stats.rates import Rates


def study(rng, cases=60, n=20):
    h = rng.binomial(n, rng.random(cases)) / n
    return Rates.of_counts(h, np.full(cases, float(n)), np.arange(cases) % 12)


def test_costs_are_the_sums_written_out():
    rng = np.random.default_rng(1)
    rates = study(rng)
    deployed = (rng.random(60) < 0.5).astype(float)
    weight = rng.random(60)
    price = rng.random(60) * 50
    found = costs_of(deployed, rates, price, np.full(60, 15.0), weight, rng)
    h = rates.h
    share = weight / weight.sum()
    assert found.wrong_grants.value == pytest.approx(1000 * (share * deployed * (1 - h)).sum())
    assert found.wrong_refusals.value == pytest.approx(1000 * (share * (1 - deployed) * h).sum())
    assert found.given.value == pytest.approx(1000 * (share * deployed * (1 - h) * price).sum())
    assert found.lost.value == pytest.approx(15 * found.wrong_refusals.value)
    assert found.total.value == pytest.approx(found.given.value + found.lost.value)
    assert found.total.low < found.total.value < found.total.high


def test_an_arm_that_decides_as_all_people_do_costs_nothing():
    h = np.array([0.0, 1.0] * 12)
    rates = Rates.of_counts(h, np.full(24, 10.0), np.arange(24) % 8)
    found = costs_of(h, rates, np.ones(24), np.ones(24), np.ones(24), np.random.default_rng(2))
    assert found.total.value == 0


def test_cases_without_answer_or_price_leave_the_figure():
    rng = np.random.default_rng(3)
    rates = study(rng)
    deployed = np.ones(60)
    price = np.full(60, 10.0)
    price[:30] = np.nan
    found = costs_of(deployed, rates, price, np.zeros(60), np.ones(60), rng)
    assert found.given.value == pytest.approx(1000 * (10 * (1 - rates.h[30:])).mean())


def test_what_never_occurs_costs_nothing_whatever_it_is_priced_at():
    rng = np.random.default_rng(4)
    rates = study(rng)
    weight = np.ones(60)
    weight[:10] = 0
    price = np.where(weight == 0, 1e6, 1.0)
    found = costs_of(np.ones(60), rates, price, np.zeros(60), weight, rng)
    assert found.given.value < 1001
