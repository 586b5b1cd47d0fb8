"""The workspace as its users hold it: what is described, what is in the log, arms by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from discretion import answer_forms
from discretion.core.arms import Arm, Method, Model
from discretion.core.cases import Case, CaseSet, cases_of
from discretion.core.holdouts import history_of
from discretion.core.judgments import Panel
from discretion.core.plans import Plan
from discretion.errors import DiscretionError
from discretion.storage import Store, records
from discretion.workspace.folder import LOG, Contents, read_folder
from discretion.workspace.lineup import Lineup


@dataclass(frozen=True)
class Workspace:
    """What stands in one folder, and in its log."""

    folder: Path
    contents: Contents

    @property
    def name(self) -> str:
        return self.contents.settings.workspace.name or self.folder.resolve().name

    @property
    def called(self) -> str:
        """Its folder as it was named; by its own name where that says nothing, as ``.`` does."""
        named = self.folder.name not in ("", "..")
        return str(self.folder) if named else self.folder.resolve().name

    @cached_property
    def store(self) -> Store:
        """The log; made on first use."""
        return Store(self.folder / LOG)

    @cached_property
    def described_cases(self) -> tuple[Case, ...]:
        """The cases that the scenarios make."""
        policies = self.contents.policies
        return tuple(
            case
            for scenario in self.contents.scenarios.values()
            for case in cases_of(scenario, policies[scenario.policy])
        )

    @property
    def cases(self) -> CaseSet:
        """The scenarios' cases, then the imported ones."""
        described = {case.id for case in self.described_cases}
        imported = [case for case in self._imported() if case.id not in described]
        return CaseSet(
            (*self.described_cases, *imported), self.contents.policies, self.contents.scenarios
        )

    def panel(self, name: str = "") -> Panel:
        """The panel of that name, or the only one; DiscretionError where that is not clear."""
        return records.panel(self.store, name)

    def settle(self, plan: Plan) -> tuple[Plan, CaseSet]:
        """The plan with what it holds out named, and the cases that its arms are to be asked.

        Raises:
            DiscretionError: nothing fits what it selects, or what it holds out is not there.
        """
        cases = self.cases
        if plan.hold_out is None or not plan.hold_out.of_judgments:
            return plan, plan.choose(cases)
        history = history_of(records.panel_judgments(self.store, plan.panel))
        named = plan.named(cases, history)
        return named, named.choose(cases, history)

    def arms(
        self,
        *names: str,
        plan: Plan | None = None,
        cases: CaseSet | None = None,
        fresh: str = "",
        clock: Callable[[], str] | None = None,
    ) -> list[Arm]:
        """The arms of these names: ``MODEL/METHOD``, ``baseline/NAME`` or ``recorded/NAME``.

        Args:
            plan: how they are to be asked, and what is held out from baselines and precedents.
            cases: what they will be asked; all of the workspace where left out.
            fresh: changes every key, so that nothing answered before is used again.
            clock: says when an answer was given, ISO 8601 in UTC.

        Raises:
            DiscretionError: a name stands for nothing, or what it needs is missing.
        """
        if not names:
            raise DiscretionError("no arm is named", fix='name one, like "tiny/direct"')
        lineup = self._lineup(plan or Plan(arms=names), cases, fresh=fresh, clock=clock)
        arms = [lineup.arm(name) for name in names]
        return answer_forms.settle(arms, lineup.case_set, self.store, probe=False)

    def method(self, name: str, plan: Plan) -> Method:
        """The method of that name, for whoever asks a model by other means.

        Raises:
            DiscretionError: there is no such method, or what it needs is missing.
        """
        return self._lineup(plan).method(name)

    def model(self, name: str) -> Model:
        """The model of that name, `tuned:NAME` or one of `[models.NAME]`.

        Raises:
            DiscretionError: there is none, or its settings or its folder are wrong.
        """
        return self._lineup(Plan(arms=(f"{name}/direct",))).model(name)

    def _lineup(
        self,
        plan: Plan,
        cases: CaseSet | None = None,
        *,
        fresh: str = "",
        clock: Callable[[], str] | None = None,
    ) -> Lineup:
        return Lineup(
            folder=self.folder,
            models=self.contents.settings.models,
            case_set=self.cases if cases is None else cases,
            plan=plan,
            panel=self.panel,
            store=self.store,
            fresh=fresh,
            clock=clock,
        )

    @property
    def has_log(self) -> bool:
        """Whether anything was ever stored here; asking makes no file."""
        return (self.folder / LOG).exists()

    def _imported(self) -> list[Case]:
        return list(records.imported_cases(self.store)) if self.has_log else []


def open_workspace(folder: str | Path) -> Workspace:
    """Open a workspace in which nothing is wrong.

    Raises:
        DiscretionError: the folder is no workspace, or something in it is wrong; the first
            problem is named, and `discretion check` names them all.
    """
    path = Path(folder)
    contents = read_folder(path)
    if contents.problems:
        first, others = contents.problems[0], len(contents.problems) - 1
        more = f" (and {others} more: see discretion check)" if others else ""
        raise DiscretionError(first.what, where=first.where, fix=first.fix + more)
    return Workspace(path, contents)
