"""Reading a workspace's folder: everything that is there, and everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from discretion.core.plans import Plan
from discretion.core.policies import Described, Policy
from discretion.core.scenarios import Scenario
from discretion.core.tuning_plans import TuningPlan
from discretion.documents import Document, read_yaml
from discretion.errors import DiscretionError
from discretion.models.catalog import fetched_settings
from discretion.workspace.settings import WorkspaceSettings, read_settings

SETTINGS = "discretion.toml"
LOG = "discretion.db"
TUNING = "tuning.yaml"

Shape = TypeVar("Shape", bound=Described)


@dataclass(frozen=True, slots=True)
class Contents:
    """What stands in a folder."""

    settings: WorkspaceSettings
    policies: Mapping[str, Policy]
    scenarios: Mapping[str, Scenario]
    """Those that are complete and whose policy is there."""
    plans: Mapping[str, Plan]
    """Plans by the name of their file, without its ending."""
    tuning: TuningPlan | None
    """What tuning.yaml declares; None where there is none."""
    problems: tuple[DiscretionError, ...]
    """Everything that is wrong, in the order of the files; each names file and line."""


def read_folder(folder: Path) -> Contents:
    """Read a workspace; what is wrong in it is collected, not raised.

    Raises:
        DiscretionError: the folder is no workspace at all.
    """
    if not (folder / SETTINGS).is_file():
        raise DiscretionError(
            f"there is no workspace here: no {SETTINGS}",
            where=str(folder),
            fix="make one with: discretion init my-desk, then work inside it",
        )
    problems: list[DiscretionError] = []
    try:
        settings = read_settings(folder / SETTINGS)
    except DiscretionError as error:
        settings = WorkspaceSettings()
        problems.append(error)
    with_fetched = fetched_settings(folder, settings.models)
    settings = settings.model_copy(update={"models": with_fetched})
    policies = _described(folder / "policies", Policy, lambda path, p: p.id, problems)
    scenarios = _described(folder / "scenarios", Scenario, lambda path, s: s.id, problems)
    plans = _described(folder / "plans", Plan, lambda path, p: path.stem, problems)
    tuning = _tuning(folder / TUNING, problems)
    for scenario, document in scenarios.values():
        if scenario.policy not in policies:
            known = ", ".join(sorted(policies)) or "none yet"
            problems.append(
                DiscretionError(
                    f"there is no policy {scenario.policy!r}",
                    where=document.where(["policy"]),
                    fix=f"describe it in policies/, or use one of: {known}",
                )
            )
    complete = {key: s for key, (s, _) in scenarios.items() if s.policy in policies}
    for policy, document in policies.values():
        problems += _unknown_facts(policy, document, list(complete.values()))
    return Contents(
        settings,
        {key: policy for key, (policy, _) in policies.items()},
        complete,
        {key: plan for key, (plan, _) in plans.items()},
        tuning,
        tuple(problems),
    )


def _described(
    folder: Path,
    shape: type[Shape],
    name: Callable[[Path, Shape], str],
    problems: list[DiscretionError],
) -> dict[str, tuple[Shape, Document]]:
    found: dict[str, tuple[Shape, Document]] = {}
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        try:
            document = read_yaml(path)
        except DiscretionError as error:
            problems.append(error)
            continue
        described, wrong = document.describe(shape)
        problems += wrong
        if described is None:
            continue
        key = name(path, described)
        if key in found:
            problems.append(
                DiscretionError(
                    f"the id {key!r} is taken by {found[key][1].path.name}",
                    where=document.where(["id"]),
                    fix="give it another id",
                )
            )
            continue
        found[key] = (described, document)
    return found


def _tuning(path: Path, problems: list[DiscretionError]) -> TuningPlan | None:
    if not path.is_file():
        return None
    try:
        described, wrong = read_yaml(path).describe(TuningPlan)
    except DiscretionError as error:
        problems.append(error)
        return None
    problems += wrong
    return described


def _unknown_facts(
    policy: Policy, document: Document, scenarios: list[Scenario]
) -> list[DiscretionError]:
    """`never` predicates that look at a fact no scenario of the policy has: they cannot hold."""
    own = [scenario for scenario in scenarios if scenario.policy == policy.id]
    known = {"value", "limit"} | {name for scenario in own for name in scenario.factors}
    return [
        DiscretionError(
            f"never looks at {fact!r}, which no scenario of this policy has as a factor",
            where=document.where(["never", index]),
            fix=f"use one of: {', '.join(sorted(known))}",
        )
        for index, never in enumerate(policy.never)
        for fact in never.facts
        if own and fact not in known
    ]
