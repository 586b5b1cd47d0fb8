"""Discretion: policy exceptions as an organisation's own people would make them.

import discretion
desk = discretion.open("my-desk")
run = discretion.evaluate(desk.cases, desk.arms("tiny/direct"), desk.store)
discretion.report(run, "report.html")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from discretion.version import __version__

if TYPE_CHECKING:
    from discretion.errors import DiscretionError
    from discretion.evaluation import evaluate
    from discretion.reports import ReportOptions, report
    from discretion.runs import Run
    from discretion.workspace import Workspace
    from discretion.workspace import open_workspace as open  # noqa: A004

__all__ = [
    "DiscretionError",
    "ReportOptions",
    "Run",
    "Workspace",
    "__version__",
    "evaluate",
    "open",
    "report",
]

_HOMES = {
    "DiscretionError": ("discretion.errors", "DiscretionError"),
    "ReportOptions": ("discretion.results", "ReportOptions"),
    "Run": ("discretion.runs", "Run"),
    "Workspace": ("discretion.workspace", "Workspace"),
    "evaluate": ("discretion.evaluation", "evaluate"),
    "open": ("discretion.workspace", "open_workspace"),
    "report": ("discretion.reports", "report"),
}


def __getattr__(name: str) -> Any:
    """Imported where first used, so that ``import discretion`` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'discretion' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return list(__all__)
