"""The dialect: what is drawn can be read back, and it says what the package's own cases say."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import numpy as np
import pytest

from discretion.core.cases import cases_of
from discretion.core.policies import Policy
from discretion.core.scenarios import Scenario
from discretion.core.units import Unit
from discretion.errors import DiscretionError
from discretion.toy.dialect import Situation, case_of, draw, draws, read_twin
from discretion.toy.phrases import ASIDES, DOMAINS, FLAGS, REASONS, Domain

SOME = tuple(draws(np.random.default_rng(1), 3000))


def test_there_are_14_domains_two_of_them_with_a_floor():
    assert Counter(domain.direction for domain in DOMAINS) == {"at most": 12, "at least": 2}


def test_there_are_6_classes_of_8_reasons_and_4_flags():
    assert [len(reason.sentences) for reason in REASONS] == [8] * 6
    assert len(FLAGS) == 4


def test_no_sentence_or_clause_stands_in_two_places():
    things = (*REASONS, *FLAGS)
    said = [s for thing in things for s in (*thing.sentences, *thing.clauses)] + list(ASIDES)
    assert len(set(said)) == len(said)
    assert not [s for s in said if s != s.lower() or "." in s]


def test_20000_draws_are_distinct():
    assert len({one.twin for one in draws(np.random.default_rng(0), 20_000)}) == 20_000


def test_few_draws_have_to_be_thrown_away_for_that():
    rng = np.random.default_rng(0)
    assert len({draw(rng).twin for _ in range(5000)}) > 4800


def test_the_same_generator_draws_the_same():
    assert tuple(draws(np.random.default_rng(1), 50)) == SOME[:50]


def test_every_draw_reads_back():
    assert [read_twin(one.twin) for one in SOME] == list(SOME)


def test_deviations_reach_from_a_thousandth_to_four_and_follow_from_the_amounts():
    broken = [one for one in SOME if one.deviation]
    assert min(one.deviation for one in broken) < 0.002
    assert max(one.deviation for one in broken) > 3
    domains = {domain.name: domain for domain in DOMAINS}
    for one in broken:
        domain = domains[one.domain]
        unit = Unit.named(domain.unit)
        limit, value = unit.read(one.limit), unit.read(one.value)
        beyond = abs(value - limit) / Decimal(domain.scale or limit)
        assert (value > limit) == (domain.direction == "at most")
        assert one.deviation == pytest.approx(float(beyond), abs=0.0051)


def test_a_kept_rule_is_kept():
    for one in SOME:
        if one.deviation == 0:
            domain = next(domain for domain in DOMAINS if domain.name == one.domain)
            unit = Unit.named(domain.unit)
            limit, value = unit.read(one.limit), unit.read(one.value)
            assert value <= limit if domain.direction == "at most" else value >= limit


def test_all_forms_occur_in_their_shares():
    broken = np.mean([bool(one.deviation) for one in SOME])
    kept = np.mean([one.deviation == 0 for one in SOME])
    silent = np.mean([one.deviation is None for one in SOME])
    assert (broken, kept, silent) == pytest.approx((0.70, 0.22, 0.08), abs=0.03)


def test_the_package_makes_the_same_text_from_a_scenario():
    scenario = Scenario(
        id="late-return",
        policy="returns",
        limit="14",
        unit="days",
        values=("10", "15", "20"),
        wordings=("It is day {value}. {cause}",),
        factors={"cause": {"levels": {"none": "", "late": {"twin": "the parcel came late."}}}},
        twin="returns. at most {limit}. asked {value}. {deviation}. {cause}",
    )
    cases = list(cases_of(scenario, Policy(id="returns", rule="14 days.")))
    for case in cases:
        read = read_twin(case.twin)
        assert read.twin == case.twin
        assert read.deviation == pytest.approx(max(0.0, case.deviation), abs=0.005)
    assert {read_twin(case.twin).reason for case in cases} == {None, REASONS[0]}


def test_reason_flags_and_unknown_sentences_are_told_apart():
    twin = "leave. no limit. first request. somebody sang. they lost their job. high stakes."
    read = read_twin(twin)
    assert read.reason.name == "hardship"
    assert [flag.name for flag in read.flags] == ["first", "risk"]
    assert read.deviation is None
    assert "somebody sang" in read.sentences


def test_a_violation_too_small_to_be_shown_is_still_a_violation():
    twin = "groceries. at most $1,000. asked $1,000.10. off by 0.0 percent."
    assert read_twin(twin).deviation > 0
    assert read_twin(twin).twin == twin


def test_a_rule_without_its_distance_cannot_be_read():
    with pytest.raises(DiscretionError, match="limit, value and deviation together"):
        read_twin("returns. at most 14 days. asked 15 days.")


def test_a_situation_is_a_case_of_the_same_deviation():
    for one in SOME[:200]:
        case = case_of(one)
        assert case.deviation == one.deviation
        assert case.twin == one.twin
    assert len({case_of(one).id for one in SOME}) == len(SOME)


def test_a_date_can_be_drawn():
    domain = Domain("visas", "at most", "date", 737_000, 740_000, scale=30)
    one = draw(np.random.default_rng(5), (domain,))
    assert isinstance(one, Situation)
    assert Unit.named("date").read(one.limit) > 737_000
