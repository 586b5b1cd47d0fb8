import logging
from importlib.metadata import EntryPoint

import numpy as np
import pytest

from discretion import baselines
from discretion.core.arms import Arm
from discretion.core.holdouts import Holdout, default_holdout
from discretion.errors import DiscretionError

from .study import cases, counted, panel

CASES = cases()
SPLITS = default_holdout(CASES).splits(CASES)
FITTED = ("logistic", "nearest")


def test_the_baselines_of_every_report():
    assert baselines.names() == ("always-refuse", "always-grant", "mean", "logistic", "nearest")


@pytest.mark.parametrize("name", baselines.NAMES)
def test_a_baseline_is_an_arm_that_answers_every_case_with_a_probability(name):
    arm = baselines.fit(name, CASES, panel(CASES), SPLITS)
    assert isinstance(arm, Arm)
    assert arm.name == f"baseline/{name}"
    assert arm.how == "fitted"
    assert set(arm.table) == {case.id for case in CASES}
    assert all(0 <= p <= 1 for p in arm.table.values())


@pytest.mark.parametrize("name", FITTED)
@pytest.mark.parametrize("by", ["case", "scenario", "domain"])
def test_what_is_held_out_does_not_leak_into_its_own_answers(name, by):
    people = panel(CASES)
    rates = dict(zip(people.cases, people.rate, strict=True))
    splits = Holdout(by).splits(CASES)
    honest = baselines.fit(name, CASES, people, splits)
    for held in splits:
        flipped = {
            case.id: (1 - rates[case.id] if out else rates[case.id], 12)
            for case, out in zip(CASES, held, strict=True)
        }
        again = baselines.fit(name, CASES, counted(flipped), splits)
        own = [case.id for case, out in zip(CASES, held, strict=True) if out]
        others = [case.id for case, out in zip(CASES, held, strict=True) if not out]
        assert [again.table[case] for case in own] == [honest.table[case] for case in own]
        assert any(again.table[case] != honest.table[case] for case in others)


@pytest.mark.parametrize("name", FITTED)
def test_a_case_that_no_split_holds_out_gets_no_answer(name):
    splits = Holdout("scenario", held=("scenario-2",)).splits(CASES)
    arm = baselines.fit(name, CASES, panel(CASES), splits)
    assert set(arm.table) == {case.id for case in CASES if case.scenario == "scenario-2"}
    outside = next(case for case in CASES if case.scenario == "scenario-0")
    assert arm.calls(outside) == ()


@pytest.mark.parametrize("name", FITTED)
def test_cases_that_nobody_judged_are_answered_and_teach_nothing(name):
    judged = CASES[::2]
    people = panel(judged)
    arm = baselines.fit(name, CASES, people, SPLITS)
    alone = baselines.fit(name, judged, people, [held[::2] for held in SPLITS])
    assert set(arm.table) == {case.id for case in CASES}
    assert {case.id: arm.table[case.id] for case in judged} == alone.table


@pytest.mark.parametrize("name", FITTED)
def test_a_split_that_leaves_nothing_to_learn_from_gives_no_answer_and_a_warning(caplog, name):
    people = panel(CASES[:16])
    splits = default_holdout(CASES).splits(CASES)
    alone = next(held for held in splits if held[0])
    with caplog.at_level(logging.WARNING):
        arm = baselines.fit(name, CASES, people, splits)
    unanswered = {case.id for case, out in zip(CASES, alone, strict=True) if out}
    assert set(arm.table) == {case.id for case in CASES} - unanswered
    assert f"{len(unanswered)} held-out cases get no answer" in caplog.text


@pytest.mark.parametrize("name", FITTED)
def test_nothing_to_learn_from_at_all_is_an_error_not_a_guess(name):
    with pytest.raises(DiscretionError, match=f"baseline/{name} has nothing to learn from"):
        baselines.fit(name, CASES, panel(CASES), [np.ones(len(CASES), dtype=bool)])


@pytest.mark.parametrize("name", baselines.NAMES)
def test_unknown_n_works(name):
    people = panel(CASES)
    unknown = counted(
        {case: (rate, None) for case, rate in zip(people.cases, people.rate, strict=True)}
    )
    assert len(baselines.fit(name, CASES, unknown, SPLITS).table) == len(CASES)


@pytest.mark.parametrize("name", baselines.NAMES)
def test_the_fingerprint_is_the_same_for_the_same_data_and_another_for_other_data(name):
    def fingerprint(people, splits=SPLITS):
        return baselines.fit(name, CASES, people, splits).fingerprint

    assert fingerprint(panel(CASES)) == fingerprint(panel(CASES))
    assert fingerprint(panel(CASES)) != fingerprint(panel(CASES, seed=8))
    assert fingerprint(panel(CASES)) != fingerprint(panel(CASES), SPLITS[::-1])


def test_baselines_on_the_same_data_do_not_share_a_fingerprint():
    prints = {
        baselines.fit(name, CASES, panel(CASES), SPLITS).fingerprint for name in baselines.NAMES
    }
    assert len(prints) == len(baselines.NAMES)


def test_an_unknown_name_gets_the_close_one():
    with pytest.raises(DiscretionError, match="no baseline 'logistics'; did you mean 'logistic'"):
        baselines.fit("logistics", CASES, panel(CASES), SPLITS)


def test_another_package_adds_a_baseline_by_an_entry_point(monkeypatch):
    point = EntryPoint("theirs", "discretion.baselines.constant:always_grant", baselines.GROUP)
    monkeypatch.setattr(baselines, "entry_points", lambda *, group: [point])
    assert baselines.names()[-1] == "theirs"
    arm = baselines.fit("theirs", CASES, panel(CASES), SPLITS)
    assert arm.name == "baseline/theirs"


def nonsense(cases, panel, splits):
    return {case.id: float("nan") for case in cases}


def test_a_baseline_that_gives_no_probability_is_stopped(monkeypatch):
    point = EntryPoint("nonsense", f"{__name__}:nonsense", baselines.GROUP)
    monkeypatch.setattr(baselines, "entry_points", lambda *, group: [point])
    with pytest.raises(DiscretionError, match="gave nan, which is no probability"):
        baselines.fit("nonsense", CASES, panel(CASES), SPLITS)
