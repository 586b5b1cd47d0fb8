"""JSON and CSV say exactly what the scorecard says, as plain numbers and harmless text."""

import csv
import json
import math
from dataclasses import replace
from decimal import Decimal

import pytest

from discretion.core.policies import Prices
from discretion.errors import DiscretionError
from discretion.importing.casetext import neutral
from discretion.reports import to_json, write_tables
from discretion.reports.tables import TABLES
from discretion.scorecard.cards import ReadingCard
from discretion.scorecard.conclusion_cards import RequesterCard
from discretion.stats.figure import Figure, missing
from scorecard import hand_made, taught
from scorecard.hand_made import card, case_set, groups

from .broken import breakage, reasons
from .test_page import run_card


@pytest.fixture(scope="module")
def usual():
    some = case_set()
    found = card(
        some,
        contrasts=[("strict", "like")],
        groups=groups(some.cases),
        others=[hand_made.panel(some.cases[::2])],
        prices={"policy-0": Prices(currency="USD", wrong_grant="value", wrong_refusal=Decimal(9))},
        run=run_card(),
    )
    unknown = missing("nothing was scored")
    shares = dict.fromkeys(
        ("vocabulary", "order", "wording", "rest", "scenario", "value", "reason")
    )
    reading = ReadingCard(
        arm="strict", form="", outside=unknown, strayed=0, case=unknown, p=None, across="",
        auc=unknown, recentered=unknown, reads="not known", **shares,
    )  # fmt: skip
    return replace(
        found,
        teaching=taught.card(),
        breakage=breakage(some),
        reasons=reasons(some),
        readings=(reading,),
        requesters=(RequesterCard("region", "north", "strict", 30, unknown, unknown, together=1),),
    )


@pytest.fixture(scope="module")
def tables(usual, tmp_path_factory):
    """Every table as it was written, by name: rows of text."""
    found = {}
    for path in write_tables(usual, tmp_path_factory.mktemp("tables")):
        with path.open(newline="", encoding="utf-8") as file:
            found[path.stem] = list(csv.DictReader(file))
    return found


def test_json_survives_a_round_trip(usual):
    told = to_json(usual)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    gap = next(arm.gap for arm in usual.arms if arm.name == "strict")
    arm = next(one for one in told["arms"] if one["name"] == "strict")
    assert arm["gap"] == {
        "value": gap.value,
        "low": gap.low,
        "high": gap.high,
        "n": gap.n,
        "note": gap.note,
    }


def test_what_is_not_finite_is_null():
    told = to_json(Figure(math.nan, -math.inf, None, 3))
    assert (told["value"], told["low"], told["high"]) == (None, None, None)


def test_every_table_with_a_row_is_written(usual, tables):
    assert set(tables) == set(TABLES)
    people_alone = card(arms={})
    assert [name for name in TABLES if list(TABLES[name](people_alone))] == [
        "people",
        "leans",
        "thresholds",
        "curves",
        "factors",
    ]


def test_what_was_learned_is_two_tables_with_readings_and_verdicts(usual, tables):
    assert len(tables["teaching"]) == len(usual.teaching.rows)
    row = usual.teaching.row("labels", "after a and b")
    told = next(
        one
        for one in tables["teaching"]
        if (one["name"], one["reading"]) == ("labels", "after a and b")
    )
    assert float(told["gap"]) == row.gap.value
    assert float(told["spread"]) == row.spread
    verdicts = [one.verdict for one in usual.teaching.contrasts]
    assert [one["verdict"] for one in tables["teaching_contrasts"]] == verdicts


def test_figures_come_back_to_the_last_digit(usual, tables):
    for arm in usual.arms:
        row = next(one for one in tables["arms"] if one["name"] == arm.name)
        for field in ("gap", "signed", "brier", "auc", "matthews", "reach"):
            figure = getattr(arm, field)
            for end, value in (
                ("", figure.value),
                (".low", figure.low),
                (".high", figure.high),
            ):
                cell = row[f"{field}{end}"]
                assert (float(cell) if cell else None) == value
            assert int(row[f"{field}.n"]) == figure.n


def test_thresholds_and_curves_come_back(usual, tables):
    for curve in usual.curves:
        rows = [one for one in tables["thresholds"] if one["scenario"] == curve.scenario]
        assert [one["who"] for one in rows] == ["people", *(line.arm for line in curve.arms)]
        assert float(rows[0]["value"]) == curve.threshold.value
        assert float(rows[0]["slope"]) == curve.threshold.slope.value
        points = [
            (float(one["value"]), float(one["rate"]), int(one["n"]))
            for one in tables["curves"]
            if one["scenario"] == curve.scenario and one["who"] == "people"
        ]
        assert points == [(point.value, point.rate, point.n) for point in curve.people]


def test_paths_raters_and_groups_have_a_row_for_each(usual, tables):
    assert len(tables["paths"]) == sum(1 + len(row.choices) for row in usual.paths)
    assert tables["paths"][0]["conclusion"] == usual.paths[0].conclusion
    assert [row["stricter"] for row in tables["raters"]] == ["0.9"]
    assert [(row["value"], row["who"]) for row in tables["groups"]] == [
        ("lead", "people"),
        ("lead", "strict"),
        ("starter", "people"),
        ("starter", "strict"),
    ]
    gap = usual.groups[1].arms[0].gap
    assert float(tables["groups"][3]["gap"]) == gap.value


def test_money_and_other_panels_have_a_row_for_each_arm(usual, tables):
    (money,), (panel,) = usual.money, usual.panels
    assert [row["arm"] for row in tables["money"]] == [row.arm for row in money.arms]
    for row, one in zip(tables["money"], money.arms, strict=True):
        assert (row["currency"], row["policies"]) == ("USD", "policy-0")
        assert float(row["total"]) == one.costs.total.value
    assert [row["who"] for row in tables["panels"]] == ["people", *(one.arm for one in panel.arms)]
    assert float(tables["panels"][1]["other_signed"]) == panel.arms[0].other_signed.value


def test_factors_leans_and_disagreements_have_a_row_for_each(usual, tables):
    assert len(tables["factors"]) == sum(len(row.cells) for row in usual.factors)
    assert len(tables["leans"]) == sum(1 + len(row.arms) for row in usual.leans)
    assert len(tables["disagreements"]) == len(usual.disagreements)
    assert tables["failures"][0] == {"arm": "strict", "what": "it timed out", "count": "3"}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_text_that_a_spreadsheet_would_run_is_quoted(start):
    assert neutral(f"{start}1+1") == f"'{start}1+1"


def test_numbers_are_left_alone():
    assert [neutral(cell) for cell in (-1.5, -3, None, True, "a=b")] == [
        -1.5,
        -3,
        None,
        True,
        "a=b",
    ]


def test_formulas_are_neutral_in_every_file(tmp_path):
    evil = "=HYPERLINK(1)"
    found = card(
        case_set(1, titles=(evil,)), arms={evil: hand_made.strict}, kinds={}, with_cases=True
    )
    for path in write_tables(found, tmp_path):
        with path.open(newline="", encoding="utf-8") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell.startswith("=")], path.name


def test_a_folder_that_cannot_be_made_is_one_sentence(usual, tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("here already", encoding="utf-8")
    with pytest.raises(DiscretionError, match=r"cannot be written .*; name another folder"):
        write_tables(usual, taken)
