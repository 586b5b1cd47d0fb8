"""The proofs of power and truth: how they count, and that what they published still holds."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from discretion.stats.figure import Figure
from discretion.toy.learner import LEARNER, Learner

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"


def proof(name: str) -> ModuleType:
    sys.path.insert(0, str(ROOT / "proofs"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.pop(0)


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    yield


def test_the_learner_is_the_one_that_was_published_before_quality_0_was_run():
    text = (REFERENCE / "power_weight.md").read_text(encoding="utf-8")
    chosen = re.search(r"Chosen: \*\*weight ([\d.]+), noise ([\d.]+)\*\*", text)
    assert chosen
    assert (float(chosen[1]), float(chosen[2])) == (LEARNER.weight, LEARNER.noise)


@pytest.mark.torch
def test_the_pair_nearest_to_the_built_in_model_is_chosen():
    pytest.importorskip("torch")
    weight = proof("power_weight")
    near, wide, far = Learner(1, 0.1), Learner(1, 0.3), Learner(3, 0.1)
    found = {near: (-0.004, 0.011), wide: (-0.004, 0.030), far: (0.010, 0.011)}
    assert weight.chosen(-0.005, 0.01, found) == near
    del found[near]
    assert weight.chosen(-0.005, 0.01, found) == far


def test_false_findings_are_published_with_their_exact_interval_and_keep_the_bar():
    text = (REFERENCE / "power.md").read_text(encoding="utf-8")
    row = re.search(r"\| the ordinary study \| ([\d,]+) \|.*?\*\*([\d.]+)%\*\* \(([^)]*)\)", text)
    assert row
    assert int(row[1].replace(",", "")) >= 1000
    verdict = "within" if float(row[2]) <= 7 else "above"
    assert f"**{row[2]}%: {verdict} what was asked for.**" in text


def test_the_short_answers_are_made_of_the_published_tables():
    page = proof("power_page")
    text = (REFERENCE / "power.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    wrong = next(row for row in rows if row[0] == "the ordinary study")[3]
    sizes = [row for row in rows if len(row) == 8 and row[0].isdigit()]
    worst = max(sizes, key=lambda row: float(row[3].rstrip("%")))
    full = next(row for row in rows if row[0] == "1" and "(" in row[1])[1]
    apart = {
        row[0]: share(row[1]) + share(row[2]) for row in rows if len(row) == 4 and "%" in row[1]
    }

    def tally(helped: float) -> object:
        return page.StudyTally(0.0, 1000, round(1000 * helped), 0, 0, {}, 0.0, 0.0, 0.0)

    expected = page._short(
        tally(share(wrong.strip("*"))),
        tally(share(full)),
        (share(worst[3]), page.StudySize(domains=int(worst[1]))),
        {0.0: apart["0"], 1.0: apart["1"]},
    )
    assert expected in text


def share(cell: str) -> float:
    return float(cell.partition("%")[0]) / 100


def outcome(p: float | None, difference: float) -> dict[str, object]:
    return {
        "said": "cannot be told",
        "p_value": p,
        "adjusted": p,
        "difference": difference,
        "true_difference": difference,
        "same": 0.5,
        "items": 10.0,
    }


def test_a_page_counts_findings_either_way_at_quality_0_and_nearer_ones_elsewhere():
    page = proof("power_page")
    cells = page.CELLS
    place = next(at for at, cell in enumerate(cells) if cell.kind == "table")
    lines = [
        {
            "cell": place,
            "study": number,
            "found": {
                str(seeds): {str(q): outcome(p, d) for q in cells[place].qualities}
                for seeds in page.SEEDS
            },
        }
        for number, (p, d) in enumerate([(0.01, -1.0), (0.01, 1.0), (0.2, -1.0), (None, 0.0)])
    ]
    row = page._sizes(lines, [place]).splitlines()[2]
    size = cells[place].size
    shares = [cell.strip() for cell in row.strip("| ").split(" | ")]
    assert shares[:3] == [str(size.judgments), str(size.domains), "1"]
    assert shares[3:7] == ["50%", "25%", "25%", "25%"]


def test_labels_alone_and_few_explanations_meet_the_same_people():
    unequal = proof("power_unequal").unequal
    found = unequal((1, 2, 3), Learner(0.8, 0.0))
    assert list(found) == ["0.0", "0.25", "0.5", "1.0"]
    assert found == unequal((1, 2, 3), Learner(0.8, 0.0))
    # Without noise and without heed to explanations, only the labels count.
    deaf = unequal((1, 2, 3), Learner(0.0, 0.0)).values()
    assert len({round(one["true_difference"], 6) for one in deaf}) == 1


@pytest.mark.torch
def test_a_tiny_study_teaches_the_same_labels_at_every_quality():
    pytest.importorskip("torch")
    tiny = proof("tiny_studies")
    (_, none), (_, full) = (tiny.study_of((5, 2), quality) for quality in (0.0, 1.0))
    for one, other in zip(none, full, strict=True):
        ours, theirs = one.taught.kept, other.taught.kept
        assert [a.judgment for a in ours] == [b.judgment for b in theirs]
        assert [a.granted for a in ours] == [b.granted for b in theirs]
        assert np.mean([a.real == b.real for a, b in zip(ours, theirs, strict=True)]) < 0.3
        held = {case.id for case in one.fold.held}
        assert not held & {item.case.id for item in ours}


@pytest.mark.torch
def test_the_truth_is_the_mean_over_people_and_tipping_points():
    pytest.importorskip("torch")
    truth = proof("truth")
    people = truth.PEOPLE
    cases = truth.pool(people.name)
    p = np.full(len(cases.cases), 0.4)
    found = truth.truth_of(p)
    rng = np.random.default_rng(0)
    rows = rng.integers(len(p), size=200_000)
    strict = np.array([truth.SAFETY.get(case.domain, 0.0) for case in cases.cases])
    leaning = (cases.pulls.sum(axis=1) + strict)[rows]
    leaning = leaning + people.scenario_sd * rng.standard_normal(len(rows))
    nodes = people.rater_sd * rng.standard_normal((200, 1))
    q = np.zeros(len(rows))
    for u in nodes[:, 0]:
        q += people.lapse + (1 - 2 * people.lapse) / (1 + np.exp(-people.slope * (leaning + u)))
    q /= len(nodes)
    assert found.signed == pytest.approx(np.mean(0.4 - q), abs=0.01)
    assert found.gap**2 == pytest.approx(np.mean((0.4 - q) ** 2), abs=0.01)


@pytest.mark.torch
def test_studies_of_truth_draw_people_and_scenarios_anew():
    pytest.importorskip("torch")
    truth = proof("truth")
    (one, cases), (other, others) = truth.drawn(0), truth.drawn(1)
    assert one.name != other.name
    assert len({case.scenario for case in cases}) == truth.SCENARIOS
    assert not {case.scenario for case in cases} & {case.scenario for case in others}
    assert len({case.id for case in cases}) == len(cases) == truth.SCENARIOS * truth.CASES


@pytest.mark.torch
def test_intervals_are_counted_on_the_side_on_which_they_lie():
    pytest.importorskip("torch")
    truth = proof("truth")
    held, below, none = Figure(1, 0, 2, 9), Figure(-1, -2, 0.5, 9), Figure(1, None, None, 9)
    figures = [held] * 18 + [below, none]
    text = truth.page(truth.Truth(1.0, 1.0), [(one, held) for one in figures])
    assert "| noise-corrected gap | +1.0000 | **18 of 20** | 1 | 0 |" in text
    assert "| signed gap | +1.0000 | **20 of 20** | 0 | 0 |" in text
    assert "Both reach" in text
    figures[:2] = [below] * 2
    assert "**This falls short.**" in truth.page(truth.Truth(1.0, 1.0), [(f, f) for f in figures])


def test_published_intervals_hold_the_truth_as_often_as_was_asked_for():
    text = (REFERENCE / "truth.md").read_text(encoding="utf-8")
    held = [int(count) for count in re.findall(r"\*\*(\d+) of 20\*\*", text)]
    assert len(held) == 2
    assert min(held) >= 17
