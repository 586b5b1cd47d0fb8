"""The commands that the guide shows for the public data sets give the figures it prints."""

from __future__ import annotations

import argparse
import os
import re
import shlex
from collections import defaultdict
from pathlib import Path

import pytest

from discretion.core.judgments import gather
from discretion.importing import Layout, parse_columns, parse_map, read_decisions

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "public-data.md"
DATA = os.environ.get("DISCRETION_DATA")
FIGURE = 0.0005
"""Published figures have three decimals."""

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA, reason="DISCRETION_DATA does not name the public data"),
]


def command(file: str) -> argparse.Namespace:
    """The options with which the guide imports a file."""
    shown = re.search(
        rf"discretion import ({re.escape(file)}.*?)\n```", GUIDE.read_text(encoding="utf-8"), re.S
    )
    assert shown
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    for option in ("map", "case", "scenario", "factor", "n"):
        parser.add_argument(f"--{option}")
    return parser.parse_args(shlex.split(shown[1].replace("\\\n", " ")))


def printed(*figures: str) -> bool:
    """Whether the guide prints them."""
    text = GUIDE.read_text(encoding="utf-8")
    return all(figure in text for figure in figures)


def as_the_guide_says(file: str):
    assert DATA
    options = command(Path(file).name)
    layout = Layout(
        parse_map(options.map),
        case=parse_columns(options.case, "--case"),
        scenario=options.scenario,
        factors=parse_columns(options.factor or "", "--factor"),
        n_unknown=options.n == "unknown",
    )
    return read_decisions(Path(DATA) / file, layout)


def test_rules_about_queues_property_and_a_pool():
    read = as_the_guide_says("moralexceptqa/complete_file.csv")
    assert len(read.cases) == len(read.tallies) == 148
    assert all(case.text for case in read.cases)
    assert all(tally.n is None for tally in read.tallies)
    study = {case.id: case.scenario for case in read.cases}
    rates = defaultdict(list)
    for tally in read.tallies:
        rates[study[tally.case]].append(tally.rate)
        rates["all"].append(tally.rate)
    means = {name: sum(shares) / len(shares) for name, shares in rates.items()}
    assert {name: len(shares) for name, shares in rates.items()} == {
        "all": 148,
        "blue.house": 54,
        "lines": 66,
        "cannonball": 28,
    }
    assert means == {
        "all": pytest.approx(0.448, abs=FIGURE),
        "blue.house": pytest.approx(0.299, abs=FIGURE),
        "lines": pytest.approx(0.526, abs=FIGURE),
        "cannonball": pytest.approx(0.551, abs=FIGURE),
    }
    assert printed(*(f"{mean:.3f}" for mean in means.values()))
    error = sum(abs(rate - means["all"]) for rate in rates["all"]) / 148
    assert error == pytest.approx(0.258, abs=FIGURE)


def test_the_known_fault_is_what_moves_the_mean():
    read = as_the_guide_says("moralexceptqa/complete_file.csv")
    (faulty,) = (
        case.id
        for case in read.cases
        if (case.columns["context"], case.columns["condition"]) == ("bluemailbox", "hundred")
    )
    rates = [0.1 if tally.case == faulty else tally.rate for tally in read.tallies]
    assert sum(rates) / 148 == pytest.approx(0.445, abs=FIGURE)


def test_a_neighbour_s_property():
    read = as_the_guide_says("bluehouse/individual_long.csv")
    assert (len(read.cases), len(read.judgments), read.rows) == (60, 3650, 3650)
    assert len({judgment.rater for judgment in read.judgments}) == 365
    assert len({judgment.id for judgment in read.judgments}) == 3650
    assert len({case.scenario for case in read.cases}) == 10
    offer = {case.id: case.factors["offer"] for case in read.cases}
    answers = defaultdict(list)
    for judgment in read.judgments:
        answers[offer[judgment.case]].append(judgment.answer == "grant")
    shares = {name: sum(granted) / len(granted) for name, granted in answers.items()}
    assert printed(*(f"{share:.3f}" for share in shares.values()))
    assert shares == {
        "hundred": pytest.approx(0.068, abs=FIGURE),
        "thousand": pytest.approx(0.132, abs=FIGURE),
        "tenthousand": pytest.approx(0.127, abs=FIGURE),
        "hunthousand": pytest.approx(0.213, abs=FIGURE),
        "million": pytest.approx(0.319, abs=FIGURE),
        "gun": pytest.approx(0.873, abs=FIGURE),
    }


def test_what_if_everybody_did_that():
    read = as_the_guide_says("universalization/adult_decisions_with_explanations.csv")
    assert len(read.judgments) == 402
    assert len({judgment.rater for judgment in read.judgments}) == 201
    words = [len((judgment.explanation or "").split()) for judgment in read.judgments]
    assert round(sum(words) / len(words)) == 15
    panel = gather("people", read.judgments)
    names = {case.id: (case.scenario, case.factors["interest_condition"]) for case in read.cases}
    found = {
        names[case]: (round(rate * n), int(n))
        for case, rate, n in zip(panel.cases, panel.rate, panel.n, strict=True)
    }
    assert printed(*(f"{grants} of {n}" for grants, n in found.values()))
    assert found == {
        ("buckets", "Low"): (85, 99),
        ("buckets", "High"): (50, 102),
        ("rocks", "Low"): (74, 102),
        ("rocks", "High"): (46, 99),
    }
