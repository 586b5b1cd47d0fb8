"""Sheets: what is written out, filled in and read back lands on the cases it was written of."""

import csv
import json
import tempfile
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from discretion.core.cases import Case, cases_of
from discretion.core.policies import Policy
from discretion.core.scenarios import Scenario
from discretion.core.units import Unit
from discretion.errors import DiscretionError
from discretion.importing import Imported, Known, Layout, parse_map, read_decisions
from discretion.importing.sheet import EXPECTED, mapping_of, write_sheet
from discretion.importing.tables import open_table

POLICY = Policy(id="desk", rule="Fourteen days.", domain="retail")

_WORD = (
    st.text(alphabet="abc=+-@;:'\"ÄЖ漢€ \n\t,|", min_size=1, max_size=12)
    .map(str.strip)
    .filter(bool)
)
_AMOUNTS = {
    "days": st.integers(0, 60).map(str),
    "USD": st.decimals(0, 2000, places=3).map(str),
    "%": st.decimals(0, 100, places=1).map(str),
    "": st.decimals(-50, 50, places=3).map(str),
    "clock": st.integers(0, 1439).map(lambda minute: f"{minute // 60}:{minute % 60:02d}"),
    "date": st.dates().map(lambda day: day.isoformat()),
}


@st.composite
def scenarios(draw: st.DrawFn, name: str) -> Scenario:
    """Any shape of scenario: ceiling, floor or no limit, each unit, any factors, odd texts."""
    levels = st.lists(
        _WORD, min_size=2, max_size=3, unique_by=lambda word: " ".join(word.split()).casefold()
    )
    factors = {
        factor: {"levels": {level: draw(_WORD) for level in draw(levels)}}
        for factor in draw(st.lists(st.sampled_from(("cause", "tier")), unique=True))
    }
    start, slots = draw(_WORD), " ".join(f"{{{factor}}}" for factor in factors)
    plain = {"id": name, "policy": "desk", "factors": factors}
    if draw(st.integers(0, 3)) == 0:
        return Scenario(**plain, wordings=(f"{start} {name} {slots}",))
    unit = draw(st.sampled_from(list(_AMOUNTS)))
    direction = draw(st.sampled_from(("at most", "at least")))
    read = Unit.named(unit).read
    amounts = draw(st.lists(_AMOUNTS[unit], min_size=2, max_size=4, unique_by=read))
    limit, *beyond = sorted(amounts, key=read, reverse=direction == "at least")
    return Scenario(
        **plain,
        unit=unit,
        direction=direction,
        limit=limit,
        scale=7,
        values=tuple(beyond),
        wordings=(f"{start} {name} {{value}} {slots}", f"{name}: {{value}}\nof {{limit}} {slots}"),
    )


@st.composite
def workspaces(draw: st.DrawFn) -> Known:
    own = {name: draw(scenarios(name)) for name in ("late", "waiting")}
    described = tuple(case for one in own.values() for case in cases_of(one, POLICY))
    return Known(described, (), own)


def filled(path: Path, answers: dict[str, list[str]], *, without: tuple[str, ...] = ()) -> Path:
    """The sheet with a row for each of a case's answers, the cases' rows repeated for that."""
    table = open_table(path)
    columns = [name for name in table.header if name not in without]
    rows = []
    for row in table.rows:
        cells = dict(zip(table.header, row.cells, strict=True))
        for person, answer in enumerate(answers[cells["case"]]):
            told = {"answer": answer, "rater": f"p{person}", EXPECTED: "80%"}
            rows.append({name: {**cells, **told}[name] for name in columns})
    new = path.with_name(f"filled{path.suffix}")
    if path.suffix == ".jsonl":
        new.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    elif path.suffix == ".csv":
        with new.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
    else:
        with xlsxwriter.Workbook(new) as book:
            sheet = book.add_worksheet()
            for number, cells in enumerate([dict(zip(columns, columns, strict=True)), *rows]):
                for place, name in enumerate(columns):
                    sheet.write_string(number, place, cells[name])
    return new


