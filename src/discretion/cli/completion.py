"""What a shell offers after an option: arms, runs, plans, panels of the workspace one is in.

Somebody is typing: whatever is wrong with the workspace, nothing is printed and nothing is offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path

import typer

from discretion.cli.app import workspaces_at

Names = Callable[[Path], Iterator[str]]


def _offered(names: Names) -> Callable[[typer.Context, str], list[str]]:
    """The names of the workspace at hand that begin as the word does."""

    @wraps(names)
    def offer(context: typer.Context, incomplete: str) -> list[str]:
        try:
            named = context.find_root().params.get("workspace")
            folders = [Path(named)] if named else workspaces_at(Path.cwd())
            found = names(folders[0]) if len(folders) == 1 else ()
            return [name for name in dict.fromkeys(found) if name.startswith(incomplete)]
        except Exception:  # a traceback would land in the line that is being typed
            return []

    # Typer looks at what a callback takes, and `wraps` shows it what is wrapped.
    del offer.__wrapped__
    offer.__annotations__ = {"context": typer.Context, "incomplete": str}
    return offer


@_offered
def arms(folder: Path) -> Iterator[str]:
    """Every model with every method, agents, baselines, and recorded decisions."""
    import tomllib

    from discretion import baselines, methods
    from discretion.models import BUILT_IN
    from discretion.models.agents import AS_IS, is_agent
    from discretion.models.tuned import PREFIX, tuned_names
    from discretion.storage.glance import recorded_names

    settings = tomllib.loads((folder / "discretion.toml").read_text(encoding="utf-8"))
    models = settings.get("models", {})
    asked = [name for name, one in models.items() if not is_agent(one)]
    tuned = [PREFIX + name for name in tuned_names(folder)]
    for model in (BUILT_IN, *asked, *tuned):
        yield from (f"{model}/{method}" for method in methods.names())
    yield from (f"{name}/{AS_IS}" for name in models if name not in asked)
    yield from (f"baseline/{name}" for name in baselines.names())
    if (log := folder / "discretion.db").is_file():
        yield from (f"recorded/{name}" for name in recorded_names(log))


@_offered
def runs(folder: Path) -> Iterator[str]:
    """The first letters of each run's id, as `discretion runs` prints them, newest first."""
    from discretion.storage.glance import run_ids

    return (one[:8] for one in run_ids(folder / "discretion.db"))


@_offered
def panels(folder: Path) -> Iterator[str]:
    """Who judged."""
    from discretion.storage.glance import panel_names

    return iter(panel_names(folder / "discretion.db"))


@_offered
def plans(folder: Path) -> Iterator[str]:
    """The plans in plans/."""
    return (path.stem for path in sorted((folder / "plans").glob("*.y*ml")))
