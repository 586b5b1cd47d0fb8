"""The proof of coverage: what it holds the intervals to, and how it counts."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm, truncnorm
from sklearn.metrics import roc_auc_score

from proofs.studies import GRID, simulate

PROOFS = Path(__file__).parents[2] / "proofs"

SHIFT = {"close": 0.0, "strict": -2.5}


def smoke(kept):
    done = subprocess.run(
        [sys.executable, str(PROOFS / "coverage.py"), "--smoke", "--kept", str(kept)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, kept.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    kept = tmp_path_factory.mktemp("coverage") / "kept.jsonl"
    shown, lines = smoke(kept)
    head, *studies = map(json.loads, lines.splitlines())
    return shown, head["truths"], studies, kept


def test_a_study_is_one_line_with_every_figure_and_every_threshold(ran):
    _, truths, studies, _ = ran
    assert [study["study"] for study in studies] == [0, 1, 2]
    for study in studies:
        assert study["cell"] == [10, True, "close"]
        assert study["figures"].keys() == truths["close"].keys()
        for value, low, high in study["figures"].values():
            assert low < value < high
        for grid in ("thresholds", "short grid"):
            assert sum(map(sum, study[grid].values())) == 10


def test_a_study_can_be_had_again_from_its_cell_and_number(ran):
    for number, line in enumerate(ran[2]):
        rng = np.random.default_rng([2, 10, 1, 0, number])
        study = simulate(rng, 10, 10, same_raters=True, model="close")
        signed, corrected = (line["figures"][name][0] for name in ("signed gap", "corrected gap"))
        assert signed == pytest.approx(np.mean(study.p - study.h))
        square = np.mean((study.p - study.h) ** 2 - study.h * (1 - study.h) / 9)
        assert corrected * abs(corrected) == pytest.approx(square)


def quadrature():
    """Tipping points and what a model is off them, with the weight of each pair."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    weights /= weights.sum()
    mu = np.log(0.15) + 0.8 * nodes
    return mu[:, None, None], 0.4 * nodes[None, :, None], weights[:, None] * weights[None, :]


def grants(leaning):
    return 0.02 + 0.96 * expit(1.2 * leaning)


def rate_of_people(mu):
    """The mean over people, by adding up small steps."""
    steps = np.linspace(-6, 6, 2001)
    weights = norm.pdf(steps) / norm.pdf(steps).sum()
    leaning = mu[..., None] - np.log(GRID)[:, None] + 0.7 * steps
    return grants(leaning) @ weights


@pytest.mark.parametrize("model", ["close", "strict"])
def test_truths_are_those_of_quadrature(ran, model):
    truths = ran[1][model]
    mu, off, weights = quadrature()
    q = rate_of_people(mu)

    def mean(value):
        return float((weights * value.mean(axis=2)).sum())

    def rate(kind):
        return grants(mu + SHIFT[kind] + off - np.log(GRID))

    other = "strict" if model == "close" else "close"
    square, other_square = (mean((rate(kind) - q) ** 2) for kind in (model, other))
    assert truths["signed gap"] == pytest.approx(mean(rate(model) - q), abs=1e-3)
    assert truths["corrected gap"] ** 2 == pytest.approx(square, rel=0.01)
    assert truths["corrected gap, sampled"] == truths["corrected gap"]
    assert truths["contrast, alike"] == 0
    assert truths["contrast, other kind"] == pytest.approx(square - other_square, rel=0.01)
    assert truths["panel's rate"] == pytest.approx(mean(q + 0 * off), abs=2e-3)
    refuses = norm.cdf((np.log(GRID) - mu - SHIFT[model]) / 0.4)
    assert truths["refused of granted"] == pytest.approx(
        mean(refuses * q + 0 * off) / mean(q + 0 * off), abs=2e-3
    )


def test_the_true_pooled_threshold_is_that_of_a_normal_cut_off_at_the_grid(ran):
    low, high = (np.log([GRID[0], GRID[-1]]) - np.log(0.15)) / 0.8
    mean = math.exp(truncnorm.mean(low, high, loc=np.log(0.15), scale=0.8))
    for truths in ran[1].values():
        assert truths["pooled threshold"] == pytest.approx(mean, rel=8e-3)


