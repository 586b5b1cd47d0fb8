import csv
import os
from pathlib import Path

import numpy as np
import pytest

from discretion import baselines
from discretion.core.cases import Case
from discretion.core.holdouts import default_holdout
from discretion.errors import DiscretionError

from .study import cases, counted, panel

CASES = cases()
SPLITS = default_holdout(CASES).splits(CASES)


@pytest.mark.parametrize(("name", "p"), [("always-refuse", 0.0), ("always-grant", 1.0)])
def test_they_answer_every_case_alike_even_without_judgments(name, p):
    arm = baselines.fit(name, CASES, counted({}), [])
    assert arm.table == {case.id: p for case in CASES}


def test_the_mean_is_of_the_cases_each_equal_whatever_their_n():
    people = counted({CASES[0].id: (1.0, 100), CASES[1].id: (0.0, 2), CASES[2].id: (0.5, None)})
    arm = baselines.fit("mean", CASES[:4], people, SPLITS)
    assert set(arm.table.values()) == {0.5}
    assert CASES[3].id in arm.table


def test_the_mean_is_fitted_on_held_out_cases_too_and_says_so():
    people = panel(CASES)
    arm = baselines.fit("mean", CASES, people, SPLITS)
    assert next(iter(arm.table.values())) == pytest.approx(np.mean(people.rate))
    assert "held-out ones included" in baselines.describe("mean")


def test_the_mean_of_nobody_is_an_error_not_a_number():
    with pytest.raises(DiscretionError, match="baseline/mean has nothing to learn from"):
        baselines.fit("mean", CASES, counted({}), SPLITS)


@pytest.mark.data
def test_the_figures_of_published_data_come_out():
    """MoralExceptQA with its known fault mended: the mean absolute gap of each constant."""
    folder = os.environ.get("DISCRETION_DATA")
    if not folder:
        pytest.skip("DISCRETION_DATA does not point to the research data")
    path = Path(folder, "moralexceptqa", "complete_file.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rates = {}
    for index, row in enumerate(rows):
        fault = (row["context"], row["condition"]) == ("bluemailbox", "hundred")
        rates[str(index)] = (0.1 if fault else float(row["human.response"]), None)
    some = [Case(id=id_, policy="p", scenario=id_) for id_ in rates]
    people = counted(rates)
    gaps = {}
    for name in ("always-refuse", "always-grant", "mean"):
        table = baselines.fit(name, some, people, []).table
        gaps[name] = round(float(np.mean([abs(table[id_] - rates[id_][0]) for id_ in rates])), 3)
    assert gaps == {"always-refuse": 0.445, "always-grant": 0.555, "mean": 0.259}
