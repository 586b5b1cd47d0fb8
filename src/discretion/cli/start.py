"""`discretion start`: from a file of decisions to a workspace and a report, in ten questions."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from discretion.cli.app import app, counted, remark
from discretion.cli.commands import see
from discretion.cli.import_output import keep_all, remark_on_file, remark_on_texts
from discretion.cli.importing import (
    AnswerColumns,
    ColumnsAreOption,
    GrantFrom,
    HeaderRow,
    LeaveOut,
    Levels,
    NoHeader,
    NoQuotes,
    set_aside,
)
from discretion.cli.interview import Interview
from discretion.cli.policy import POLICY, RuleOptions, write_examples, write_policy
from discretion.cli.understanding import NONE, ROW, Understanding
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.importing import Imported
    from discretion.importing.mapping import ImportMapping
    from discretion.importing.rows import FileReading
    from discretion.storage.imports import ImportReading

_MOST_BAD = 0.1
"""Of the rows that have a decision: where more cannot be read, the columns are not understood."""


@app.command(epilog=see("discretion start tickets.csv", "importing"))
def start(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, JSON, JSONL, XLSX or Parquet.")],
    into: Annotated[
        Path | None,
        typer.Option("--into", metavar="FOLDER", help="The new workspace; by default FILE's name."),
    ] = None,
    mapping: Annotated[
        str,
        typer.Option("--map", metavar="FIELD=COLUMN,…", help="Override guessed columns."),
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
    case: Annotated[
        str,
        typer.Option(
            "--case",
            metavar="COLUMNS",
            help=f"Columns that identify a case; {NONE}: text and value do; {ROW}: all rows.",
        ),
    ] = "",
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
    rule: Annotated[
        str, typer.Option("--rule", metavar="TEXT", help="Your rule, in one sentence.")
    ] = "",
    purpose: Annotated[
        str, typer.Option("--purpose", metavar="TEXT", help="What the rule is for.")
    ] = "",
    costs: Annotated[
        str,
        typer.Option(
            "--costs",
            metavar="NAME=AMOUNT,…",
            help="What mistakes cost, as amounts or columns: "
            "wrong_grant=order_value,wrong_refusal=15,currency=USD.",
        ),
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
    skip_bad: Annotated[
        Path | None,
        typer.Option(
            "--skip-bad",
            metavar="FILE",
            help="Where bad rows are set aside; by default set-aside.csv in the workspace.",
        ),
    ] = None,
    yes: Annotated[
        bool,
        typer.Option(
            "--yes", help="Accept the defaults and ask nothing; stops where it is unsure."
        ),
    ] = False,
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
    """Turn a file of decisions into a workspace and a report.

    It guesses which column is what, says why, asks about it, and shows three rows as it understood
    them. It then writes a page on the people alone: how often they grant, where they say no, how
    far they agree; and your rule as a policy and a prompt, if you give it. No model or key is
    needed. With --yes it asks nothing, and stops with a ready command where it is not sure.
    """
    from discretion.importing.guessing import Doubt, guess
    from discretion.importing.layouts import parse_map
    from discretion.importing.numerals import AmbiguousNumbersError
    from discretion.importing.survey import survey
    from discretion.workspace import new_secret

    folder = into or file.with_suffix("")
    _check(file, folder, yes=yes)
    reading: FileReading = {
        "sheet": sheet or None,
        "encoding": encoding,
        "delimiter": delimiter or None,
        "header_row": header_row,
        "no_header": no_header,
        "no_quotes": no_quotes,
    }
    seen = survey(file, **reading)
    given: dict[str, str | bool] = {
        "into": str(into or ""),
        "map": mapping,
        "answers": answers,
        "grant-from": grant_from,
        "levels": levels,
        "answer-columns": answer_columns,
        "columns-are": columns_are or "",
        "leave-out": leave_out,
        "case": case,
        "n": "" if n == "known" else n,
        "unit": unit,
        "direction": "" if direction == "at most" else direction,
        "scale": scale,
        "rule": rule,
        "purpose": purpose,
        "costs": costs,
        "text-until": text_until,
        "date-format": date_format,
        "sheet": sheet,
        "encoding": "" if encoding == "utf-8" else encoding,
        "delimiter": delimiter,
        "shown": shown,
        "decimal": decimal,
        "header-row": str(header_row or ""),
        "no-header": no_header,
        "no-quotes": no_quotes,
        "keep-personal-data": keep_personal_data,
        "skip-bad": str(skip_bad or ""),
    }
    understood = Understanding(
        file,
        seen,
        reading,
        given,
        {
            "answers": answers,
            "grant_from": grant_from,
            "levels": levels,
            "answer_columns": answer_columns,
            "columns_are": columns_are or ("raters" if answer_columns else ""),
            "n": n,
            "unit": unit,
            "direction": direction,
            "scale": scale,
            "text_until": text_until,
            "date_format": date_format,
            "keep_personal_data": keep_personal_data,
            "shown": shown,
            "decimal": decimal,
        },
        fields=parse_map(mapping) if mapping else {},
        case=case,
        leave_out=leave_out,
    )
    understood.guess(guess(seen, [*understood.fields, *(["answer"] if answer_columns else [])]))
    if answer_columns:
        gives = {"raters": "rater", "panels": "panel", "cases": "text"}
        understood.fields.pop(gives[understood.options["columns_are"]], None)
    ruled = RuleOptions(rule, purpose, costs)
    secret = None if keep_personal_data else new_secret()
    interview = None if yes else Interview(understood, ruled)
    if interview is None:
        understood.check_sure()
    else:
        interview.ask_all()
    while True:
        imported = None
        try:
            if interview is not None:
                understood.check_sure()
            said, imported, told = _read(understood, ruled, secret)
        except AmbiguousNumbersError as doubt:
            if interview is None:
                ways = tuple({"decimal": sign} for sign in doubt.readings)
                what = f"In column `{doubt.column}` {doubt.what}"
                raise understood.stopped([Doubt("value", what, ways)]) from doubt
            understood.options["decimal"] = interview.ask_decimal(doubt)
            continue
        except DiscretionError as error:
            if interview is None:
                raise
            remark(f"discretion: {error}")
        if interview is None or interview.goes_on(ready=imported is not None, folder=str(folder)):
            break
    if imported is not None:
        _make(understood, folder, imported, said, told, ruled, secret, skip_bad)


def _read(
    understood: Understanding, rule: RuleOptions, secret: bytes | None
) -> tuple[ImportMapping, Imported, ImportReading]:
    """What the file says, shown as it was understood."""
    from discretion.importing import read_decisions
    from discretion.importing.readings import reading_of

    file, seen = understood.file, understood.seen
    choice = understood.choose_case()
    mapping = understood.mapping.model_copy(
        update={
            "case": choice.columns,
            "each_row": choice.each_row,
            "keep": tuple(rule.columns(seen)),
        }
    )
    imported = read_decisions(
        file, mapping.layout(), skip_bad=True, secret=secret, **understood.reading
    )
    _check_bad(file, imported)
    told = reading_of(file.name, seen, mapping, choice, imported, understood.reasons)
    print(f"How {file.name} was read:")
    for line in told.lines:
        print(line)
    _preview(imported)
    remark_on_file(imported)
    remark_on_texts(imported, secret)
    return mapping, imported, told


def _make(
    understood: Understanding,
    folder: Path,
    imported: Imported,
    mapping: ImportMapping,
    told: ImportReading,
    rule: RuleOptions,
    secret: bytes | None,
    skip_bad: Path | None,
) -> None:
    """The workspace and the report."""
    from discretion import examples, reports
    from discretion.core.cases import CaseSet
    from discretion.core.judgments import gather
    from discretion.importing.mapping import write_mapping
    from discretion.results import build_people
    from discretion.scorecard.how_many import default_criteria, how_many, standing
    from discretion.scorecard.study import study_of
    from discretion.workspace import make_secret, open_workspace

    value = mapping.fields.get("value", "").strip("`")
    rule.document(value)
    examples.copy("template", folder)
    _name(folder, understood.file.stem)
    make_secret(folder, secret)
    if rule.rule:
        write_policy(folder, rule, value)
    write_examples(folder, imported.cases, rule)
    aside = skip_bad or folder / "set-aside.csv"
    if imported.skipped:
        set_aside(aside, imported)
        remark(f"{counted(len(imported.skipped), 'row')} set aside, with why: {aside}")
    here = open_workspace(folder)
    kept = keep_all(here, imported, mapping, told)
    write_mapping(here.folder, understood.file, mapping)
    _write_readme(folder, here.name, told, rule)
    print(f"{folder}: {kept}")
    # What was just stored, without reading it back: the log held nothing before.
    names = {one.panel: None for one in imported.judgments}
    names.update((one.panel, None) for one in imported.tallies)
    panels = [gather(name, imported.judgments, imported.tallies) for name in names]
    card = build_people(
        CaseSet(kept.cases), panels[0], others=panels[1:], title=here.name, imports=(told,)
    )
    written = reports.write_page(card, folder / "report.html")
    for finding in card.findings:
        print(f"- {finding}")
    for warning in card.warnings:
        print(f"! {warning}")
    people, size = standing(study_of(kept.cases, panels[0]))
    print(f"- {how_many(people, default_criteria(size), size)}")
    print(f"wrote {written}")
    _write_prompt(folder, rule)
    _say_what_next(folder, written, rule)


def _write_prompt(folder: Path, rule: RuleOptions) -> None:
    """The prompt for a chat assistant, where there is a rule."""
    from discretion.cli.prompt import prompt_text
    from discretion.workspace import open_workspace

    if not rule.rule:
        return
    here = open_workspace(folder)
    try:
        text = prompt_text(here, POLICY)
    finally:
        here.store.close()
    (folder / "prompt.txt").write_text(text, encoding="utf-8")
    print(f"wrote {folder / 'prompt.txt'}")


def _say_what_next(folder: Path, written: Path, rule: RuleOptions) -> None:
    if rule.rule:
        remark(
            f"next: open {written}. {folder}/prompt.txt lets a chat assistant decide like your "
            f"people; try it with: cd {folder} && discretion prompt --test 10"
        )
        return
    remark(
        f"next: open {written}. To let a chat assistant decide like your people, write your rule "
        f"into {folder}/policies/{POLICY}.yaml ({POLICY}.yaml.example begins it); then cd "
        f"{folder}, and discretion prompt --policy {POLICY}"
    )


def _check(file: Path, folder: Path, *, yes: bool) -> None:
    if not file.exists():
        raise DiscretionError("there is no such file", where=str(file), fix="check the path")
    if not yes and not sys.stdin.isatty():
        raise DiscretionError(
            "there is no terminal to ask on", fix="add --yes to accept the defaults"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DiscretionError(
            "is not an empty folder", where=str(folder), fix="choose another with --into FOLDER"
        )


def _check_bad(file: Path, imported: Imported) -> None:
    """Raise where so much cannot be read that the columns must have been misunderstood."""
    from discretion.importing.cells import ASIDE

    bad = [row for row in imported.skipped if not row.meant]
    decided = len(imported.judgments) + len(imported.tallies)
    if decided and len(bad) <= _MOST_BAD * decided:
        return
    first = next(iter(bad or imported.skipped), None)
    if first is None:
        raise DiscretionError(
            "no row says what was decided", where=str(file), fix="name other columns with --map"
        )
    fix = first.fix.removesuffix(f", or {ASIDE}").removesuffix(f" or {ASIDE}")
    column = f", column {first.column!r}" if first.column else ""
    raise DiscretionError(
        f"{len(bad or imported.skipped):,} of {imported.rows:,} rows cannot be read: {first.why}",
        where=f"{file}:{first.number}{column}",
        fix=f"name other columns with --map, or {fix}",
    )


def _preview(imported: Imported) -> None:
    """Three rows and the decisions as they were understood."""
    from collections import Counter

    from discretion.canonical import plain_decimal
    from discretion.importing.guessing import one_sided

    cases = {case.id: case for case in imported.cases}
    print("The first rows:")
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
    for tally in imported.tallies[:3]:
        text = " ".join((cases[tally.case].text or "no text").split())
        people = "" if tally.n is None else f" of {tally.n:,}"
        print(f"  {100 * tally.rate:.0f}%{people} granted: {_cut(text)}")
    counts = Counter[str](judgment.answer for judgment in imported.judgments)
    if counts:
        print(f"  {', '.join(f'{count:,} {answer}' for answer, count in counts.most_common())}")
    if warning := one_sided(counts):
        print(f"! {warning}")


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _name(folder: Path, name: str) -> None:
    """Call the workspace like its file."""
    settings = folder / "discretion.toml"
    plain = re.sub(r'[\\"\x00-\x1f\x7f]', " ", name)
    written = settings.read_text(encoding="utf-8")
    settings.write_text(written.replace('name = "My desk"', f'name = "{plain}"'), encoding="utf-8")


def _write_readme(folder: Path, name: str, told: ImportReading, rule: RuleOptions) -> None:
    """What the folder holds, and how the file was read."""
    policy = (
        f"- `policies/{POLICY}.yaml`: your rule\n- `prompt.txt`: a prompt for a chat assistant\n"
        if rule.rule
        else f"- `policies/{POLICY}.yaml.example`: for your rule; read once its name ends in "
        "`.yaml`\n"
    )
    (folder / "README.md").write_text(
        f"# {name}\n\n"
        "A workspace of Discretion: how far is a model from your own people?\n\n"
        "- `report.html`: what your people decided\n"
        f"{policy}"
        "- `imports/`: how files are read; `discretion import FILE` reads the next file with the "
        "same columns\n"
        "- `discretion.toml`: the workspace's name, and the models to measure\n"
        "- `discretion.db`: what people decided and models answered\n\n"
        f"## How {told.file} was read\n\n{told.markdown}\n",
        encoding="utf-8",
    )
