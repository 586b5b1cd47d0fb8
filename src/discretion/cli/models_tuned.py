"""`discretion models card, compare, merge, remove`: tuned models, side by side and one by one."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from discretion.cli import completion
from discretion.cli.app import Json, counted, desk, now, print_json, print_table, remark
from discretion.cli.commands import see
from discretion.cli.models import models
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.stats.figure import Figure
    from discretion.tuning.comparing import Side
    from discretion.workspace import Workspace

Tuned = Annotated[str, typer.Argument(metavar="NAME", help="Of a tuned model.")]


@models.command(epilog=see("discretion models card tuned:smollm2-labels-0", "models"))
def card(name: Tuned) -> None:
    """Print the card of a tuned model."""
    print(_folder(desk(), name)[1].joinpath("README.md").read_text(encoding="utf-8"), end="")


@models.command(epilog=see("discretion models compare smollm2-labels-0 smollm2-head-0", "models"))
def compare(
    names: Annotated[
        list[str], typer.Argument(metavar="NAMES", help="Of two tuned models or more.")
    ],
    panel: Annotated[
        str,
        typer.Option(
            "--panel",
            autocompletion=completion.panels,
            help="Whom to compare with; by default who taught the first.",
        ),
    ] = "",
    as_json: Json = False,
) -> None:
    """Set tuned models side by side, on the cases that all were asked.

    The others are held against the first: a difference below zero is nearer to the people. Its
    interval and p are between the groups that were held out.
    """
    from discretion.models.folder import read_notes
    from discretion.reports import to_json
    from discretion.tuning import comparing
    from discretion.tuning.measured import taught_by

    here = desk()
    plain = list(dict.fromkeys(_folder(here, name)[0] for name in names))
    if len(plain) < 2:
        raise DiscretionError("two models are needed to compare", fix="see: discretion models")
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


@models.command(epilog=see("discretion models merge tuned:smollm2-labels-0 merged", "models"))
def merge(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="tuned:NAME, or an adapter in [models.NAME].")
    ],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder.")],
) -> None:
    """Write an adapter and its base as one whole model.

    The folder is in Hugging Face's layout, for other programs. Here the adapter is enough.
    """
    from discretion.models.local import LocalModel
    from discretion.models.tuned import PREFIX, tuned_names
    from discretion.training.merging import merge as merge_to_folder

    here = desk()
    if name in tuned_names(here.folder) and name not in here.contents.settings.models:
        name = PREFIX + name
    model = here.model(name)
    if not isinstance(model, LocalModel):
        raise DiscretionError(
            f"{name!r} is not a folder", where=f"[models.{name}]", fix="name an adapter"
        )
    merge_to_folder(name, model.settings, folder)
    print(f"{name}  in {folder}")


@models.command(epilog=see("discretion models remove tuned:smollm2-labels-0", "models"))
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of a tuned or a fetched model.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for programs.")] = False,
) -> None:
    """Remove a tuned or fetched model; the log keeps what it answered."""
    from discretion.models.tuned import FOLDER, PREFIX
    from discretion.tuning import removing

    if (fetched := _fetched(name)) is not None:
        for line in _tuned_on(name):
            remark(line)
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
        raise DiscretionError("there is no terminal to ask on", where=name, fix="add --yes")
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


def _tuned_on(base: str) -> list[str]:
    """That tuned models of this workspace cannot be asked without a fetched base."""
    from discretion.cli.app import folder
    from discretion.models.tuned import FOLDER, PREFIX, kind_of, notes_of

    try:
        here = folder()
    except DiscretionError:
        return []
    names = [
        PREFIX + name
        for name, notes in notes_of(here).items()
        if notes.get("base", {}).get("model") == base and kind_of(here / FOLDER / name) != "folder"
    ]
    return [f"without it these tuned models cannot be asked: {', '.join(names)}"] if names else []


def tuned_rows(here: Workspace) -> list[dict[str, Any]]:
    """Every tuned model of a workspace, for the list of models."""
    from discretion.cli.models import endpoint_row
    from discretion.models.tuned import FOLDER, PREFIX, kind_of, notes_of
    from discretion.tuning.measured import newest_results

    trained = {entry.key: entry.body["at"] for entry in here.store.entries("tuned")}
    results = dict(newest_results(here.store))
    rows = []
    for name, notes in notes_of(here.folder).items():
        measured = results.get(name, {}).get("arms", [])
        here_row = {
            "kind": kind_of(here.folder / FOLDER / name),
            "where": f"{FOLDER}/{name}",
            "asked_by": "scoring",
            "allowed": "yes",
        }
        rows.append(
            {
                "name": PREFIX + name,
                **(endpoint_row(here, PREFIX + name) or here_row),
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
    from discretion.stats.figure import Figure

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
    from discretion.models.tuned import PREFIX, tuned_folder

    plain = name.removeprefix(PREFIX)
    return plain, tuned_folder(here.folder, plain)


def _uses(here: Workspace, name: str) -> list[str]:
    """What somebody should know before a model goes."""
    from discretion.models.served import served
    from discretion.models.tuned import FOLDER, PREFIX, UNFINISHED, notes_of
    from discretion.runs import runs
    from discretion.training.openai_jobs import read_state
    from discretion.tuning.measured import models_of

    place = (here.folder / FOLDER / name).resolve()
    said = []
    state = read_state(place.with_name(name + UNFINISHED))
    if state is not None and state.job:
        said.append(f"its job {state.job} may still run: first discretion models cancel {name}")
    if (there := served(place)) is not None:
        asked_at = there["settings"]
        said.append(f"{asked_at['model']} stays at {asked_at['base_url']}; delete it there")
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
    from discretion.tuning.measured import figure_text

    return figure_text(figure, sign)
