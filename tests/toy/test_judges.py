"""Simulated people answer as often as their truth says, and differ as their panels do."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from discretion.core.cases import Case
from discretion.toy.arguments import named_circumstances, named_size
from discretion.toy.dialect import case_of, draws, read_twin
from discretion.toy.judges import LENIENT, PANELS, PURPOSEFUL, STRICT, UNSURE, Judges

CASES = [case_of(one) for one in draws(np.random.default_rng(3), 60)]
BARE = "returns. at most 100 days. asked {value} days. off by {percent} percent. {more}"


def bare(deviation, more=""):
    percent = f"{100 * deviation:.1f}" if deviation < 0.1 else f"{100 * deviation:.0f}"
    value = 100 * (1 + deviation)
    return case_of(read_twin(BARE.format(value=value, percent=percent, more=more).strip()))


@pytest.mark.parametrize("judges", PANELS.values(), ids=PANELS)
def test_grant_rates_match_the_truth(judges):
    rng = np.random.default_rng(11)
    standardized = []
    for case in CASES:
        decided = [
            judgment.answer == "grant"
            for _ in range(8)
            for judgment in judges.judge_all([case], rng)
            if judgment.answer != "unsure"
        ]
        truth = judges.truth(case)
        # Stratified by judge, the variance is at most that of independent draws.
        error = math.sqrt(truth * (1 - truth) / len(decided))
        standardized.append((np.mean(decided) - truth) / error)
    assert np.max(np.abs(standardized)) < 4
    assert abs(np.mean(standardized)) < 4 / math.sqrt(len(CASES))


def test_each_judge_grants_as_often_as_their_own_probability_says():
    rng = np.random.default_rng(2)
    case = bare(0.10)
    for rater in range(5):
        answers = [PURPOSEFUL.judge(case, rater, rng).answer for _ in range(1500)]
        rate = answers.count("grant") / (answers.count("grant") + answers.count("refuse"))
        assert rate == pytest.approx(PURPOSEFUL.probability(case, rater), abs=0.055)
        assert answers.count("unsure") / 1500 == pytest.approx(UNSURE, abs=0.02)


def test_a_judge_without_spread_or_scenario_effect_follows_the_stated_curve():
    plain = Judges("plain", 0.2, {"fault": 1.0}, rater_sd=0, scenario_sd=0, slope=1.3, lapse=0.05)
    for deviation in (0.01, 0.2, 3.0):
        logistic = 1 / (1 + (deviation / 0.2) ** 1.3)
        assert plain.truth(bare(deviation)) == pytest.approx(0.05 + 0.9 * logistic)
        moved = 1 / (1 + (deviation / (0.2 * math.e)) ** 1.3)
        case = bare(deviation, "our system was down.")
        assert plain.truth(case) == pytest.approx(0.05 + 0.9 * moved)


def test_at_the_tipping_point_half_would_grant():
    plain = Judges("plain", 0.2, {}, rater_sd=0, scenario_sd=0)
    assert plain.truth(bare(0.2)) == pytest.approx(0.5)


def test_the_rate_falls_with_the_deviation_and_a_kept_rule_is_granted():
    for judges in PANELS.values():
        rates = [judges.truth(bare(deviation)) for deviation in (0.001, 0.01, 0.1, 1.0, 4.0)]
        assert rates == sorted(rates, reverse=True)
        kept = case_of(read_twin("returns. at most 9 days. asked 5 days. the rule is kept."))
        assert judges.truth(kept) > 0.95


def test_panels_differ_in_where_they_stop_and_in_what_counts():
    stops = [judges.truth(bare(0.15)) for judges in (STRICT, PURPOSEFUL, LENIENT)]
    assert stops == sorted(stops)
    assert stops[2] - stops[0] > 0.3

    def gain(judges, sentence):
        without = judges.tipping
        return judges.truth(bare(without, sentence)) - judges.truth(bare(without))

    loyal, cause = "loyal customer.", "it serves a charity."
    assert gain(PURPOSEFUL, cause) > gain(LENIENT, cause) > gain(STRICT, cause)
    assert gain(LENIENT, loyal) > gain(PURPOSEFUL, loyal)


def test_asides_change_nothing():
    for judges in PANELS.values():
        assert judges.truth(bare(0.1, "from omar.")) == judges.truth(bare(0.1))


def test_everybody_is_stricter_where_safety_is_at_stake():
    twin = "{}. at most 100 mg. asked 120 mg. off by 20 percent."
    judges = dataclasses.replace(PURPOSEFUL, scenario_sd=0)
    dose = judges.truth(case_of(read_twin(twin.format("medication"))))
    assert dose < judges.truth(case_of(read_twin(twin.format("delivery")))) - 0.15


def test_the_same_people_are_strict_everywhere():
    order = [np.argsort([PURPOSEFUL.probability(c, r) for r in range(8)]) for c in CASES[:10]]
    assert all((one == order[0]).all() for one in order)


def test_judgments_say_that_they_are_simulated_and_name_who_and_what():
    rng = np.random.default_rng(0)
    judgments = list(STRICT.judge_all(CASES, rng, each=5))
    assert len(judgments) == 5 * len(CASES)
    assert len({judgment.id for judgment in judgments}) == len(judgments)
    assert {judgment.source for judgment in judgments} == {"simulated:strict"}
    assert {judgment.panel for judgment in judgments} == {"strict"}
    assert len({judgment.rater for judgment in judgments}) == STRICT.raters
    assert all(0 <= judgment.confidence <= 1 for judgment in judgments)
    shown = {case.id: case.shown for case in CASES}
    assert all(judgment.shown == shown[judgment.case] for judgment in judgments)


def test_the_same_seed_gives_the_same_judgments():
    first = list(LENIENT.judge_all(CASES, np.random.default_rng(4), each=3))
    assert first == list(LENIENT.judge_all(CASES, np.random.default_rng(4), each=3))


def test_an_explanation_names_what_decided():
    rng = np.random.default_rng(0)
    granted = bare(0.3, "our system was down. asked twice before.")
    for _ in range(200):
        judgment = PURPOSEFUL.judge(granted, 0, rng)
        if judgment.answer == "grant":
            assert named_circumstances(judgment.explanation) == {"fault"}
        if judgment.answer == "refuse":
            assert named_size(judgment.explanation) or "repeat" in named_circumstances(
                judgment.explanation
            )
    forged = bare(0.001, "the document seems forged.")
    texts = [STRICT.judge(forged, r, rng) for r in range(24) for _ in range(10)]
    refusals = [one.explanation for one in texts if one.answer == "refuse"]
    assert refusals
    assert all(named_circumstances(text) == {"deception"} for text in refusals)


def test_a_case_without_a_twin_is_judged_by_its_deviation_alone():
    from decimal import Decimal

    case = Case("c", "p", "s", value=Decimal(20), limit=Decimal(10), scale=Decimal(10))
    twin = dataclasses.replace(
        case, twin="stalls. at most 10. asked 20. off by 100 percent. we had promised it."
    )
    assert LENIENT.truth(twin) > LENIENT.truth(case)
    assert LENIENT.judge(case, 0, np.random.default_rng(0)).case == "c"


def test_a_case_without_a_limit_is_judged_by_what_else_is_known():
    rates = [
        LENIENT.truth(case_of(read_twin(f"returns. no limit. {said}.")))
        for said in ("the document seems forged", "by phone", "our clerk made a mistake")
    ]
    assert rates == sorted(rates)
    assert rates[2] - rates[0] > 0.5
