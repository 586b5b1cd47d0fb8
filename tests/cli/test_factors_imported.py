"""Factor effects on imported cases: like is compared with like, in any order of the rows."""

from __future__ import annotations

import csv
import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from .conftest import Command

FAULTS = Path(__file__).parents[1] / "scorecard" / "faults"
COUNTS = ("--map", "grants=granted,refusals=refused", "--case", "case")
DESK = ("--scenario", "'desk'", "--factor", "urgent")


def reported(
    discretion: Command, folder: Path, file: Path, *options: str
) -> tuple[dict[str, Any], str]:
    """The figures and the page of a fresh workspace with one file imported."""
    shutil.rmtree(folder, ignore_errors=True)
    assert discretion("init", folder).code == 0
    there = ("--workspace", folder)
    outcome = discretion(*there, "import", file, *(options or (*COUNTS, *DESK)))
    assert outcome.code == 0, outcome.err
    assert discretion(*there, "report", "--output", folder / "page.html").code == 0
    return json.loads(discretion(*there, "report", "--json").out), (folder / "page.html").read_text(
        encoding="utf-8"
    )


def urgent(card: dict[str, Any]) -> dict[str, Any]:
    (row,) = [row for row in card["factors"] if row["factor"] == "urgent" and row["scenario"]]
    return row["cells"][0]


@pytest.mark.parametrize("name", ["factor.csv", "factor_rev.csv", "factor2.csv", "factor6.csv"])
def test_a_factor_that_does_nothing_shows_nothing_in_any_order(
    discretion: Command, tmp_path: Path, name: str
) -> None:
    """The last row of each cell was taken: +90 of 100, or −90 with the rows turned around."""
    cell = urgent(reported(discretion, tmp_path / "desk", FAULTS / name)[0])
    assert cell["difference"]["value"] == pytest.approx(0, abs=1e-12)
    if name == "factor6.csv":
        assert cell["difference"]["low"] < 0 < cell["difference"]["high"]
    else:  # Two cases a side: −139 to +139 of 100 is no interval.
        assert cell["difference"]["low"] is None
        assert "too few cases" in cell["difference"]["note"]
    assert cell["difference"]["n"] == (12 if name == "factor6.csv" else 2)


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_one_coat_beside_one_knife_shows_nothing_of_what_differs(
    discretion: Command, tmp_path: Path
) -> None:
    """One case a side may differ in anything, so there is no figure at all."""
    rows = [
        {"case": "coat", "urgent": "yes", "granted": 19, "refused": 1},
        {"case": "knife", "urgent": "no", "granted": 1, "refused": 19},
    ]
    cell = urgent(reported(discretion, tmp_path / "desk", write(tmp_path / "t.csv", rows))[0])
    assert cell["difference"]["value"] is None
    assert cell["difference"]["note"]


def test_sides_that_a_kept_column_tells_apart_are_not_compared(
    discretion: Command, tmp_path: Path
) -> None:
    """Every coat was urgent and no knife was: the column says so, the factor gets no figure."""
    rows = [
        {
            "case": f"{kind}-{index}",
            "kind": kind,
            "urgent": "yes" if kind == "coat" else "no",
            "granted": 19 if kind == "coat" else 1,
            "refused": 1 if kind == "coat" else 19,
        }
        for kind in ("coat", "knife")
        for index in range(4)
    ]
    file = write(tmp_path / "t.csv", rows)
    kept = urgent(
        reported(discretion, tmp_path / "desk", file, *COUNTS, *DESK, "--keep", "kind")[0]
    )
    assert kept["difference"]["value"] is None
    # A number that every case has for itself tells no two sides apart.
    numbered = urgent(
        reported(discretion, tmp_path / "desk", file, *COUNTS, *DESK, "--keep", "case")[0]
    )
    assert numbered["difference"]["value"] == pytest.approx(0.9)


def test_the_page_is_the_same_whatever_the_order_of_the_rows(
    discretion: Command, tmp_path: Path
) -> None:
    """Judgments one by one, so that raters, cases and factors all come in another order."""
    rng = random.Random(3)
    rows = [
        {
            "request": f"Request {number}: {kind}.",
            "kind": kind,
            "urgent": urgent_,
            "days": days,
            "who": f"rater {rater}",
            "decision": "grant" if rng.random() < 0.9 - days / 60 else "refuse",
        }
        for number, (kind, urgent_, days) in enumerate(
            (kind, urgent_, days)
            for kind in ("coat", "knife")
            for urgent_ in ("yes", "no")
            for days in (20, 31, 35, 45)
        )
        for rater in range(4)
    ]
    options = (
        *("--map", "text=request,answer=decision,rater=who,value=days,limit=30"),
        *("--unit", "days", "--scenario", "'desk'", "--factor", "kind,urgent"),
    )
    first, page = reported(
        discretion,
        tmp_path / "desk",
        write(tmp_path / "a.csv", rows),
        *options,
        "--keep-personal-data",
    )
    for seed in range(3):
        random.Random(seed).shuffle(rows)
        again, other = reported(
            discretion,
            tmp_path / "desk",
            write(tmp_path / "a.csv", rows),
            *options,
            "--keep-personal-data",
        )
        assert again == first
        assert other == page
