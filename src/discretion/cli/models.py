"""`discretion models`: which models there are, what an endpoint supports, where texts may go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from discretion.cli.app import Json, app, desk, now, print_json, print_table, remark
from discretion.cli.commands import Commands, see
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.models.endpoint import Endpoint
    from discretion.models.probing import Probe
    from discretion.workspace import Workspace

models = typer.Typer(
    cls=Commands,
    help="Fetch, list, compare and remove models.",
    epilog=see("discretion models", "models"),
)
app.add_typer(models, name="models", invoke_without_command=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="As in [models.NAME].")]


@models.callback(invoke_without_command=True)
def list_models(context: typer.Context, as_json: Json = False) -> None:
    """List models, tuned ones with what they were tuned from and how near they came."""
    from discretion.cli.models_tuned import tuned_rows

    if context.invoked_subcommand is not None:
        return
    here = desk()
    if as_json:
        print_json([*model_rows(here), *tuned_rows(here)])
        return
    print_models(here)


def model_rows(here: Workspace) -> list[dict[str, str]]:
    """Every model of a workspace that is not tuned, for the list of models."""
    return [_row(here, name) for name in _names(here)]


def print_models(here: Workspace) -> None:
    """The list of models, for people."""
    from discretion.cli.models_tuned import print_tuned, tuned_rows

    print_table(
        ["model", "kind", "where", "asked by", "allowed"],
        [
            [row[key] for key in ("name", "kind", "where", "asked_by", "allowed")]
            for row in model_rows(here)
        ],
    )
    if tuned_models := tuned_rows(here):
        print()
        print_tuned(tuned_models)


@models.command(epilog=see("discretion models probe gpt", "endpoints"))
def probe(name: Name, as_json: Json = False) -> None:
    """Ask an endpoint what it supports, and keep the answer.

    No text of the workspace is sent.
    """
    from discretion.cli import endpoints

    here = desk()
    one = _endpoint(here, name)
    found = endpoints.probe(here, one)
    known = one.knowing(found, allowed=one.allowed)
    if as_json:
        print_json(
            found.identity
            | {
                "asked_by": endpoints.way(one, found),
                "left_to_server": list(known.left_to_server),
            }
        )
        return
    build = f", build {found.build}" if found.build else ""
    print(f"{name}: {found.model or 'a model without a name'} at {one.settings.host}{build}")
    for heading, what in _supports(one, found).items():
        print(f"  {heading:<18}{what}")
    print(f"  {'truncation':<18}{endpoints.truncation(known)}")
    print(f"  {'asked by':<18}{endpoints.way(one, found)}")


@models.command(epilog=see("discretion models allow gpt", "endpoints"))
def allow(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for programs.")] = False,
) -> None:
    """Show where texts go, or what code an agent runs, and allow it.

    For an endpoint, or an agent over HTTP: which texts would go to its host. For an agent that is a
    command or a function: its command line and the hash of each file that it names; when one of
    them changes, it is asked again.
    """
    from discretion.cli import agents, endpoints

    here = desk()
    if (asked_as_is := agents.agent(here, name)) is not None:
        if not asked_as_is.barred:
            remark(f"{name} may be asked already: {agents.where(asked_as_is)}")
            return
        agents.ask_leave(here, asked_as_is, here.cases, yes=yes)
        remark(f"{name} may be asked from now on")
        _remark_next(here, name)
        return
    one = _endpoint(here, name)
    if one.allowed:
        remark(f"texts may go to {one.settings.host} already")
        return
    endpoints.ask_leave(here, one, here.cases, yes=yes)
    remark(f"texts of this workspace may go to {one.settings.host} from now on")
    _remark_next(here, name)


@models.command(
    epilog=see("discretion models add trained --export exported --job labels-0", "trainers")
)
def add(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Weights and configuration, as saved.")
    ],
    export: Annotated[
        Path, typer.Option(metavar="DIR", help="What discretion tune --export wrote.")
    ],
    job: Annotated[
        str, typer.Option(metavar="NAME", help="Which of its trainings; needed where several are.")
    ] = "",
) -> None:
    """Take back what another program trained on an export, checked."""
    from discretion.models.tuned import FOLDER, PREFIX
    from discretion.tuning.exchange import bring_back

    here = desk()
    name = bring_back(folder.resolve(), export, job, here.folder / FOLDER, here.store, now)
    print(f"{PREFIX}{name}  in {FOLDER}/{name}")
    _remark_next(here, PREFIX + name)


def _remark_next(here: Workspace, name: str) -> None:
    from discretion.tuning.asking import first_arm

    arm = first_arm(name, here.contents.settings.models, here.store)
    remark(f"next: discretion evaluate --arm {arm}")


def _supports(one: Endpoint, found: Probe) -> dict[str, str]:
    def taken(option: str, also: str = "") -> str:
        if not one.offers(option):
            return "this kind of endpoint has none"
        return "refused" if option in found.refused else "taken" + also

    system = one.settings.system == "merge" or "system" in found.refused
    merged = "goes in front of the user's text"
    return {
        "log-probabilities": f"of {found.logprobs} first tokens" if found.logprobs else "none",
        "temperature": taken("temperature"),
        "seed": taken("seed", ", whether it is obeyed is not known"),
        "system role": merged if system else taken("system"),
        "several answers": "yes" if found.choices > 1 else "one in a call",
        "limit of tokens": "max_completion_tokens" if found.modern_limit else "max_tokens",
    }


def _names(here: Workspace) -> list[str]:
    from discretion.models import BUILT_IN

    return list(dict.fromkeys([BUILT_IN, *here.contents.settings.models]))


def _row(here: Workspace, name: str) -> dict[str, str]:
    from discretion.cli import agents

    settings = here.contents.settings.models.get(name, {})
    if (asked_as_is := agents.agent(here, name)) is not None:
        return {
            "name": name,
            "kind": str(settings["kind"]),
            "where": agents.where(asked_as_is),
            "asked_by": agents.way(asked_as_is),
            "allowed": "not yet" if asked_as_is.barred else "yes",
        }
    if (row := endpoint_row(here, name)) is not None:
        return {"name": name, **row}
    kind = str(settings.get("kind", "folder"))
    where = str(settings.get("path", "built in" if not settings else ""))
    return {"name": name, "kind": kind, "where": where, "asked_by": "scoring", "allowed": "yes"}


def endpoint_row(here: Workspace, name: str) -> dict[str, str] | None:
    """How an endpoint stands in the list of models; None where the name is of none."""
    from discretion.cli import endpoints

    one = endpoints.endpoint(here, name)
    if one is None:
        return None
    found = one.probed
    return {
        "kind": one.kind,
        "where": one.settings.host,
        "asked_by": endpoints.way(one, found) if found else "not probed yet",
        "allowed": "yes" if one.allowed else "not yet",
    }


def _endpoint(here: Workspace, name: str) -> Endpoint:
    from discretion.cli import agents, endpoints

    one = endpoints.endpoint(here, name)
    if one is None and agents.agent(here, name) is not None:
        raise DiscretionError(
            f"{name!r} is an agent, and agents are not probed",
            fix=f"ask it with: discretion evaluate --arm {name}/as-is",
        )
    if one is None:
        known = [other for other in _names(here) if endpoints.endpoint(here, other)]
        raise DiscretionError(
            f"{name!r} is no endpoint",
            where=str(here.folder / "discretion.toml"),
            fix=f"use one of: {', '.join(known)}"
            if known
            else f'add [models.{name}] with kind = "openai", base_url and model',
        )
    return one
