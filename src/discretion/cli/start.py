"""`discretion start`: from a file of decisions to a workspace and a report, in six questions."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from discretion.cli.app import app, remark
from discretion.cli.importing import layout_of, set_aside
from discretion.cli.intake import keep_all, remark_on_texts
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.importing import Imported
    from discretion.importing.survey import Survey

_ASKED = {
    "text": "What was asked: the text of the request",
    "answer": "What was decided",
    "explanation": "Why: the note of whoever decided",
    "rater": "Who decided",
    "value": "The value that the rule limits, such as days late",
    "limit": "The limit: a column, or a number such as 14",
}
_NONE = "-"
_MOST_BAD = 0.1
"""Of the rows that have a decision: where more cannot be read, the columns are not understood."""


@app.command()
def start(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, JSONL or XLSX, one decision a row.")],
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
    yes: Annotated[bool, typer.Option("--yes", help="Take the guesses and ask nothing.")] = False,
    keep_personal_data: Annotated[
        bool, typer.Option("--keep-personal-data", help="Keep texts and names as they are.")
    ] = False,
    sheet: Annotated[str, typer.Option("--sheet", help="Sheet of a spreadsheet.")] = "",
    encoding: Annotated[str, typer.Option("--encoding", help="Of a text file.")] = "utf-8",
    delimiter: Annotated[str, typer.Option("--delimiter", help="Between the columns.")] = "",
) -> None:
    """Make a workspace and a report from a file of decisions.

    It guesses which column is what, asks at most six questions about that, shows three rows as it
    understood them, and writes a page on the people alone: how often they grant, where they stop,
    how far they agree. No model, key or description is needed.
    """
    from discretion.importing.guessing import guess, guess_unit
    from discretion.importing.layouts import parse_map
    from discretion.importing.survey import survey

    folder = into or file.with_suffix("")
    _check(folder, yes=yes)
    reading: dict[str, Any] = {
        "sheet": sheet or None,
        "encoding": encoding,
        "delimiter": delimiter or None,
    }
    seen = survey(file, **reading)
    given = parse_map(mapping) if mapping else {}
    guessed = {name: _quoted(column) for name, column in guess(seen).items()}
    fields = {**guessed, **given}
    words = answers
    if not yes:
        fields, words = _ask(seen, fields, answers)
    if "answer" not in fields:
        raise DiscretionError(
            "no column looks like a decision",
            where=str(file),
            mend=f"name it with --map answer=COLUMN; the columns are: {', '.join(seen.header)}",
        )
    unknown = _unknown(seen, fields["answer"], words)
    if unknown:
        raise DiscretionError(
            f"nothing says what these decisions mean: {', '.join(unknown[:12])}"
            + (f" and {len(unknown) - 12} more" if len(unknown) > 12 else ""),
            where=f"{file}, column {fields['answer']}",
            mend=f'say it with --answers "{unknown[0]}=refuse", with grant, refuse or unsure',
        )
    unit = guess_unit(seen.column(_bare(fields.get("value", ""))))
    said = _said(fields, words, unit, keep_personal_data=keep_personal_data)
    _import(file, folder, said, reading)


def _import(file: Path, folder: Path, said: dict[str, Any], reading: dict[str, Any]) -> None:
    from discretion import examples, reports
    from discretion.cases import Docket
    from discretion.importing import read_decisions
    from discretion.judgments import gather
    from discretion.workspace import make_secret, new_secret, open_workspace

    secret = None if said["keep_personal_data"] else new_secret()
    imported = read_decisions(file, layout_of(said), skip_bad=True, secret=secret, **reading)
    _check_bad(file, imported)
    _preview(imported)
    examples.copy("template", folder)
    _name(folder, file.stem)
    make_secret(folder, secret)
    if imported.skipped:
        set_aside(folder / "set-aside.csv", imported)
        remark(f"{len(imported.skipped):,} rows are set aside, with why: {folder}/set-aside.csv")
    here = open_workspace(folder)
    kept = keep_all(here, imported, said)
    print(f"{folder}: {kept}")
    remark_on_texts(imported, secret)
    # What was just stored, without reading it back: the log held nothing before.
    panel = gather(imported.judgments[0].panel, imported.judgments)
    card = reports.of_people(Docket(kept.cases), panel, title=here.name)
    written = reports.write_page(card, folder / "report.html")
    for finding in card.findings:
        print(f"- {finding}")
    for warning in card.warnings:
        print(f"! {warning}")
    print(f"wrote {written}")
    remark(f"next: cd {folder}, then discretion arms; describe your rule in policies/")


def _check(folder: Path, *, yes: bool) -> None:
    if not yes and not sys.stdin.isatty():
        raise DiscretionError(
            "there is no terminal to ask on", mend="add --yes to take the guesses"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DiscretionError(
            "is not an empty folder", where=str(folder), mend="choose another with --into FOLDER"
        )


def _ask(seen: Survey, guessed: dict[str, str], answers: str) -> tuple[dict[str, str], str]:
    """The six questions, each with its guess; whoever has no such column answers with a dash."""
    from discretion.importing.guessing import QUESTIONS

    print(f"{seen.rows:,} rows; the columns are: {', '.join(seen.header)}")
    print(f"Enter takes what stands in brackets, {_NONE} means that there is none.")
    fields: dict[str, str] = {}
    for place, name in enumerate(QUESTIONS, start=1):
        if name == "limit" and "value" not in fields:
            continue
        asked = f"{place}. {_ASKED[name]}"
        said = typer.prompt(asked, default=guessed.get(name, _NONE)).strip()
        if said != _NONE:
            fields[name] = _quoted(said) if said in seen.header else said
        if name == "answer" and said != _NONE:
            answers = _ask_meanings(seen, fields["answer"], answers)
    return fields, answers


def _ask_meanings(seen: Survey, column: str, answers: str) -> str:
    """The rest of the question of what was decided: what each spelling means."""
    from discretion.importing.spellings import parse_answers

    while unknown := _unknown(seen, column, answers):
        values = _values(seen, column)
        print(f"   {', '.join(f'{value} ({values[value]:,})' for value in unknown)}")
        said = typer.prompt(f"   What do they mean? {unknown[0]}=grant; …=refuse; …=unsure")
        try:
            parse_answers(said)
        except DiscretionError as error:
            print(f"   {error}")
            continue
        answers = f"{answers};{said}".strip(";")
    return answers


def _values(seen: Survey, column: str) -> dict[str, int]:
    found = seen.column(_bare(column))
    if found is None:
        raise DiscretionError(
            f"there is no column {column!r}", mend=f"the columns are: {', '.join(seen.header)}"
        )
    if found.values is None:
        raise DiscretionError(
            f"the column {column!r} has more than 200 different decisions",
            mend="name the column of decisions, or group them in the file",
        )
    return dict(found.values)


def _unknown(seen: Survey, column: str, answers: str) -> list[str]:
    """The spellings whose meaning nothing says, the commonest first."""
    from discretion.importing.spellings import Spellings, parse_answers

    spellings = parse_answers(answers) if answers else Spellings()
    values = _values(seen, column)
    open_ones = [value for value in values if value and spellings.read(value) is None]
    return sorted(open_ones, key=lambda value: -values[value])


def _said(
    fields: dict[str, str], answers: str, unit: str, *, keep_personal_data: bool
) -> dict[str, Any]:
    """What `import` would have been told; it is remembered for the next file like this."""
    said = dict.fromkeys(
        ("case", "policy", "panel", "scale", "factor", "keep", "about", "text_until",
         "arm", "date_format"),
        "",
    )  # fmt: skip
    return {
        **said,
        "map": ",".join(f"{name}={written}" for name, written in fields.items()),
        "answers": answers,
        "n": "known",
        "unit": unit,
        # Under one limit all cases are a family, and where people stop shows over all of them.
        "scenario": "'requests'" if {"value", "limit"} <= fields.keys() else "",
        "direction": "at most",
        "keep_personal_data": keep_personal_data,
    }


def _check_bad(file: Path, imported: Imported) -> None:
    """Raise where so much cannot be read that the columns must have been misunderstood."""
    bad = [row for row in imported.skipped if row.value or not row.why.endswith("known answer")]
    if imported.judgments and len(bad) <= _MOST_BAD * len(imported.judgments):
        return
    first = next(iter(bad or imported.skipped))
    column = f", column {first.column!r}" if first.column else ""
    raise DiscretionError(
        f"{len(bad or imported.skipped):,} of {imported.rows:,} rows cannot be read: {first.why}",
        where=f"{file}:{first.number}{column}",
        mend="name the right columns with --map",
    )


def _preview(imported: Imported) -> None:
    """Three rows and the decisions as they were understood."""
    from collections import Counter

    cases = {case.id: case for case in imported.cases}
    print("Understood:")
    for judgment in imported.judgments[:3]:
        case = cases[judgment.case]
        text = " ".join((case.text or "no text").split())
        amounts = " of ".join(
            str(amount) for amount in (case.value, case.limit) if amount is not None
        )
        about = [judgment.rater or "somebody", amounts, case.unit if amounts else ""]
        shown = text if len(text) <= 60 else text[:57] + "..."
        print(f"  {judgment.answer:<6} by {' '.join(part for part in about if part)}: {shown}")
    counts = Counter(judgment.answer for judgment in imported.judgments)
    print(f"  {', '.join(f'{count:,} {answer}' for answer, count in counts.most_common())}")


def _name(folder: Path, name: str) -> None:
    """Call the workspace like its file."""
    settings = folder / "discretion.toml"
    plain = re.sub(r'[\\"\x00-\x1f\x7f]', " ", name)
    written = settings.read_text(encoding="utf-8")
    settings.write_text(written.replace('name = "My desk"', f'name = "{plain}"'), encoding="utf-8")


def _quoted(column: str) -> str:
    """A column's name as --map takes it."""
    return column if re.fullmatch(r"[^\W\d]\w*", column) else f"`{column}`"


def _bare(written: str) -> str:
    return written.strip("`")
