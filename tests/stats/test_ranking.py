"""Whether answers rank the cases of a scenario as people do: a permutation test that holds its 5%,
whatever luck gives to a model that never looks at the case."""

from itertools import permutations

import numpy as np
import pytest

from discretion.stats.ranking import DRAWS, ranking_p
from discretion.stats.rates import Rates


def rates(h, scenario, n=10.0):
    return Rates.of_counts(np.array(h), np.full(len(h), n), np.array(scenario))


def p_of(p, people, requests=None, seed=0):
    each = np.arange(len(p)) if requests is None else np.array(requests)
    rng = np.random.default_rng(seed)
    return ranking_p(np.array(p, dtype=float), people, people.scenario, each, rng)


def test_it_is_what_all_permutations_say():
    h, p = [0.9, 0.6, 0.5, 0.1, 0.8, 0.3, 0.2], [0.7, 0.8, 0.4, 0.3, 0.2, 0.9, 0.6]
    people = rates(h, [0, 0, 0, 0, 1, 1, 1])
    # By hand: rates from their scenario's mean; ranks from their middle, over the size and one.
    away = np.array([0.375, 0.075, -0.025, -0.425]), np.array([11, -4, -7]) / 30
    ranks = np.array([0.5, 1.5, -0.5, -1.5]) / 5, np.array([-1, 1, 0]) / 4
    found = away[0] @ ranks[0] + away[1] @ ranks[1]
    assert found == pytest.approx(0.19 - 0.125)
    every = [
        away[0] @ np.array(one) + away[1] @ np.array(other)
        for one in permutations(ranks[0])
        for other in permutations(ranks[1])
    ]
    exact = np.mean(np.abs(every) >= abs(found) - 1e-12)
    assert 0.2 < exact < 0.8
    # Four standard deviations of so many draws.
    error = 4 * np.sqrt(exact * (1 - exact) / DRAWS)
    assert p_of(p, people) == pytest.approx(exact, abs=error)


def test_the_level_of_a_scenario_does_not_count():
    h = [0.9, 0.8, 0.7, 0.3, 0.2, 0.1] * 3
    people = rates([*h, *np.array(h) / 10], [0] * 18 + [1] * 18)
    rng = np.random.default_rng(1)
    p = rng.random(36) / 10
    raised = p + np.repeat([0.5, 0.0], 18)
    assert p_of(raised, people) == p_of(p, people) > 0.05
    assert p_of(np.repeat([0.9, 0.1], 18), people) == 1


def test_it_finds_the_order_of_people_and_its_reverse():
    h = np.linspace(0.1, 0.9, 12)
    people = rates(h, [0] * 12)
    assert p_of(h**3, people) == p_of(-h, people) == 1 / (1 + DRAWS)
    assert p_of(h, people, seed=1) == p_of(h, people, seed=1)


def test_without_an_order_of_people_nothing_is_tested():
    assert p_of([0.1, 0.9, 0.5], rates([0.5, 0.5, 0.5], [0, 0, 0])) is None
    assert p_of([0.1, 0.9, 0.5], rates([0.1, 0.9, 0.5], [0, 1, 2])) is None
    assert p_of([np.nan, np.nan], rates([0.1, 0.9], [0, 0])) is None
    assert p_of([0.1, 0.9, 0.5], rates([0.1, 0.9, np.nan], [0, 0, 0])) == 1


def test_a_case_counts_by_its_judgments_or_as_one_where_their_number_is_not_known():
    h, p = np.array([0.9, 0.7, 0.5, 0.4, 0.2, 0.0]), [0.9, 0.2, 0.5, 0.4, 0.3, 0.1]
    few = Rates.of_counts(h, np.full(6, 1e-3), np.zeros(6, dtype=np.int64))
    unknown = Rates.of_counts(h, np.full(6, np.nan), np.zeros(6, dtype=np.int64))
    assert p_of(p, unknown) == p_of(p, rates(h, [0] * 6, n=1.0))
    first = Rates.of_counts(h, np.array([1e6, 1, 1, 1, 1, 1e6]), np.zeros(6, dtype=np.int64))
    assert p_of(p, first) < p_of(p, few)


def called(make, people, requests, seeds=100):
    found = [
        p_of(make(np.random.default_rng((7, seed))), people, requests) for seed in range(seeds)
    ]
    return sum(p <= 0.05 for p in found)


@pytest.fixture(scope="module")
def people():
    """Four scenarios of 30 cases, each judged by 24."""
    rng = np.random.default_rng(2)
    truth = 1 / (1 + np.exp(np.linspace(-2, 2, 30)[None] + rng.normal(0, 1, 4)[:, None]))
    return rates((rng.binomial(24, truth) / 24).ravel(), np.repeat(np.arange(4), 30), 24.0)


def test_blind_models_are_seldom_called_readers(people):
    def anything(rng):
        return rng.random(120)

    def by_scenario(rng):
        return rng.normal(0, 2, 4)[people.scenario] + rng.normal(0, 0.5, 120)

    each = np.arange(120)
    assert called(anything, people, each) <= 8
    assert called(by_scenario, people, each) <= 8


def test_what_reads_alike_in_several_scenarios_is_one_request(people):
    texts = np.tile(np.arange(30), 4)

    def by_text(rng):
        return rng.random(30)[texts]

    assert called(by_text, people, texts) <= 8
    assert called(by_text, people, np.arange(120)) > 20, "as if it were asked four times as much"


def test_readers_are_called_readers(people):
    deviation = np.tile(np.linspace(-1.7, 1.7, 30), 4)

    def noisy(rng):
        return -0.5 * deviation + rng.normal(0, 1, 120)

    assert called(noisy, people, np.arange(120)) >= 90
