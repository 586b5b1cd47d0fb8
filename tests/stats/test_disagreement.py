"""Decisions that differ: exact on small panels, unbiased on simulated ones."""

import itertools

import numpy as np
import pytest

from discretion.stats.disagreement import among_people, disagreement
from discretion.stats.rates import Rates


def rates_of(rows, scenario=None):
    """Rates of (case, rater, granted) rows."""
    case, rater, granted = (np.array(column) for column in zip(*rows, strict=True))
    cases = int(case.max()) + 1
    scenario = np.zeros(cases, int) if scenario is None else scenario
    return Rates.of_judgments(case, rater, granted.astype(bool), scenario)


def test_pairs_of_people_and_arm_with_person_are_counted_exactly():
    votes = [[1, 1, 0], [1, 1, 1], [0, 0], [1, 0, 0, 0]]
    rows = [(c, r, v) for c, some in enumerate(votes) for r, v in enumerate(some)]
    rates = rates_of(rows)
    decided = np.array([1.0, 0.0, 0.0, 1.0])
    found, people = disagreement(decided, rates), among_people(rates)
    differ = [np.mean([v != d for v in some]) for some, d in zip(votes, decided, strict=True)]
    pairs = [np.mean([a != b for a, b in itertools.combinations(some, 2)]) for some in votes]
    assert found.whole.value == pytest.approx(np.mean(differ))
    assert people.whole.value == pytest.approx(np.mean(pairs))
    assert people.bound.value == pytest.approx(np.mean(pairs) / 2)
    assert found.beyond_colleague.value == pytest.approx(np.mean(differ) - np.mean(pairs))
    halves = found.wrong_grants.value + found.wrong_refusals.value
    assert halves == pytest.approx(found.whole.value)


def test_one_judgment_a_case_is_enough_for_the_arm_and_says_nothing_of_the_people():
    rates = rates_of([(0, 0, 1), (1, 1, 0), (2, 0, 1)])
    decided = np.array([0.0, 0.0, np.nan])
    assert disagreement(decided, rates).whole.value == pytest.approx(0.5)
    assert disagreement(decided, rates).whole.n == 2
    assert disagreement(decided, rates).beyond_colleague.value is None
    assert among_people(rates).whole.value is None
    assert "two people" in among_people(rates).bound.note


@pytest.mark.parametrize("each", [1, 2, 3])
def test_the_mean_over_studies_is_the_truth_however_few_judge(each):
    """True rates are known: what an arm, a colleague and the best arm would show."""
    rng = np.random.default_rng(each)
    q = rng.uniform(0.05, 0.95, 40)
    decided = (q + rng.normal(0, 0.3, 40) > 0.5).astype(float)
    truth = np.mean(decided * (1 - q) + (1 - decided) * q)
    arm, people = [], []
    for _ in range(400):
        case = np.repeat(np.arange(40), each)
        granted = rng.random(len(case)) < q[case]
        rater = np.tile(np.arange(each), 40)
        rates = Rates.of_judgments(case, rater, granted, np.arange(40) // 5)
        arm.append(disagreement(decided, rates).whole.value)
        people.append(among_people(rates).whole.value)
    assert np.mean(arm) == pytest.approx(truth, abs=4 * np.std(arm) / 20)
    if each > 1:
        assert np.mean(people) == pytest.approx(
            np.mean(2 * q * (1 - q)), abs=4 * np.std(people) / 20
        )
        assert np.mean(np.minimum(q, 1 - q)) >= np.mean(people) / 2 - 0.01