@pytest.mark.parametrize("model", ["close", "strict"])
def test_the_true_auc_is_that_of_single_decisions(ran, model):
    rng = np.random.default_rng(11)
    mu = np.log(0.15) + 0.8 * rng.standard_normal((40_000, 1))
    p = grants(mu + SHIFT[model] + 0.4 * rng.standard_normal(mu.shape) - np.log(GRID))
    granted = rng.random(p.shape) < grants(mu + 0.7 * rng.standard_normal(p.shape) - np.log(GRID))
    found = roc_auc_score(granted.ravel(), p.ravel())
    assert ran[1][model]["AUC"] == pytest.approx(found, abs=4e-3)


def test_a_run_that_was_finished_is_not_run_again(ran):
    shown, _, _, kept = ran
    before = kept.read_text(encoding="utf-8")
    assert smoke(kept) == (shown, before)


@pytest.fixture(scope="module")
def table():
    spec = importlib.util.spec_from_file_location("coverage_page", PROOFS / "coverage_page.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["coverage_page"] = module
    spec.loader.exec_module(module)
    return module


def page_of(table, studies):
    """The page of studies that are given as (interval of every figure, tally of thresholds)."""
    names = (*table.AIMED, *table.RATIOS, *table.PEOPLE)
    lines = [
        {
            "cell": [10, True, "close"],
            "study": number,
            "figures": dict.fromkeys(names, interval),
            "thresholds": {
                "crossed": tally,
                "below": [0] * 3,
                "beyond": [1, 0, 0],
                "none": [0] * 3,
            },
            "short grid": {
                "crossed": tally,
                "below": [0] * 3,
                "beyond": [0] * 3,
                "none": [1, 0, 0],
            },
            "seconds": 60.0,
        }
        for number, (interval, tally) in enumerate(studies)
    ]
    truths = {"close": dict.fromkeys(names, 0.0)}
    return table.page(lines, truths, commit="abc1234", seed=5, raters=7)


def rows_of(page, heading):
    part = page.split(f"## {heading}")[1].split("\n## ")[0]
    return [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| ")]


def test_intervals_are_counted_on_the_side_on_which_they_lie(table):
    held, below, above, absent = [0, -1, 1], [-2, -3, -1], [2, 1, 3], [0, None, None]
    studies = (
        [(held, [9, 0, 0])] * 17
        + [(below, [5, 3, 1])] * 2
        + [(above, [9, 0, 0]), (absent, [9, 0, 0])]
    )
    page = page_of(table, studies)
    _, _, row = rows_of(page, "Gaps and contrasts")
    assert row == ["10", "same", "close", *["**85.0** (1 none)"] * 5]
    misses = {row[0]: row for row in rows_of(page, "What misses")[2:]}
    assert misses["signed gap"] == ["signed gap", "10", "same", "close", "85.0", "2", "1", "yes"]
    assert misses["AUC"][-1] == "no"
    assert "threshold" not in misses


def test_thresholds_count_where_they_are_finite_and_over_all(table):
    page = page_of(table, [([0, -1, 1], [6, 2, 2]), ([0, -1, 1], [10, 0, 0])])
    _, _, row = rows_of(page, "People alone")
    # 16 of 20; a study is one draw, 6 and 10 of 10, so the error is that of two draws.
    assert row[4] == "**80.0** ± 27.7"
    assert row[5] == f"{100 * 18 / 22:.1f}".join(["**", "**"])
    assert row[6] == f"0.0% / {100 * 2 / 22:.1f}%"
    assert row[7] == "**80.0** (2 none) ± 27.7"


def test_open_ends_hold_what_lies_on_their_side(table):
    page = page_of(table, [([0, None, 1], [9, 0, 0])] * 19 + [([0, 1, None], [9, 0, 0])])
    _, _, row = rows_of(page, "Ratios and AUC")
    assert row == ["10", "same", "close", "95.0", "95.0"]


def test_what_misses_is_there_for_machines(table):
    wide, narrow = ([0, -1, 1], [9, 0, 0]), ([2, 1, 3], [0, 9, 0])
    for study, verdict, other in (
        (wide, "too wide", "too narrow"),
        (narrow, "too narrow", "too wide"),
    ):
        page = page_of(table, [study] * 20)
        numbers = json.loads(page.split("```json")[1].split("```")[0])
        assert numbers[verdict]["signed gap"] == [10]
        assert numbers[other] == {}
        # A threshold that is held too often misses nothing.
        assert ("threshold" in numbers[verdict]) == (study is narrow)
