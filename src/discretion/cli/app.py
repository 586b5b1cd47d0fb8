"""The application object, the options that every command shares, and how things are printed."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from discretion.cli.commands import Commands, see
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.workspace import Workspace

app = typer.Typer(
    name="discretion",
    cls=Commands,
    help="Measure how far a model is from your own people on the exceptions they would make.",
    epilog=see("discretion start tickets.csv", "start"),
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@dataclass
class Options:
    """What was said before the command."""

    workspace: Path | None = None
    debug: bool = False
    verbose: bool = False


options = Options()

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of words.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        from discretion import __version__

        print(__version__)
        raise typer.Exit


Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="COLUMN=VALUE", help="Leave such judgments out; repeat."),
]
Weight = Annotated[
    list[str] | None,
    typer.Option(
        "--weight",
        metavar="COLUMN=VALUE:W,…",
        help="Let judgments count more or less: tenure=lead:2,starter:0.5.",
    ),
]
Budget = Annotated[
    str, typer.Option("--budget", metavar="MOST", help="Stop at 5USD, 2000calls or 1Mtokens.")
]
Yes = Annotated[
    bool, typer.Option("--yes", help="Send texts and pay for calls without being asked.")
]


@app.callback()
def shared(
    workspace: Annotated[
        Path | None,
        typer.Option(
            "--workspace",
            "-w",
            metavar="FOLDER",
            help="The workspace; by default the one around the current folder.",
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say on stderr what is being done.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and stop.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None:
    """Measure how far a model is from your own people on the exceptions they would make."""
    options.workspace, options.verbose, options.debug = workspace, verbose, debug
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(message)s", stream=sys.stderr, force=True)


def desk() -> Workspace:
    """The workspace that the command is about."""
    from discretion.workspace import open_workspace

    return open_workspace(folder())


def folder() -> Path:
    """The workspace's folder: the one named, the nearest upward, or the only one just below.

    Raises:
        DiscretionError: there is none, or there are several below and none is named.
    """
    if options.workspace is not None:
        nameless = options.workspace.name in ("", "..")
        return options.workspace.resolve() if nameless else options.workspace
    here = Path.cwd()
    found = workspaces_at(here)
    if len(found) == 1:
        if found[0].parent == here:
            remark(f"using the workspace {found[0].name}/")
        return found[0]
    if found:
        names = ", ".join(path.name for path in found)
        raise DiscretionError(
            f"there are several workspaces here: {names}", fix="name one with -w, or cd into it"
        )
    raise DiscretionError(
        "there is no workspace here",
        where=str(here),
        fix="make one with: discretion init my-desk",
    )


def workspaces_at(here: Path) -> list[Path]:
    """The nearest workspace upward; where there is none, all that are just below."""
    for candidate in (here, *here.parents):
        if (candidate / "discretion.toml").is_file():
            return [candidate]
    return sorted(path.parent for path in here.glob("*/discretion.toml"))


def remark(text: str) -> None:
    """A line on stderr, for the person who is watching."""
    print(text, file=sys.stderr, flush=True)


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: ``1 case``, ``1,200 cases``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def print_json(value: Any) -> None:
    """A value on stdout, for programs; escaped where the stream lacks one of its letters."""
    from discretion.cli.streams import writes

    text = json.dumps(value, indent=2, ensure_ascii=False)
    print(text if writes(sys.stdout, text) else json.dumps(value, indent=2))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows on stdout in aligned columns, the first to the left and the others to the right."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="left" if index == 0 else "right", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    width = None if sys.stdout.isatty() else int(os.environ.get("COLUMNS", "120"))
    Console(width=width, highlight=False).print(table)


def now() -> str:
    """The time, ISO 8601 in UTC: the only clock of the program, handed to what needs one."""
    from datetime import UTC, datetime

    return datetime.now(UTC).isoformat(timespec="seconds")
