"""`discretion init`: a new workspace, empty or from an example."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from discretion.cli.app import app, remark
from discretion.cli.commands import see
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.workspace import Simulated, Workspace


@app.command(epilog=see("discretion init my-desk --example returns", "start"))
def init(
    folder: Annotated[Path, typer.Argument(help="Where the workspace is to be; made if missing.")],
    example: Annotated[
        str,
        typer.Option(
            "--example", metavar="NAME", help="Start from an example: everyday or returns."
        ),
    ] = "",
    judges: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Who is simulated to judge it: strict, lenient or purposeful."
        ),
    ] = "",
) -> None:
    """Make a workspace, empty or from an example.

    It is a folder with a settings file, policies, scenarios and plans. Without --example it is a
    commented template. Examples are complete: `everyday` has fifteen scenarios in as many domains,
    `returns` is one small desk. The people who judge an example are simulated, and every page says
    so.
    """
    from discretion import examples
    from discretion.workspace import make_secret, open_workspace

    if judges and not example:
        raise DiscretionError(
            "nobody is simulated in an empty workspace", where="--judges", fix="add --example"
        )
    if judges:
        _check_judges(judges, "--judges")
    examples.copy(example or "template", folder)
    if not example:
        _call(folder)
    if judges:
        _name_judges(folder, judges)
    make_secret(folder)
    desk = open_workspace(folder)
    count = len(desk.described_cases)
    print(f"{desk.called}: {len(desk.contents.policies)} policies, {count} cases")
    simulated = desk.contents.settings.simulated
    if simulated is not None:
        _judge(desk, simulated)
    into = "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(folder))} && "
    remark(f"next: {into}discretion check && discretion report")


def _call(folder: Path) -> None:
    """Call an empty workspace by its folder's name."""
    from discretion.workspace import SETTINGS

    path = folder / SETTINGS
    name = re.sub(r'[\\"\x00-\x1f\x7f]', " ", folder.resolve().name)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('name = "My desk"', f'name = "{name}"'), encoding="utf-8")


def _name_judges(folder: Path, judges: str) -> None:
    """Put who was asked for into the example's settings, which would else name others."""
    from discretion.workspace import SETTINGS

    path = folder / SETTINGS
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r'(?m)^judges = "\w+"', f'judges = "{judges}"', text), encoding="utf-8")


def _judge(desk: Workspace, simulated: Simulated) -> None:
    """Let the example's simulated people judge every case."""
    from dataclasses import replace

    import numpy as np

    from discretion.storage import records
    from discretion.toy.judges import PANELS

    _check_judges(simulated.judges, str(desk.folder / "discretion.toml"))
    panel = replace(PANELS[simulated.judges], raters=simulated.raters)
    rng = np.random.default_rng(simulated.seed)
    judgments = [
        replace(judgment, panel=simulated.panel)
        for judgment in panel.judge_all(desk.described_cases, rng)
    ]
    desk.store.append(records.judgment_entry(judgment) for judgment in judgments)
    print(f"{len(judgments):,} judgments by {simulated.raters} simulated people")


def _check_judges(name: str, where: str) -> None:
    from discretion.toy.judges import PANELS

    if name not in PANELS:
        raise DiscretionError(
            f"there are no simulated judges {name!r}",
            where=where,
            fix=f"choose from: {', '.join(PANELS)}",
        )