def read_back(path: Path, known: Known, **options) -> Imported:
    """What `import FILE` without a --map reads."""
    table = open_table(path)
    table.rows.close()
    told = mapping_of(table.header)
    assert told is not None
    layout = Layout(
        parse_map(told["map"]),
        scenario=told["scenario"] or None,
        decimal=told["decimal"],
        **options,
    )
    return read_decisions(path, layout, known=known)


def answers_for(cases: tuple[Case, ...]) -> dict[str, list[str]]:
    """None, one or several answers a case, told apart by the case."""
    kinds = ("grant", "refuse", "unsure")
    return {case.id: [kinds[(at + n) % 3] for n in range(at % 4)] for at, case in enumerate(cases)}


@pytest.mark.parametrize("ending", ["csv", "xlsx", "jsonl"])
@pytest.mark.parametrize("without", [(), ("case",)], ids=["with ids", "without ids"])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(known=workspaces())
def test_a_sheet_written_filled_in_and_imported_gives_each_case_exactly_its_judgments(
    known: Known, ending: str, without: tuple[str, ...]
) -> None:
    answers = answers_for(known.described)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"cases.{ending}"
        write_sheet(known.described, path)
        if not any(answers.values()):
            return
        read = read_back(filled(path, answers, without=without), known)
    assert read.cases == ()
    got = {case.id: [] for case in known.described}
    for judgment in read.judgments:
        got[judgment.case].append(judgment.answer)
    assert got == answers
    shown = {case.id: case.shown for case in known.described}
    assert all(judgment.shown == shown[judgment.case] for judgment in read.judgments)
    assert all(judgment.expected == 0.8 for judgment in read.judgments)


FLOOR = Scenario(
    id="years",
    policy="desk",
    unit="years",
    direction="at least",
    limit="5",
    values=("1", "4"),
    wordings=("=cmd() says {value}\n\nand a second line",),
)


def known_floor() -> Known:
    return Known(tuple(cases_of(FLOOR, POLICY)), (), {"years": FLOOR})


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_text_that_a_spreadsheet_would_run_is_quoted_and_still_the_same_text(tmp_path, ending):
    known = known_floor()
    path = tmp_path / f"cases.{ending}"
    write_sheet(known.described, path)
    table = open_table(path)
    texts = [row.cells[table.header.index("text")] for row in table.rows]
    assert all(text.startswith("'=") for text in texts)
    assert len(read_back(filled(path, {c.id: ["yes"] for c in known.described}), known).met) == 2


def test_a_sheet_that_is_there_is_never_written_over(tmp_path):
    path = tmp_path / "cases.csv"
    path.write_text("filled in by somebody", encoding="utf-8")
    with pytest.raises(DiscretionError, match="is there already"):
        write_sheet(known_floor().described, path)
    assert path.read_text(encoding="utf-8") == "filled in by somebody"


def test_a_text_that_no_cell_can_hold_is_said_before_anything_is_written(tmp_path):
    long = Case("c1", "desk", "c1", text="x" * 40_000)
    with pytest.raises(DiscretionError, match=r"40,000 characters.*32,767; write .jsonl"):
        write_sheet([long], tmp_path / "cases.xlsx")
    assert not list(tmp_path.iterdir())
    write_sheet([long], tmp_path / "cases.jsonl")
    (row,) = open_table(tmp_path / "cases.jsonl").rows
    assert long.text in row.cells


def test_rows_left_empty_are_counted_and_an_explanation_alone_is_a_slip(tmp_path):
    known = known_floor()
    write_sheet(known.described, tmp_path / "cases.csv")
    read = read_back(tmp_path / "cases.csv", known)
    assert (read.unanswered, read.judgments, read.cases) == (2, (), ())
    lines = (tmp_path / "cases.csv").read_text(encoding="utf-8-sig")
    slip = tmp_path / "slip.csv"
    slip.write_text(lines.replace(",,,,,", ",,because,,,", 1), encoding="utf-8")
    with pytest.raises(DiscretionError, match="column 'answer'"):
        read_back(slip, known)


def test_a_file_of_other_columns_is_no_sheet():
    assert mapping_of(("request", "outcome", "agent", "days")) is None
