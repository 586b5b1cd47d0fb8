"""`discretion import`: bring in what people, or a system, decided."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from discretion.cli.app import Json, app, counted, desk, print_json, remark
from discretion.cli.chat_replies import import_chat
from discretion.cli.commands import see
from discretion.cli.import_output import (
    keep_all,
    known_to,
    remark_on_cases,
    remark_on_file,
    remark_on_texts,
    secret_of,
)
from discretion.cli.inspection import import_log
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.importing import Imported
    from discretion.importing.identity import CaseChoice
    from discretion.importing.mapping import ImportMapping
    from discretion.importing.rows import FileReading
    from discretion.importing.survey import Survey
    from discretion.workspace import Workspace

MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", metavar="FILE", help="Read the file as this mapping says."),
]
GrantFrom = Annotated[
    str,
    typer.Option("--grant-from", metavar="LEVEL", help="On a scale: the lowest level that grants."),
]
Levels = Annotated[
    str,
    typer.Option(
        "--levels",
        metavar="LEVEL;…",
        help="The levels in order, from refuse to grant: bad;fair;good.",
    ),
]
AnswerColumns = Annotated[
    str,
    typer.Option("--answer-columns", metavar="COLUMNS", help="Several columns of decisions."),
]
ColumnsAreOption = Annotated[
    Literal["raters", "panels", "cases"] | None,
    typer.Option(
        "--columns-are",
        help="What those columns are: a person each, a question each (one panel each), or a case "
        "each (a survey; the column's name is the text).",
    ),
]
LeaveOut = Annotated[
    str,
    typer.Option(
        "--leave-out",
        metavar="COLUMN=VALUE,…",
        help="Rows that do not count: Status=Survey Preview,Finished=False.",
    ),
]
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


@app.command(
    "import",
    epilog=see('discretion import tickets.csv --map "text=request,answer=outcome"', "importing"),
)
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
            help="What words mean: denied=refuse;credit=unsure;approved*=grant;spam=-.",
        ),
    ] = "",
    grant_from: GrantFrom = "",
    levels: Levels = "",
    answer_columns: AnswerColumns = "",
    columns_are: ColumnsAreOption = None,
    leave_out: LeaveOut = "",
    mapping_file: MappingFile = None,
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
    """Import decisions made by people or by a system.

    A row is one judgment, or one case with counts or a rate. Importing a file twice changes
    nothing. A bad row stops the import with its row, column and value, and nothing is stored. The
    mapping is remembered for files with the same columns. A sheet that discretion cases wrote needs
    none: each row is about the case whose id it gives. A row that names a described scenario finds
    its case by value and factors, or is reported.
    E-mails, phones, cards, accounts, order numbers and some names in texts become marks such as
    [email 1], and raters get pseudonyms, unless --keep-personal-data is given.
    """
    from discretion.importing import read_decisions
    from discretion.importing.mapping import from_options, write_mapping
    from discretion.importing.readings import reading_of
    from discretion.importing.sheet import mapping_of
    from discretion.importing.survey import survey

    here = desk()
    if chat:
        import_chat(here, file, arm or "chat", as_json=as_json)
        return
    if inspect or file.suffix.lower() == ".eval":
        import_log(here, file, arm, as_json=as_json)
        return
    reading: FileReading = {
        "sheet": sheet or None,
        "encoding": encoding,
        "delimiter": delimiter or None,
        "header_row": header_row,
        "no_header": no_header,
        "no_quotes": no_quotes,
    }
    if mapping_file is not None and (mapping or answer_columns):
        raise DiscretionError(
            "the mapping is given twice", where="--mapping", fix="remove --map or --mapping"
        )
    options: dict[str, Any] = {
        "answers": answers,
        "case": case,
        "factor": factor,
        "keep": keep,
        "shown": shown,
        "about": about,
        "levels": levels,
        "answer_columns": answer_columns,
        "columns_are": columns_are or "",
        "leave_out": leave_out,
        "grant_from": grant_from,
        "scenario": scenario,
        "policy": policy,
        "panel": panel,
        "n": n,
        "unit": unit,
        "direction": direction,
        "scale": scale,
        "text_until": text_until,
        "keep_personal_data": keep_personal_data,
        "arm": arm,
        "date_format": date_format,
        "decimal": decimal,
    }
    header = header_of(file, reading)
    sheet_of_ours = mapping_of(header)
    if mapping or answer_columns:
        read_by = from_options(header, {**options, "map": mapping})
    elif mapping_file is None and sheet_of_ours is not None:
        read_by = from_options(header, {**options, **sheet_of_ours})
    else:
        read_by = _with_options(_remembered(here, file, mapping_file, header), options)
    seen = survey(file, **reading)
    choice = _case(here, file, seen, read_by, reading)
    read_by = read_by.model_copy(update={"case": choice.columns, "each_row": choice.each_row})
    secret = None if read_by.keep_personal_data else secret_of(here)
    imported = read_decisions(
        file,
        read_by.layout(),
        skip_bad=skip_bad is not None,
        secret=secret,
        known=known_to(here, read_by),
        **reading,
    )
    if skip_bad is not None and imported.skipped:
        set_aside(skip_bad, imported)
    told = reading_of(file.name, seen, read_by, choice, imported, {})
    kept = keep_all(here, imported, read_by, told)
    written = write_mapping(here.folder, file, read_by)
    if as_json:
        print_json(kept.json)
        return
    print(f"{file.name}: {kept}")
    for line in told.lines:
        remark(line)
    if imported.skipped and skip_bad is not None:
        remark(f"{counted(len(imported.skipped), 'row')} set aside, with why: {skip_bad}")
    remark_on_file(imported)
    remark_on_texts(imported, secret)
    remark_on_cases(here, imported, read_by)
    remark(f"how it was read: {written.relative_to(here.folder)}")
    remark("next: discretion report")


def _case(
    here: Workspace, file: Path, seen: Survey, mapping: ImportMapping, reading: FileReading
) -> CaseChoice:
    """What one case is: as the mapping says. Where it names neither a text nor anything else that
    identifies a case, rows are cases of their own, unless raters repeat over them."""
    from discretion.importing.identity import CaseChoice, choose_case

    described = mapping.scenario.strip("'") in here.contents.scenarios
    by_scenario = bool(mapping.scenario) and (described or mapping.scenario[0] != "'")
    named = {"text", "case"} & set(mapping.fields) or mapping.case or mapping.factor
    if named or by_scenario or mapping.arm:
        return CaseChoice(mapping.case, mapping.each_row)
    return choose_case(file, seen, mapping, **reading)


def header_of(file: Path, reading: FileReading) -> tuple[str, ...]:
    """The columns of a file."""
    from discretion.importing.tables import open_table

    table = open_table(file, **reading)
    table.rows.close()
    return table.header


_ASIDE_OF_A_MAPPING = {"n": "known", "direction": "at most"}
"""What options say where nobody gave them, if that is not nothing."""


def _with_options(read_by: ImportMapping, options: dict[str, Any]) -> ImportMapping:
    """A remembered mapping with what may be open in a new file: words, dates and the decimal sign.

    Raises:
        DiscretionError: another option is given, which the mapping answers already.
    """
    from discretion.importing.spellings import parse_meanings

    given = {name: said for name, said in options.items() if said not in (None, "", False, ())}
    for name, usual in _ASIDE_OF_A_MAPPING.items():
        if given.get(name) == usual:
            del given[name]
    words = parse_meanings(given.pop("answers", ""))
    added: dict[str, Any] = {"answers": {**read_by.answers, **words}}
    added |= {name: given.pop(name) for name in ("decimal", "date_format") if name in given}
    if given:
        option = f"--{next(iter(given)).replace('_', '-')}"
        raise DiscretionError(
            "the mapping that is remembered for these columns says this already",
            where=option,
            fix=f"change it in imports/, or give --map with {option}",
        )
    return read_by.model_copy(update=added)


def _remembered(
    here: Workspace, file: Path, named: Path | None, header: tuple[str, ...]
) -> ImportMapping:
    """The mapping that was named, or the one last used for a file with these columns."""
    from discretion.canonical import digest
    from discretion.importing.mapping import find_mapping, from_stored, read_mapping

    if named is not None:
        return read_mapping(named).model_copy(update={"columns": header})
    found = find_mapping(here.folder, header)
    if found is not None:
        remark(f'read as {found[0].relative_to(here.folder)} says: --map "{found[1].written_map}"')
        return found[1]
    known = list(here.store.entries("mapping", digest(list(header))))
    if not known:
        raise DiscretionError(
            "nothing says which column is what",
            where=str(file),
            fix=f'add --map "text=…,answer=…"; the columns are: {", ".join(header)}',
        )
    mapping = from_stored(known[-1].body, header)
    remark(f'as last time for these columns: --map "{mapping.written_map}"')
    return mapping


def set_aside(path: Path, imported: Imported) -> None:
    """Bad rows with all their cells, and why; cells that a spreadsheet would run are quoted."""
    from discretion.importing.casetext import neutral

    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["row", "column", "why", *imported.header])
            for row in imported.skipped:
                why = f"{row.why}; {row.fix}"
                writer.writerow([row.number, row.column, why, *map(neutral, row.cells)])
    except OSError as error:
        raise DiscretionError(
            f"cannot be written ({error.strerror})", where=str(path), fix="name another file"
        ) from error
