"""`discretion start`: from a file of decisions to a workspace and a report, in six questions."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from discretion.cli.app import app, counted, remark
from discretion.cli.importing import HeaderRow, NoHeader, NoQuotes, layout_of, set_aside
from discretion.cli.intake import keep_all, remark_on_file, remark_on_texts
from discretion.cli.interview import Interview, Understanding, bare, check_known, quoted
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.importing import Imported
    from discretion.importing.rows import Reading
    from discretion.importing.survey import Survey

_POLICY = "imported"
"""Under which cases stand whose file names no policy."""
_MOST_BAD = 0.1
"""Of the rows that have a decision: where more cannot be read, the columns are not understood."""


@app.command()
def start(
    file: Annotated[
        Path, typer.Argument(help="CSV, TSV, JSON, JSONL, XLSX or Parquet, one decision a row.")
    ],
    into: Annotated[
        Path | None,
        typer.Option("--into", metavar="FOLDER", help="The new workspace; by default FILE's name."),
    ] = None,
    mapping: Annotated[
        str,
        typer.Option("--map", metavar="FIELD=COLUMN,…", help="What you know better than a guess."),
    ] = "",
    answers: Annotated[
        str,
        typer.Option("--answers", metavar="WORD=ANSWER;…", help="denied=refuse;credit=unsure."),
    ] = "",
    text_until: Annotated[
        str,
        typer.Option(
            "--text-until", metavar="COLUMN", help="Cut the text where this column's text begins."
        ),
    ] = "",
    shown: Annotated[
        str,
        typer.Option("--shown", metavar="COLUMNS", help="Columns shown to whoever decides."),
    ] = "",
    date_format: Annotated[
        str, typer.Option("--date-format", help="Such as %d.%m.%Y; else as the dates look.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Take the guesses and ask nothing.")] = False,
    keep_personal_data: Annotated[
        bool, typer.Option("--keep-personal-data", help="Keep texts and names as they are.")
    ] = False,
    sheet: Annotated[str, typer.Option("--sheet", help="Sheet of a spreadsheet.")] = "",
    encoding: Annotated[str, typer.Option("--encoding", help="Of a text file.")] = "utf-8",
    delimiter: Annotated[str, typer.Option("--delimiter", help="Between the columns.")] = "",
    decimal: Annotated[
        str, typer.Option("--decimal", metavar="SIGN", help="The decimal sign of numbers: . or ,")
    ] = "",
    header_row: HeaderRow = None,
    no_header: NoHeader = False,
    no_quotes: NoQuotes = False,
) -> None:
    """Make a workspace and a report from a file of decisions.

    It guesses which column is what, asks at most six questions about that, shows three rows as it
    understood them, and writes a page on the people alone: how often they grant, where they stop,
    how far they agree. No model, key or description is needed.
    """
    from discretion.importing.guessing import guess
    from discretion.importing.layouts import parse_map
    from discretion.importing.numerals import AmbiguousNumbersError
    from discretion.importing.survey import survey
    from discretion.workspace import new_secret

    folder = into or file.with_suffix("")
    _check(file, folder, yes=yes)
    reading: Reading = {
        "sheet": sheet or None,
        "encoding": encoding,
        "delimiter": delimiter or None,
        "header_row": header_row,
        "no_header": no_header,
        "no_quotes": no_quotes,
    }
    seen = survey(file, **reading)
    given = parse_map(mapping) if mapping else {}
    guessed = {name: quoted(column) for name, column in guess(seen).items()}
    understood = Understanding({**guessed, **given}, answers, text_until)
    secret = None if keep_personal_data else new_secret()
    interview = None if yes else Interview(seen, understood)
    if interview is not None:
        interview.ask_all()
    while True:
        imported = None
        try:
            said = _said(file, seen, understood, date_format, keep_personal_data=secret is None)
            if decimal:
                said["decimal"] = decimal
            said |= {"shown": shown} if shown else {}
            imported = _read(file, said, secret, reading)
        except AmbiguousNumbersError as doubt:
            if interview is None:
                raise
            decimal = interview.ask_decimal(doubt)
            continue
        except DiscretionError as error:
            if interview is None:
                raise
            remark(f"discretion: {error}")
        if interview is None or interview.goes_on(ready=imported is not None, folder=str(folder)):
            break
    if imported is not None:
        _make(file, folder, imported, said, secret)


def _read(file: Path, said: dict[str, Any], secret: bytes | None, reading: Reading) -> Imported:
    """What the file says, shown as it was understood."""
    from discretion.importing import read_decisions

    imported = read_decisions(file, layout_of(said), skip_bad=True, secret=secret, **reading)
    _check_bad(file, imported)
    _preview(imported)
    if said["about"]:
        print(f"  kept beside each, to leave out or weigh by: {said['about']}")
    remark_on_file(imported)
    remark_on_texts(imported, secret)
    return imported


def _make(
    file: Path, folder: Path, imported: Imported, said: dict[str, Any], secret: bytes | None
) -> None:
    """The workspace and the report."""
    from discretion import examples, reports
    from discretion.cases import Docket
    from discretion.judgments import gather
    from discretion.results import build_people
    from discretion.workspace import make_secret, open_workspace

    examples.copy("template", folder)
    _name(folder, file.stem)
    make_secret(folder, secret)
    if imported.skipped:
        set_aside(folder / "set-aside.csv", imported)
        remark(
            f"{counted(len(imported.skipped), 'row')} set aside, with why: {folder}/set-aside.csv"
        )
    here = open_workspace(folder)
    kept = keep_all(here, imported, said)
    print(f"{folder}: {kept}")
    # What was just stored, without reading it back: the log held nothing before.
    panel = gather(imported.judgments[0].panel, imported.judgments)
    card = build_people(Docket(kept.cases), panel, title=here.name)
    written = reports.write_page(card, folder / "report.html")
    for finding in card.findings:
        print(f"- {finding}")
    for warning in card.warnings:
        print(f"! {warning}")
    print(f"wrote {written}")
    remark(
        f"next: open {written}. To let a chat assistant decide like your people, write your rule "
        f"into {folder}/policies/ ({_POLICY}.yaml.example shows how); then cd {folder}, and "
        f"discretion prompt --policy {_POLICY}"
    )


def _check(file: Path, folder: Path, *, yes: bool) -> None:
    if not file.exists():
        raise DiscretionError("there is no such file", where=str(file), mend="check the path")
    if not yes and not sys.stdin.isatty():
        raise DiscretionError(
            "there is no terminal to ask on", mend="add --yes to take the guesses"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DiscretionError(
            "is not an empty folder", where=str(folder), mend="choose another with --into FOLDER"
        )


def _said(
    file: Path,
    seen: Survey,
    understood: Understanding,
    date_format: str,
    *,
    keep_personal_data: bool,
) -> dict[str, Any]:
    """What `import` would have been told; it is remembered for the next file like this.

    Raises:
        DiscretionError: nothing says what was decided, or what a word of it means.
    """
    from discretion.importing.guessing import guess_about, guess_value

    fields = understood.fields
    if "answer" not in fields:
        raise DiscretionError(
            "no column looks like a decision",
            where=str(file),
            mend="name it with --map answer=COLUMN, or the sheet of a spreadsheet with --sheet; "
            f"the columns are: {', '.join(seen.header)}",
        )
    check_known(seen, fields["answer"], understood.answers, str(file))
    unit, formats = guess_value(seen, fields["value"]) if "value" in fields else ("", "")
    said = dict.fromkeys(("case", "policy", "panel", "scale", "factor", "keep", "arm"), "")
    return {
        **said,
        "map": ",".join(f"{name}={written}" for name, written in fields.items()),
        "answers": understood.answers,
        "n": "known",
        "unit": unit,
        # Under one limit all cases are a family, and where people stop shows over all of them.
        "scenario": "'requests'" if {"value", "limit"} <= fields.keys() else "",
        "direction": "at most",
        "about": ",".join(map(quoted, guess_about(seen, set(map(bare, fields.values()))))),
        "text_until": understood.until,
        "date_format": date_format or formats,
        "keep_personal_data": keep_personal_data,
    }


def _check_bad(file: Path, imported: Imported) -> None:
    """Raise where so much cannot be read that the columns must have been misunderstood."""
    from discretion.importing.cells import ASIDE

    bad = [
        row
        for row in imported.skipped
        if not row.meant and (row.value or not row.why.endswith("known answer"))
    ]
    if imported.judgments and len(bad) <= _MOST_BAD * len(imported.judgments):
        return
    first = next(iter(bad or imported.skipped))
    mend = first.mend.removesuffix(f", or {ASIDE}").removesuffix(f" or {ASIDE}")
    column = f", column {first.column!r}" if first.column else ""
    raise DiscretionError(
        f"{len(bad or imported.skipped):,} of {imported.rows:,} rows cannot be read: {first.why}",
        where=f"{file}:{first.number}{column}",
        mend=f"name other columns with --map, or {mend}",
    )


def _preview(imported: Imported) -> None:
    """Three rows and the decisions as they were understood."""
    from collections import Counter

    from discretion.canonical import plain_decimal

    cases = {case.id: case for case in imported.cases}
    print("Understood:")
    for judgment in imported.judgments[:3]:
        case = cases[judgment.case]
        text = " ".join((case.text or "no text").split())
        amounts = " of ".join(
            plain_decimal(amount) for amount in (case.value, case.limit) if amount is not None
        )
        about = [judgment.rater or "somebody", amounts, case.unit if amounts else ""]
        print(f"  {judgment.answer:<6} by {' '.join(part for part in about if part)}: {_cut(text)}")
        if judgment.explanation:
            print(f"         because: {_cut(' '.join(judgment.explanation.split()))}")
    counts = Counter(judgment.answer for judgment in imported.judgments)
    print(f"  {', '.join(f'{count:,} {answer}' for answer, count in counts.most_common())}")


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _name(folder: Path, name: str) -> None:
    """Call the workspace like its file, and its examples' policy like that of the file's cases."""
    settings = folder / "discretion.toml"
    plain = re.sub(r'[\\"\x00-\x1f\x7f]', " ", name)
    written = settings.read_text(encoding="utf-8")
    settings.write_text(written.replace('name = "My desk"', f'name = "{plain}"'), encoding="utf-8")
    for example in folder.rglob("*.yaml.example"):
        text = example.read_text(encoding="utf-8")
        example.write_text(text.replace("my-rule", _POLICY), encoding="utf-8")
    rule = folder / "policies" / "my-rule.yaml.example"
    rule.rename(rule.with_name(f"{_POLICY}.yaml.example"))
