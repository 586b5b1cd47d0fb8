"""`discretion import`: bring in what people, or a system, decided."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from discretion.cli.app import Json, app, desk, print_json, remark
from discretion.cli.inspection import import_log
from discretion.cli.intake import (
    keep_all,
    known_to,
    remark_on_cases,
    remark_on_file,
    remark_on_texts,
    secret_of,
)
from discretion.cli.replies import import_chat
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.importing import Imported, Layout
    from discretion.importing.rows import Reading
    from discretion.workspace import Workspace

HeaderRow = Annotated[
    int | None,
    typer.Option("--header-row", metavar="N", min=1, help="The row in which columns are named."),
]
NoHeader = Annotated[
    bool, typer.Option("--no-header", help="No row names the columns: they are column 1, 2, ….")
]
NoQuotes = Annotated[
    bool, typer.Option("--no-quotes", help="Quotation marks are letters like others.")
]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, JSON, JSONL, XLSX, Parquet or EVAL.")],
    mapping: Annotated[
        str,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN,…",
            help="Which column is what: text, answer, explanation, rater, time, confidence, "
            "expected, value, limit, policy, domain, case (the id of a case that is here); or "
            "grants and refusals, or rate and n. Columns can be calculated with: "
            "value=returned_on - delivered_on; texts put together: "
            'text="{subject}\\n{body}".',
        ),
    ] = "",
    answers: Annotated[
        str,
        typer.Option(
            "--answers",
            metavar="WORD=ANSWER;…",
            help="What words mean: denied=refuse;credit=unsure.",
        ),
    ] = "",
    case: Annotated[
        str, typer.Option("--case", metavar="COLUMNS", help="Columns that identify a case.")
    ] = "",
    scenario: Annotated[
        str,
        typer.Option(
            "--scenario",
            metavar="COLUMN",
            help="Column that names the scenario, or one: 'returns'.",
        ),
    ] = "",
    policy: Annotated[str, typer.Option("--policy", help="The policy they all fall under.")] = "",
    panel: Annotated[str, typer.Option("--panel", help="Name of the people who decided.")] = "",
    n: Annotated[
        Literal["known", "unknown"],
        typer.Option("--n", help="Whether it is known how many people stand behind a rate."),
    ] = "known",
    unit: Annotated[
        str, typer.Option("--unit", help="USD, %, clock, date, or what is counted: days.")
    ] = "",
    direction: Annotated[
        Literal["at most", "at least"], typer.Option("--direction", help="What the limit is.")
    ] = "at most",
    scale: Annotated[
        str, typer.Option("--scale", help="What a deviation of 1 is worth, in the unit.")
    ] = "",
    factor: Annotated[
        str, typer.Option("--factor", metavar="COLUMNS", help="Columns that are factors.")
    ] = "",
    keep: Annotated[
        str, typer.Option("--keep", metavar="COLUMNS", help="Columns to keep for grouping.")
    ] = "",
    shown: Annotated[
        str,
        typer.Option(
            "--shown",
            metavar="COLUMNS",
            help="Columns with checked facts, shown to every model and person who decides.",
        ),
    ] = "",
    about: Annotated[
        str,
        typer.Option(
            "--about",
            metavar="COLUMNS",
            help="Columns that describe the judgment or who made it: tenure, reversed.",
        ),
    ] = "",
    text_until: Annotated[
        str,
        typer.Option(
            "--text-until",
            metavar="COLUMN",
            help="Cut the text where this column's text begins, such as the agent's reply.",
        ),
    ] = "",
    keep_personal_data: Annotated[
        bool,
        typer.Option(
            "--keep-personal-data",
            help="Keep e-mails, numbers and names in texts, and raters' names, as they are.",
        ),
    ] = False,
    arm: Annotated[
        str, typer.Option("--arm", metavar="NAME", help="A system decided: keep as recorded/NAME.")
    ] = "",
    chat: Annotated[
        bool, typer.Option("--chat", help="FILE is a chat assistant's reply to a trial.")
    ] = False,
    inspect: Annotated[
        bool, typer.Option("--inspect", help="FILE is a log of Inspect AI, as one in .eval is.")
    ] = False,
    skip_bad: Annotated[
        Path | None,
        typer.Option("--skip-bad", metavar="FILE", help="Set bad rows aside in this CSV file."),
    ] = None,
    sheet: Annotated[str, typer.Option("--sheet", help="Sheet of a spreadsheet.")] = "",
    encoding: Annotated[str, typer.Option("--encoding", help="Of a text file.")] = "utf-8",
    delimiter: Annotated[str, typer.Option("--delimiter", help="Between the columns.")] = "",
    date_format: Annotated[
        str,
        typer.Option(
            "--date-format", help="Such as %d.%m.%Y or epoch; several with |; else 2026-03-31."
        ),
    ] = "",
    decimal: Annotated[
        str, typer.Option("--decimal", metavar="SIGN", help="The decimal sign of numbers: . or ,")
    ] = "",
    header_row: HeaderRow = None,
    no_header: NoHeader = False,
    no_quotes: NoQuotes = False,
    as_json: Json = False,
) -> None:
    """Bring in what people, or a system, decided.

    A row is one judgment, or one case with counts or a rate. Importing a file twice changes
    nothing. A bad row stops the import with its row, column and value, and nothing is stored. The
    mapping is remembered for files with the same columns. A sheet that discretion cases wrote needs
    none: each row is about the case whose id it gives. A row that names a described scenario finds
    its case by value and factors, or is reported.
    E-mails, phones, cards, accounts, order numbers and some names in texts become marks such as
    [email 1], and raters get pseudonyms, unless --keep-personal-data is given.
    """
    from discretion.importing import read_decisions

    here = desk()
    if chat:
        import_chat(here, file, arm or "chat", as_json=as_json)
        return
    if inspect or file.suffix.lower() == ".eval":
        import_log(here, file, arm, as_json=as_json)
        return
    said: dict[str, Any] = {
        "map": mapping,
        "answers": answers,
        "case": case,
        "scenario": scenario,
        "policy": policy,
        "panel": panel,
        "n": n,
        "unit": unit,
        "direction": direction,
        "scale": scale,
        "factor": factor,
        "keep": keep,
        **({"shown": shown} if shown else {}),
        "about": about,
        "text_until": text_until,
        "keep_personal_data": keep_personal_data,
        "arm": arm,
        "date_format": date_format,
    }
    if decimal:
        said["decimal"] = decimal
    reading: Reading = {
        "sheet": sheet or None,
        "encoding": encoding,
        "delimiter": delimiter or None,
        "header_row": header_row,
        "no_header": no_header,
        "no_quotes": no_quotes,
    }
    if not mapping:
        said = _of_sheet(file, said, reading) or _remembered(here, file, reading)
    secret = None if said.get("keep_personal_data") else secret_of(here)
    imported = read_decisions(
        file,
        layout_of(said),
        skip_bad=skip_bad is not None,
        secret=secret,
        known=known_to(here, said),
        **reading,
    )
    if skip_bad is not None and imported.skipped:
        set_aside(skip_bad, imported)
    kept = keep_all(here, imported, said)
    if as_json:
        print_json(kept.json)
        return
    print(f"{file.name}: {kept}")
    if imported.skipped:
        remark(f"{len(imported.skipped)} bad rows are set aside in {skip_bad}")
    remark_on_file(imported)
    remark_on_texts(imported, secret)
    remark_on_cases(here, imported, said)
    remark("next: discretion report")


def layout_of(said: dict[str, Any]) -> Layout:
    from decimal import Decimal, InvalidOperation

    from discretion.importing import Layout, Spellings, parse_answers, parse_columns, parse_map

    try:
        scale = Decimal(said["scale"]) if said["scale"] else None
    except InvalidOperation as error:
        raise DiscretionError(
            f"{said['scale']!r} is no scale", where="--scale", mend="give a number above 0"
        ) from error
    return Layout(
        fields=parse_map(said["map"]),
        spellings=parse_answers(said["answers"]) if said["answers"] else Spellings(),
        case=parse_columns(said["case"], "--case") if said["case"] else (),
        scenario=said["scenario"] or None,
        policy=said["policy"] or "imported",
        panel=said["panel"] or "people",
        arm=said["arm"] or None,
        n_unknown=said["n"] == "unknown",
        unit=said["unit"],
        direction=said["direction"],
        scale=scale,
        factors=parse_columns(said["factor"], "--factor") if said["factor"] else (),
        keep=parse_columns(said["keep"], "--keep") if said["keep"] else (),
        shown=parse_columns(said["shown"], "--shown") if said.get("shown") else (),
        about=parse_columns(said["about"], "--about") if said.get("about") else (),
        until=said.get("text_until") or None,
        date_format=said["date_format"] or None,
        decimal=said.get("decimal") or None,
    )


def _of_sheet(file: Path, said: dict[str, Any], reading: Reading) -> dict[str, Any] | None:
    """What the columns of a sheet that `discretion cases` wrote mean; None where it is none."""
    from discretion.importing.sheet import mapping_of
    from discretion.importing.tables import open_table

    table = open_table(file, **reading)
    table.rows.close()
    known = mapping_of(table.header)
    return None if known is None else {**said, **known}


def _remembered(here: Workspace, file: Path, reading: Reading) -> dict[str, Any]:
    """The mapping that was last used for a file with these columns."""
    from discretion.canonical import digest
    from discretion.importing.tables import open_table

    table = open_table(file, **reading)
    table.rows.close()
    known = list(here.store.entries("mapping", digest(list(table.header))))
    if not known:
        raise DiscretionError(
            "nothing says which column is what",
            where=str(file),
            mend=f'add --map "text=…,answer=…"; the columns are: {", ".join(table.header)}',
        )
    said = dict(known[-1].body)
    remark(f'as last time for these columns: --map "{said["map"]}"')
    return said


def set_aside(path: Path, imported: Imported) -> None:
    """Bad rows with all their cells, and why; cells that a spreadsheet would run are quoted."""
    from discretion.importing.casetext import neutral

    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["row", "column", "why", *imported.header])
            for row in imported.skipped:
                why = f"{row.why}; {row.mend}"
                writer.writerow([row.number, row.column, why, *map(neutral, row.cells)])
    except OSError as error:
        raise DiscretionError(
            f"cannot be written ({error.strerror})", where=str(path), mend="name another file"
        ) from error
