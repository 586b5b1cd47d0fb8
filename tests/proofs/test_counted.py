"""The proofs of gate errors, trainings, and coverage by size and with cases that differ: a small
study of each, its figures made again by other means, and how studies are counted."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.special import expit

from discretion.scorecard.warnings import AT_MARGIN, TESTED

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def proof(name: str) -> ModuleType:
    sys.path.insert(0, str(ROOT / "proofs"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.pop(0)


def scenario_means(term, scenario):
    return np.array([term[scenario == one].mean() for one in np.unique(scenario)])


# Gate errors.


def test_what_is_true_of_the_gated_arm_is_what_many_of_its_decisions_show():
    """The truths integrate raters out; here people are drawn one by one, two a case."""
    gate = proof("gate_errors")
    rng = np.random.default_rng(1)
    count = 400_000
    typical = rng.beta(gate.A, gate.B, count)
    logits = np.log(typical / (1 - typical))[:, None] + rng.normal(0, gate.SPREAD, (count, 2))
    one, other = (rng.random((count, 2)) < expit(logits)).T
    decided = (typical > 0.5) != (rng.random(count) < gate.ERRS)
    true = gate.truths()
    assert np.mean(decided != one) == pytest.approx(true["disagreement"], abs=0.003)
    beyond = np.mean(decided != one) - np.mean(one != other)
    assert beyond == pytest.approx(true["beyond_colleague"], abs=0.004)
    # (d - a)(d - b) is unbiased for the squared distance to the rate of all raters.
    square = np.mean((decided * 1.0 - one) * (decided * 1.0 - other))
    assert square == pytest.approx(true["gap"] ** 2, abs=0.003)
    assert np.mean(~decided[one]) == pytest.approx(true["wrong_refusals"], abs=0.003)


def test_the_upper_end_of_a_gated_arm_is_made_again_by_hand():
    """One judgment a case by raters who judge everywhere: the mean of scenario means, t, skew."""
    gate = proof("gate_errors")
    line = gate.run_study((0, 3))
    scenarios, people = gate.CELLS[0]
    assert (scenarios, people) == (6, 1)
    rates, decided = gate.study(np.random.default_rng([gate.SEED, 6, 1, 3]), 6, 1)
    upper = line["upper"]
    assert list(upper) == list(gate.DEMANDS)
    assert upper["beyond_colleague"] is upper["gap"] is None
    means = scenario_means(np.abs(decided - rates.h), rates.scenario)
    t = stats.t.ppf(0.95, 5)
    skew = stats.kstat(means, 3) / 6**2 / stats.sem(means) ** 3
    alone = means.mean() + (t + max(0, skew * (2 * t**2 + 1) / 6)) * stats.sem(means)
    # What raters add can only widen it, and takes from the skew.
    assert means.mean() + t * stats.sem(means) <= upper["disagreement"] < alone + 0.1


def test_passes_are_counted_among_studies_with_the_figure():
    gate = proof("gate_errors")
    true = gate.truths()["disagreement"]
    upper = [true - 0.01, true, true + 0.01, None]
    lines = [
        {"cell": 0, "study": number, "upper": {"disagreement": high, "gap": None}}
        for number, high in enumerate(upper)
    ]
    assert gate.passes(lines, 0) == {"disagreement": (2, 4)}
    assert gate.passes(lines, 1) == {}
    assert gate.cell_of(10, 100) == "**10.0**"  # 5 and two standard errors are 9.4.
    assert gate.cell_of(9, 100) == "9.0"


def test_what_the_line_says_of_few_scenarios_is_what_was_measured():
    page = ROOT / "docs" / "reference" / "gate_errors.md"
    rows = [
        [cell.strip(" *") for cell in line.strip("| ").split("|")]
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("| ") and line[2].isdigit()
    ]
    means = [row[2:5] for row in rows if int(row[0]) <= TESTED]
    assert len(means) == 6
    most = max(float(cell) for row in means for cell in row if cell != "–")
    assert round(most) <= AT_MARGIN


# Coverage by size.


def test_true_rates_are_integrals_over_raters():
    sizes = proof("coverage_sizes")
    for leaning in (-4.0, 0.0, 1.7):
        value, _ = quad(
            lambda u, at=leaning: expit(at + sizes.RATERS_SD * u) * stats.norm.pdf(u), -9, 9
        )
        assert sizes.true_rate(np.array([leaning]))[0] == pytest.approx(value, abs=1e-6)


def test_the_truths_over_all_scenarios_are_means_over_scenarios_with_cases_of_their_own():
    sizes = proof("coverage_sizes")
    true = sizes.truths(1.5)
    again = sizes.truths_of(sizes.drawn(np.random.default_rng(7), 3000, 100, 1.5))
    assert again.keys() == true.keys()
    for name, value in again.items():
        assert value == pytest.approx(true[name], abs=0.01)


@pytest.mark.parametrize(("raters", "same", "most"), [(5, True, 5), (5, False, 30)])
def test_every_judgment_of_a_case_is_another_raters(raters, same, most):
    sizes = proof("coverage_sizes")
    cell = sizes.Cell(6, 3, raters, same=same)
    rng = np.random.default_rng(2)
    cases = sizes.drawn(rng, 6, 12, 0.0)
    rates = sizes.judged(rng, cell, cases)
    assert (rates.n == 3).all()
    ballots = rates.ballots
    assert len(np.unique(ballots.rater)) == most
    pairs = np.unique(np.stack([ballots.case, ballots.rater]), axis=1)
    assert pairs.shape[1] == 6 * 12 * 3
    where = cases.scenario[ballots.case]
    judged_in = {one: set(where[ballots.rater == one]) for one in np.unique(ballots.rater)}
    assert {len(some) for some in judged_in.values()} == ({6} if same else {1})


def test_a_study_by_size_is_had_again_from_its_cell_and_number():
    sizes = proof("coverage_sizes")
    place = sizes.CELLS.index(sizes.Cell(20, 3, 12))
    line = sizes.run_study((place, 0))
    assert line == sizes.run_study((place, 0))
    rng = np.random.default_rng([sizes.SEED, place, 0])
    cases = sizes.drawn(rng, 20, 12, 0.0)
    rates = sizes.judged(rng, sizes.CELLS[place], cases)
    wide, narrow = line["ends"]["0.95"], line["ends"]["0.9"]
    assert set(narrow) < set(wide)
    value = scenario_means((cases.arm - rates.h) ** 2 - rates.h * (1 - rates.h) / 2, cases.scenario)
    low, high = wide["excess Brier"]
    assert low < value.mean() < high
    assert high - value.mean() >= stats.t.ppf(0.975, 11) * stats.sem(value) - 1e-9
    for name, (low, high) in narrow.items():
        assert wide[name][0] <= low < high <= wide[name][1]


def test_on_few_scenarios_the_truth_is_that_of_the_cases_drawn():
    sizes = proof("coverage_sizes")
    place = next(at for at, cell in enumerate(sizes.CELLS) if cell.scenarios == 1)
    line = sizes.run_study((place, 400))
    found = sizes.figures_of([line], place, {})
    truth, low, high = found[0.95]["disagreement"][0]
    assert truth == line["true"]["disagreement"]
    assert low < high
    assert "wrong refusals" not in found[0.95]  # Bootstrapped in the first studies alone.


def test_intervals_and_passes_are_counted_on_the_side_on_which_they_lie():
    page = proof("coverage_sizes_page")
    inside, below, above = (0.5, 0.4, 0.6), (0.5, 0.1, 0.2), (0.5, 0.8, 0.9)
    some = [inside] * 17 + [below] * 2 + [above, (0.5, None, None)]
    assert page.held(some) == (17, 2, 1)
    assert page.passed(some) == (2, 21)
    assert page.passed([(0.5, 0.2, 0.5)]) == (1, 1)
    assert not page.outside(33, 33, 88, 98)
    assert page.outside(20, 33, 88, 98)
    assert page.outside(400, 400, 88, 98)
    many = some * 50
    figures = {0.95: {"disagreement": many}, 0.90: {"disagreement": many}}
    text = page.page([({"scenarios": "6"}, figures)], seed=1)
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| 6")]
    assert len(rows) == 2
    assert rows[0][1 + page.TWO_SIDED.index("disagreement")] == "**85.0**"
    assert rows[0][1] == "–"
    assert rows[1][1] == "**9.5**"
    assert (
        "- disagreement (scenarios 6): 85.0 of 100 held, 100 below the truth and 50 above" in text
    )
    assert "1050 a row (0 for wrong refusals)" in text


def test_rows_of_one_value_are_counted_together():
    page = proof("coverage_sizes_page")
    inside, below = (0.5, 0.4, 0.6), (0.5, 0.1, 0.2)

    def cell(scenarios, raters, some):
        figures = {0.95: {"disagreement": some}, 0.90: {"disagreement": some}}
        return {"scenarios": scenarios, "raters": raters}, figures

    text = page.page(
        [cell("6", "5", [inside]), cell("6", "12", [inside, below]), cell("9", "5", [below] * 2)],
        seed=1,
    )
    rows = [line[1:-1].split("|") for line in text.splitlines() if line.startswith("|")]
    at = 2 + page.TWO_SIDED.index("disagreement")
    found = {tuple(cell.strip() for cell in row[:2]): row[at].strip("* ") for row in rows[2:8]}
    assert found["6", ""] == f"{200 / 3:.1f}"
    assert found["", "5"] == f"{100 / 3:.1f}"
    assert found["all", ""] == "40.0"
    assert ("9", "") not in found  # That is the row itself.


# Coverage of thresholds with cases that differ.


def test_thresholds_are_counted_where_they_are_on_the_values_tried():
    cases = proof("coverage_cases")
    cell = cases.Cell(6, True, 0.8)
    found = cases.run_study(cell, 0)
    assert list(found) == ["cases counted", "pooled", "not counted"]
    rng = np.random.default_rng([cases.SEED, 6, True, 8, 0])
    study = cases.simulate(
        rng, 6, 10, same_raters=True, model="close", population=cases.Population(case_sd=0.8)
    )
    fitted = cases.thresholds(cases._fit(study, by_case=True))
    crossed = [
        (one, true)
        for one, true in zip(fitted, study.threshold, strict=True)
        if one is not None and one.state == "crossed"
    ]
    held = sum(
        (one.low or 0) <= true <= (np.inf if one.high is None else one.high)
        for one, true in crossed
    )
    assert found["cases counted"][0] == held
    assert sum(found["cases counted"]) == len(crossed)
    # Counting cases only widens, so it holds at least as often.
    assert found["not counted"][0] <= held


def test_coverage_with_cases_is_a_share_of_all_thresholds_of_a_cell():
    cases = proof("coverage_cases")
    lines = [
        {
            "cell": place,
            "study": number,
            "found": {"cases counted": [9, 1, 0], "pooled": [10, 0, 0], "not counted": [5, 3, 2]},
        }
        for place in range(len(cases.CELLS))
        for number in range(2)
    ]
    text = cases.page(lines)
    assert "| **90.0** | 100.0 | **50.0** |" in text
    assert "Below the aim: cases counted at sd 0.8, 6 scenarios, same raters" in text
    assert "2 studies a cell" in text


# Trainings.


def test_what_a_training_study_says_is_a_paired_t_with_luck_in_training(monkeypatch):
    trainings = proof("trainings")
    size = trainings.StudySize(judgments=40, domains=6, seeds=3, folds=3, cases=8, raters=4)
    monkeypatch.setattr(trainings, "CELLS", [trainings.Cell(size)])
    line = trainings.run_study((0, 1))
    assert line == trainings.run_study((0, 1))
    counted, alone = (line["found"][name] for name in ("luck counted", "groups alone"))
    # Luck in training can only widen the interval, which stays where it is.
    assert counted[4] - counted[3] >= alone[4] - alone[3]
    assert counted[3] + counted[4] == pytest.approx(alone[3] + alone[4])
    for p, adjusted, said, low, high in (counted, alone):
        assert p <= adjusted <= 1
        assert (said in ("helped", "hurt")) == (adjusted < 0.05)
        # p and the 90% interval are one t: where p is below .1 zero is outside.
        assert (p < 0.1) == (low > 0 or high < 0)


def test_real_and_shuffled_explanations_teach_the_same_labels_and_differ_by_what_they_name():
    trainings = proof("trainings")
    size = trainings.StudySize(judgments=40, domains=6, seeds=1, folds=3, cases=8, raters=4)
    study, told, rng = trainings.told_study(size, (0.0,), (1, 2))
    out = trainings.held_out(study, size, 0)
    items = np.flatnonzero(~out[study.case])[:40]
    real, shuffled, neutral = trainings.trained(study, items, told[0.0], out, rng)
    assert real.shape == shuffled.shape == neutral.shape == (out.sum(),)
    assert all(((one > 0) & (one < 1)).all() for one in (real, shuffled, neutral))
    assert np.abs(real - shuffled).max() > 1e-3
