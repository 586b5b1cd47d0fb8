"""Groups of commands: listed by what they are for, with an example each, and old options named."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile
from typing import Any, cast

from typer.core import TyperCommand, TyperGroup

from discretion.cli.once import check_said_once
from discretion.errors import DiscretionError

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Start here": ("start", "evaluate", "report", "prompt", "gate"),
    "Workspace": (
        "init",
        "import",
        "cases",
        "check",
        "arms",
        "models",
        "runs",
        "privacy",
        "schema",
        "doctor",
    ),
    "Teaching": ("tune", "plan", "power"),
    "Audit": ("verify", "evidence"),
}
"""The commands of `discretion --help`; any other stands after them."""

_PLAN = "in plans/NAME.yaml, with --plan NAME"
MOVED: Mapping[str, Mapping[str, str]] = {
    "evaluate": {
        "--crossed": f"`crossed: true` {_PLAN}",
        "--sample": f"`sample: true` {_PLAN}",
        "--state-deviation": f"`state_deviation: true` {_PLAN}",
    },
    "tune": {"--rank": "`rank:` in tuning.yaml"},
}
"""By command: options that only repeated a file's field and went, and where the field is."""


class Commands(TyperGroup):
    """Commands in sections, whose lists of values are said once."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Commands first: they are what one looks for."""
        self.format_commands(ctx, formatter)
        TyperCommand.format_options(cast("Any", self), ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        known = [name for name, command in self.commands.items() if not command.hidden]
        listed = SECTIONS if ctx.parent is None else {}
        named = {name for names in listed.values() for name in names}
        other = tuple(name for name in known if name not in named)
        width = max(map(len, known), default=0)
        limit = formatter.width - width - 6
        for heading, names in {**listed, "Other" if listed else "Commands": other}.items():
            rows = [
                (name.ljust(width), self.commands[name].get_short_help_str(limit))
                for name in names
                if name in known
            ]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None:
            _check_moved(MOVED.get(command.name or "", {}) if ctx.parent is None else {}, rest)
            check_said_once(command.params, rest)
        return name, command, rest


def _check_moved(moved: Mapping[str, str], args: list[str]) -> None:
    """Stop at an option that went.

    Raises:
        DiscretionError: says what does the same.
    """
    for one in takewhile(lambda one: one != "--", args):
        option = one.partition("=")[0]
        if option in moved:
            raise DiscretionError(f"{option} is now {moved[option]}")


def see(example: str, page: str) -> str:
    """The end of a command's help: how it is typed, and the page of the guide to read."""
    return f"\b\nExample:  {example}\nGuide:    docs/guide/{page}.md"
