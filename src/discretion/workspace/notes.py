"""Notes: what nobody did wrong in a workspace, and what should be known before a model is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from discretion import methods
from discretion.core.cases import Case
from discretion.core.facts import value_stands
from discretion.errors import DiscretionError
from discretion.methods.precedents import Precedents
from discretion.methods.prompt_file import prompt_file
from discretion.runs import runs
from discretion.workspace.desk import Workspace


def notes(here: Workspace) -> list[str]:
    """Plain sentences: policies without a rule, and prompt files in which a value is not shown."""
    cases = here.cases.cases
    return [*_without_rule(here, cases), *_values_not_shown(here, cases)]


def _without_rule(here: Workspace, cases: Iterable[Case]) -> Iterator[str]:
    known = here.contents.policies
    for policy, count in Counter(one.policy for one in cases if one.policy not in known).items():
        are = "case falls" if count == 1 else "cases fall"
        yield (
            f"{count:,} {are} under the policy {policy!r}, which has no rule yet, so models are "
            f"shown none. Write policies/{policy}.yaml with two lines, id: {policy} and rule: TEXT"
        )


def _values_not_shown(here: Workspace, cases: Iterable[Case]) -> Iterator[str]:
    unseen = [case for case in cases if case.text and not value_stands(case)]
    if not unseen:
        return
    for name in _prompt_files(here):
        path = here.folder / name.removeprefix(methods.FILE)
        try:
            asked = prompt_file(path, name, Precedents(lambda _: ()))
        except DiscretionError as error:
            yield str(error)
            continue
        if not asked.shows_value:
            yield (
                f"{path}: the value of {len(unseen):,} cases reaches no model, for example of case "
                f"{unseen[0].id} ({unseen[0].label}). Put {{facts}} or {{value}} into the prompt"
            )


def _prompt_files(here: Workspace) -> list[str]:
    """The prompt files that plans name, or that a run asked by."""
    arms = [arm for plan in here.contents.plans.values() for arm in plan.arms]
    if here.has_log:
        arms += [arm for run in runs(here.store) for arm, _ in run.arms]
    ways = (arm.partition("/")[2] for arm in arms)
    return list(dict.fromkeys(way for way in ways if way.startswith(methods.FILE)))
