"""Agents: what already decides in production, asked as it runs. One file per way of running."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from discretion.models.agents.arm import AS_IS, Agent, AgentArm
from discretion.models.agents.code import Code, find_code
from discretion.models.agents.running import CommandRunner, FunctionRunner
from discretion.models.agents.settings import (
    KINDS,
    CommandSettings,
    HttpSettings,
    is_agent,
    read_agent_settings,
)
from discretion.models.agents.web import HttpRunner

__all__ = [
    "AS_IS",
    "KINDS",
    "Agent",
    "AgentArm",
    "Code",
    "HttpSettings",
    "is_agent",
    "load_agent",
]


def load_agent(
    name: str, settings: Mapping[str, Any], folder: Path, allowed: Callable[[str], bool]
) -> Agent:
    """The agent of that name; nothing of it is run or asked.

    Args:
        settings: what ``[models.NAME]`` says of it.
        folder: the workspace, where relative paths start and code runs.
        allowed: whether a host may be sent texts, or code of this consent may be run.

    Raises:
        DiscretionError: the settings are wrong, or what they name is not there.
    """
    checked = read_agent_settings(name, settings)
    if isinstance(checked, HttpSettings):
        barred = ""
        if not (checked.is_local or allowed(checked.host)):
            barred = f"texts would leave this machine for {checked.host}, which nobody has allowed"
        return Agent(name, checked, HttpRunner(name, checked), barred=barred, place=checked.host)
    code = find_code(name, checked, folder)
    # Taken once: what is asked about, what is allowed, and what is compared before every start.
    consent, made = code.consent, code.hash
    barred = ""
    if not allowed(consent):
        barred = f"it would run {code.shown!r} on this machine, which nobody has allowed"
    make = CommandRunner if isinstance(checked, CommandSettings) else FunctionRunner
    return Agent(
        name,
        checked,
        make(code, checked, consent),
        code=code,
        hash=made,
        barred=barred,
        place=f"sha256 {made[:16]}",
    )
