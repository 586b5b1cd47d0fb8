"""`discretion models card, compare, remove`: tuned models, side by side and one by one."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from discretion.cli.app import Json, counted, desk, now, print_json, print_table, remark
from discretion.cli.models import models
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.experiments.comparing import Side
    from discretion.measures.figure import Figure
    from discretion.workspace import Workspace

Tuned = Annotated[str, typer.Argument(metavar="NAME", help="Of a tuned model.")]


@models.command()
def card(name: Tuned) -> None:
    """Print the card of a tuned model."""
    print(_folder(desk(), name)[1].joinpath("README.md").read_text(encoding="utf-8"), end="")


@models.command()
def compare(
    names: Annotated[
        list[str], typer.Argument(metavar="NAMES", help="Of two tuned models or more.")
    ],
    panel: Annotated[
        str, typer.Option("--panel", help="Whom to compare with; by default who taught the first.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Set tuned models side by side, on the cases that all were asked.

    The others are held against the first: a difference below zero is nearer to the people. Its
    interval and p are between the groups that were held out.
    """
    from discretion.experiments import comparing
    from discretion.experiments.measured import taught_by
    from discretion.models.folder import read_notes
    from discretion.reports import to_json

    here = desk()
    plain = list(dict.fromkeys(_folder(here, name)[0] for name in names))
    if len(plain) < 2:
        raise DiscretionError("two models are needed to compare", mend="see: discretion models")
    notes = [read_notes(_folder(here, name)[1]) for name in plain]
    made = [comparing.settings(one) for one in notes]
    by = notes[0].get("hold_out", {}).get("by") or "scenario"
    sides = comparing.compare(here.store, plain, panel or taught_by(here.store, plain[0]), by)
    if as_json:
        rows = zip(sides, made, strict=True)
        print_json([{**to_json(side), "settings": own} for side, own in rows])
        return
    keys = dict.fromkeys(key for one in made for key in one)
    print_table(["", *plain], [[key, *(one.get(key, "–") for one in made)] for key in keys])
    print()
    print_table(
        ["model", "asked by", "gap", "signed gap", "Brier", "against the first", "p", "cases"],
        [_row(side) for side in sides],
    )


@models.command()
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of a tuned or a fetched model.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for programs.")] = False,
) -> None:
    """Remove a tuned or fetched model; the log keeps what it answered."""
    from discretion.experiments import removing
    from discretion.models.tuned import FOLDER, PREFIX

    if (fetched := _fetched(name)) is not None:
        remark("workspaces that use it need it again: discretion models get")
        _confirm(name, str(fetched), yes=yes)
        shutil.rmtree(fetched)
        print(f"removed {name}")
        return
    here = desk()
    plain = name.removeprefix(PREFIX)
    for line in _uses(here, plain):
        remark(line)
    _confirm(PREFIX + plain, f"{FOLDER}/{plain}", yes=yes)
    removing.remove(here.folder / FOLDER, plain, here.store, now())
    print(f"removed {PREFIX}{plain}")


def _confirm(name: str, place: str, *, yes: bool) -> None:
    """Go on only where somebody wants the folder removed."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise DiscretionError("there is no terminal to ask on", where=name, mend="add --yes")
    if not typer.confirm(f"remove {place}?", default=False, err=True):
        remark("nothing was removed")
        raise typer.Exit(1)


def _fetched(name: str) -> Path | None:
    """The folder of a fetched model of that name, in or out of a workspace."""
    from discretion.cli.app import folder, options
    from discretion.models.catalog import fetched

    try:
        here = folder()
    except DiscretionError:
        if options.workspace is not None:
            raise
        return fetched().get(name)
    return fetched(here).get(name)


def tuned_rows(here: Workspace) -> list[dict[str, Any]]:
    """Every tuned model of a workspace, for the list of models."""
    from discretion.experiments.measured import newest_results
    from discretion.models.tuned import FOLDER, PREFIX, notes_of

    trained = {entry.key: entry.body["at"] for entry in here.store.entries("tuned")}
    results = dict(newest_results(here.store))
    rows = []
    for name, notes in notes_of(here.folder).items():
        measured = results.get(name, {}).get("arms", [])
        rows.append(
            {
                "name": PREFIX + name,
                "kind": "folder",
                "where": f"{FOLDER}/{name}",
                "asked_by": "scoring",
                "allowed": "yes",
                "base": notes.get("base", {}).get("model", ""),
                "target": notes.get("target", ""),
                "seed": notes.get("seed"),
                "fold": notes.get("fold"),
                "trained": trained.get(name, ""),
                "held_out_gap": measured[0]["gap"] if measured else None,
                "run": results.get(name, {}).get("run"),
            }
        )
    return rows


def print_tuned(rows: list[dict[str, Any]]) -> None:
    """The list of tuned models, for people."""
    from discretion.measures.figure import Figure

    print_table(
        ["tuned model", "base", "target", "seed", "fold", "trained", "held-out gap"],
        [
            [
                *(str(row[name]) for name in ("name", "base", "target", "seed", "fold")),
                row["trained"][:16].replace("T", " ") or "elsewhere",
                _text(Figure(**row["held_out_gap"])) if row["held_out_gap"] else "not measured",
            ]
            for row in rows
        ],
    )


def _folder(here: Workspace, name: str) -> Any:
    """(name without prefix, folder) of a tuned model; DiscretionError where there is none."""
    from discretion.models.tuned import FOLDER, PREFIX, tuned_settings

    plain = name.removeprefix(PREFIX)
    tuned_settings(here.folder, plain)
    return plain, here.folder / FOLDER / plain


def _uses(here: Workspace, name: str) -> list[str]:
    """What somebody should know before a model goes."""
    from discretion.experiments.measured import models_of
    from discretion.models.tuned import FOLDER, PREFIX, notes_of
    from discretion.runs import runs

    place = (here.folder / FOLDER / name).resolve()
    said = []
    for base, settings in here.contents.settings.models.items():
        path = settings.get("path")
        if path and (here.folder / path).resolve() == place:
            from_it = [
                PREFIX + other
                for other, notes in notes_of(here.folder).items()
                if notes.get("base", {}).get("model") == base
            ]
            also = f", from which {', '.join(from_it)} was tuned" if from_it else ""
            said.append(f"it is [models.{base}] in discretion.toml{also}")
    asked = sum(name in models_of(run) for run in runs(here.store))
    if asked:
        said.append(f"it was asked in {counted(asked, 'run')}; its answers stay in the log")
    return said


def _row(side: Side) -> list[str]:
    return [
        side.model,
        side.method,
        _text(side.gap),
        _text(side.signed, "+"),
        _text(side.brier),
        "–" if side.against_first is None else _text(side.against_first, "+"),
        "–" if side.p is None else "< 0.001" if side.p < 0.001 else f"{side.p:.3f}",
        str(side.gap.n),
    ]


def _text(figure: Figure, sign: str = "") -> str:
    from discretion.experiments.measured import figure_text

    return figure_text(figure, sign)
