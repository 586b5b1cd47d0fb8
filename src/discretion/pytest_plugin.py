"""The pytest plugin: each demand of an acceptance, and each case of the user's own, is a test.

`pytest --discretion acceptance.yaml` judges that file; files named `*.acceptance.yaml` are judged
wherever pytest looks for tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from discretion.cli.gate import GateOutcome
    from discretion.workspace import Workspace

ENDING = ".acceptance.yaml"
_OPTION = "discretion"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup(_OPTION).addoption(
        "--discretion",
        action="append",
        default=[],
        metavar="FILE",
        help="judge an arm by this acceptance; repeat",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Files that are named are collected wherever they stand."""
    config.args.extend(_named(config))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> AcceptanceFile | None:
    named = {(parent.config.invocation_params.dir / name).resolve() for name in _named(parent)}
    if file_path.name.endswith(ENDING) or file_path.resolve() in named:
        found: AcceptanceFile = AcceptanceFile.from_parent(parent, path=file_path)
        return found
    return None


def _named(node: pytest.Config | pytest.Collector) -> list[str]:
    config = node if isinstance(node, pytest.Config) else node.config
    return list(config.getoption(_OPTION))


class AcceptanceFile(pytest.File):
    """An acceptance. It is judged once, when its first test runs."""

    def collect(self) -> Iterator[pytest.Item]:
        from discretion.core.criteria import read_acceptance
        from discretion.gates import read_expectations

        acceptance, _ = read_acceptance(self.path)
        for demand in acceptance.demands:
            if demand != "regressions":
                yield Demand.from_parent(self, name=demand, places=None)
                continue
            with closing_desk(self.path) as here:
                own = read_expectations(self.path.parent / acceptance.regressions, here.cases)
            for one in own:
                name = f"{demand}[{Path(one.where).name}]"
                yield Demand.from_parent(self, name=name, places={one.where})

    @cached_property
    def judged(self) -> GateOutcome:
        from discretion.cli.gate import judged

        with closing_desk(self.path) as here:
            return judged(here, self.path)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        return _said(excinfo) or super().repr_failure(excinfo)


class Demand(pytest.Item):
    """One demand of an acceptance, or one case of the user's own."""

    def __init__(self, *, places: set[str] | None, **more: Any) -> None:
        super().__init__(**more)
        self._places = places
        """Which rows it is about; None for all lines of the demand."""

    def runtest(self) -> None:
        """Passes where every line does; skipped where some cannot be told and that is allowed."""
        assert isinstance(self.parent, AcceptanceFile)
        outcome = self.parent.judged
        demand = self.name.partition("[")[0]
        own = [line for line in outcome.lines if line.demand == demand]
        if self._places is not None:
            own = [line for line in own if line.where in self._places]
        clear = outcome.acceptance.allow_unclear
        failed = [line for line in own if not line.passes(allow_unclear=clear)]
        if failed:
            told = [*map(str, failed), *filter(None, [outcome.caution])]
            raise UnmetError("\n".join(told))
        unclear = [line for line in own if line.verdict != "passed"]
        if unclear:
            pytest.skip("; ".join(map(str, unclear)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        return _said(excinfo) or super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"{self.path.name}: {self.name}"


class UnmetError(Exception):
    """Lines that did not pass; they are all that is shown."""


@contextmanager
def closing_desk(path: Path) -> Iterator[Workspace]:
    """The workspace around a file; its log is closed afterwards."""
    from discretion.workspace import SETTINGS, open_workspace

    around = (folder for folder in path.parents if (folder / SETTINGS).is_file())
    here = open_workspace(next(around, path.parent))
    try:
        yield here
    finally:
        here.store.close()


def _said(excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    """What a user can read without a traceback; empty for what is a fault of the program."""
    from discretion.errors import DiscretionError

    known = isinstance(excinfo.value, UnmetError | DiscretionError)
    return str(excinfo.value) if known else ""
