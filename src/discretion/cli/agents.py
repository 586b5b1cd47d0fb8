"""What is settled with the user before an agent is asked: where texts go, what code is run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from discretion.cli.app import now, remark
from discretion.cli.endpoints import show_texts
from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.core.cases import CaseSet
    from discretion.models.agents import Agent
    from discretion.workspace import Workspace


def agent(here: Workspace, name: str) -> Agent | None:
    """The agent of that name; None where the name is of no agent. Nothing is run or asked.

    Raises:
        DiscretionError: its settings are wrong, or what they name is not there.
    """
    from discretion.models.agents import is_agent
    from discretion.workspace import endpoints

    settings = here.contents.settings.models.get(name)
    if settings is None or not is_agent(settings):
        return None
    return endpoints.load_agent(name, settings, here.folder, here.store)


def make_ready(here: Workspace, one: Agent, cases: CaseSet, *, yes: bool) -> None:
    """Get leave for an agent that may not be asked yet, and say how often each case is asked.

    A yes that was given beforehand is for texts and money. Code is shown and allowed by a command
    of its own.

    Raises:
        DiscretionError: leave is not given.
    """
    if one.barred and one.code is not None:
        raise DiscretionError(
            one.barred,
            where=f"[models.{one.name}]",
            fix=f"look at it and allow it with: discretion models allow {one.name}",
        )
    if one.barred:
        ask_leave(here, one, cases, yes=yes)
    remark(f"{one.name}: {way(one)}")


def ask_leave(here: Workspace, one: Agent, cases: CaseSet, *, yes: bool) -> None:
    """Show what would be sent where, or what would be run, and note the consent where it is given.

    Raises:
        DiscretionError: there is nobody to ask.
    """
    from discretion.workspace import endpoints

    texts = [case.text for case in cases if case.text]
    if one.code is None:
        question, nothing = "send them?", "nothing was sent"
        _show_host(one, texts)
    else:
        question, nothing = "allow it to run?", "nothing was run"
        _show_code(one)
    if not yes:
        if not sys.stdin.isatty():
            raise DiscretionError(
                f"{one.barred}, and there is no terminal to ask on",
                where=f"[models.{one.name}]",
                fix=f"run: discretion models allow {one.name} --yes",
            )
        if not typer.confirm(question, default=False, err=True):
            remark(nothing)
            raise typer.Exit(1)
    endpoints.allow_agent(one, here.store, now())


def _show_host(one: Agent, texts: Sequence[str]) -> None:
    from discretion.models.agents import HttpSettings

    settings = one.settings
    if isinstance(settings, HttpSettings):
        show_texts(
            texts,
            to=f"{settings.host}  ({settings.url})",
            who=f"agent     {one.name}, asked as it runs",
            also="with them the case's facts and the policy's text, where the request names them",
        )


def _show_code(one: Agent) -> None:
    from discretion.models.agents.code import described

    if one.code is None:
        return
    remark(f"{one.name} runs code on this machine, with your permissions:")
    shown = described(one.code)
    width = max(map(len, shown)) + 2
    for heading, what in shown.items():
        remark(f"  {heading:<{width}}{what}")
    remark("  Files that these load are not hashed. Set version in its settings when they change.")


def way(one: Agent) -> str:
    """How an agent is asked for a decision."""
    draws = one.settings.draws
    return f"asked as it runs, {'once' if draws == 1 else f'{draws} times'} a case"


def where(one: Agent) -> str:
    """Where it is: its host, or what it runs."""
    return one.code.shown if one.code is not None else one.place
