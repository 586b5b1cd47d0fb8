"""How many: whether a study is large enough, in one sentence, and the shortest way to one."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.stats import norm

from discretion.core.criteria import Criteria
from discretion.scorecard.how_many import (
    TARGET,
    default_criteria,
    how_many,
    least,
    more_pairs,
    pairs_needed,
    standing,
    table,
    ways,
)
from discretion.scorecard.study import study_of
from discretion.stats.sizes import People, Size

from .hand_made import case_set, panel

PEOPLE = People(0.6, 0.5, 0.05, assumed=False)
SIZE = Size(120, 3, 12, 20)
GATE = Criteria(disagreement=0.25)


def test_the_shortest_way_is_the_cheapest_of_all_that_were_tried_one_by_one():
    found = ways(PEOPLE, GATE, SIZE)
    assert least(PEOPLE, GATE, SIZE) < TARGET
    assert [way.more for way in found] == sorted(way.more for way in found)
    assert all(least(PEOPLE, GATE, way.size) >= TARGET for way in found)
    by_cases = next(one for one in found if "more cases" in one.words)
    fewest = next(
        k
        for k in range(1, 10_000)
        if least(PEOPLE, GATE, replace(SIZE, cases=SIZE.cases + k)) >= TARGET
    )
    assert fewest <= by_cases.size.cases - SIZE.cases <= 1.03 * fewest + 1


def test_the_sentence_names_the_chance_the_way_and_the_other_way():
    said = how_many(PEOPLE, GATE, SIZE)
    first, second = ways(PEOPLE, GATE, SIZE)[:2]
    assert said.startswith(
        "120 cases with 3 judgments each pass an arm at half of disagreement 25%"
    )
    assert f"the shortest way to 80 of 100 is {first.words} ({first.more:,} judgments)" in said
    assert f"rather than {second.words} ({second.more:,})" in said
    assert said.count(". ") == 0
    assert "which is enough" in how_many(PEOPLE, GATE, first.size)


def test_the_hardest_demand_is_named_unless_one_is_asked_about():
    both = Criteria(disagreement=0.6, beyond_colleague=0.01)
    assert "beyond_colleague 1%" in how_many(PEOPLE, both, SIZE)
    assert "disagreement 60%" in how_many(PEOPLE, both, SIZE, only="disagreement")
    assert how_many(PEOPLE, Criteria(never_cases=True), SIZE) == ""


def test_a_demand_that_no_arm_can_keep_is_said_to_be_one():
    said = how_many(PEOPLE, Criteria(disagreement=0.01), SIZE)
    assert said.startswith("No arm is likely to keep disagreement at most 1%: your people differ")


def test_tickets_that_one_person_judged_need_a_second():
    said = how_many(PEOPLE, Criteria(beyond_colleague=0.05), Size(5000, 1, 5000, 40))
    assert said.startswith("beyond_colleague needs cases that two people judged; the shortest way")
    assert "1 more person each (5,000)" in said
    assert "more scenarios" not in said  # Each ticket is one of its own.


def test_of_few_scenarios_it_speaks_of_these_cases_or_of_more_scenarios():
    few = Size(90, 3, 2, 20)
    assert "(for these cases only)" in how_many(PEOPLE, default_criteria(few), few)
    strict = how_many(PEOPLE, GATE, few)
    assert "no line passes unless the criteria say these_cases_only: true" in strict
    alone = GATE.model_copy(update={"these_cases_only": True})
    assert how_many(PEOPLE, alone, few) in strict
    assert "more scenarios with 10 cases each" in strict


def test_of_few_scenarios_the_demand_named_is_the_hardest_though_none_passes_there():
    """Every chance is 0 below six scenarios, and the first demand of the list was named."""
    both = Criteria(disagreement=0.6, beyond_colleague=0.01)
    said = how_many(PEOPLE, both, Size(90, 3, 2, 20))
    assert "half of beyond_colleague 1%" in said
    assert "disagreement" not in said


@pytest.mark.parametrize("few", [True, False])
def test_of_once_judged_tickets_only_some_need_more_people(few):
    """A report asked for 300 judgments, and the gate for 20,000."""
    tickets = Size(20_000, 1, 4 if few else 20_000, 30)
    criteria = Criteria(beyond_colleague=0.05, wrong_grants=0.2, these_cases_only=few)
    first = ways(People(), criteria, tickets)[0]
    assert "of these cases judged by" in first.words
    assert first.more < 5_000
    alone = criteria.model_copy(update={"wrong_grants": None})
    assert least(People(), alone, first.size) >= TARGET
    smaller = replace(first.size, cases=first.size.cases * 9 // 10)
    assert (
        least(People(), alone, replace(smaller, scenarios=min(smaller.cases, 4 if few else 20_000)))
        < TARGET
    )


def test_the_size_of_a_study_is_read_from_it():
    some = case_set().cases
    people, size = standing(study_of(some, panel(some)))
    assert size == Size(cases=120, people=10, scenarios=6, raters=10)
    assert not people.assumed
    rows = list(table(people, GATE, size))
    assert {(row.scenarios, row.cases) for row in rows} == set(
        product((6, 12, 24), (120, 240, 480))
    )


def test_so_many_pairs_pass_two_one_sided_tests_in_four_of_five_studies():
    """Brute force: pairs of rates of n judgments, no difference, the normal interval of each."""
    margin, n = 0.05, 5
    some = case_set().cases
    study = study_of(some, panel(some))
    needed, of_agent = pairs_needed(study, margin, n)
    assert of_agent == 59  # The rule of three: 1 - 0.05^(1/59) is just below 5%.
    people, _ = standing(study)
    rng = np.random.default_rng(1)
    q = rng.choice(people.rates, size=(4000, needed))
    apart = (rng.binomial(n, q) - rng.binomial(n, q)) / n
    half = norm.ppf(0.95) * apart.std(axis=1, ddof=1) / np.sqrt(needed)
    passed = (np.abs(apart.mean(axis=1)) + half < margin).mean()
    assert passed == pytest.approx(0.80, abs=0.03)
    assert more_pairs(needed, float(half.mean()), norm.ppf(0.95), margin) == pytest.approx(
        needed, rel=0.05
    )
