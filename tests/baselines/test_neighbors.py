from dataclasses import replace

import numpy as np
import pytest

from discretion import baselines
from discretion.baselines.neighbors import COUNT
from discretion.core.holdouts import Holdout, default_holdout

from .study import cases, panel, without_limits

CASES = cases()


def nearness(case, other):
    """Same policy, same domain, shared levels, deviation: the definition, written out again."""
    shared = sum(other.factors.get(name) == level for name, level in case.factors.items())
    unlimited = case.deviation is None or other.deviation is None
    apart = 10.0 if unlimited else abs(case.deviation - other.deviation)
    return (case.policy != other.policy, case.domain != other.domain, -shared, apart, other.id)


def by_brute_force(some, people, splits):
    rate = dict(zip(people.cases, people.rate, strict=True))
    answers = {}
    for held in splits:
        taught = [case for case, out in zip(some, held, strict=True) if not out]
        for case in (case for case, out in zip(some, held, strict=True) if out):
            near = sorted(taught, key=lambda other: nearness(case, other))[:COUNT]
            answers[case.id] = np.mean([rate[other.id] for other in near])
    return answers


@pytest.mark.parametrize("by", ["case", "scenario", "domain", "loyal"])
def test_it_averages_the_nearest_of_all_that_may_be_looked_at(by):
    people = panel(CASES)
    splits = Holdout(by).splits(CASES)
    arm = baselines.fit("nearest", CASES, people, splits)
    assert arm.table == pytest.approx(by_brute_force(CASES, people, splits))


@pytest.mark.parametrize("seed", range(20))
def test_it_does_so_however_policies_and_domains_overlap(seed):
    rng = np.random.default_rng(seed)
    some = [
        replace(
            case,
            policy=f"policy-{rng.integers(5)}",
            domain=f"domain-{rng.integers(rng.integers(2, 6))}",
        )
        for case in rng.permutation(np.array(CASES, dtype=object))[:24]
    ]
    people = panel(some)
    splits = Holdout("case", folds=3).splits(some)
    arm = baselines.fit("nearest", some, people, splits)
    assert arm.table == pytest.approx(by_brute_force(some, people, splits))


def test_cases_without_a_limit_are_compared_by_the_rest():
    bare = without_limits(CASES)
    people = panel(CASES)
    splits = default_holdout(bare).splits(bare)
    arm = baselines.fit("nearest", bare, people, splits)
    assert arm.table == pytest.approx(by_brute_force(bare, people, splits))


def test_fewer_lessons_than_neighbors_are_all_averaged():
    people = panel(CASES[:3])
    arm = baselines.fit("nearest", CASES[:3], people, [np.array([True, False, False])])
    assert arm.table == {CASES[0].id: pytest.approx(np.mean(people.rate[1:3]))}
