"""Ways to ask that are no method of the project's own, to set beside them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from discretion import methods
from discretion.core.arms import Ask, Message, Method, Prompt
from discretion.core.cases import Case
from discretion.core.policies import Policy
from discretion.core.units import Unit
from discretion.methods.plain import PLAIN
from discretion.methods.wordings import wordings

from .cells import Cell


@dataclass(frozen=True)
class Checked:
    """The case, its value and limit as checked, the deviation in percent, and one question."""

    name: str = "checked"
    wordings: int = 1
    vocabularies: tuple[str, ...] = PLAIN.vocabularies
    reason_first: bool = False

    def prompt(self, case: Case, policy: Policy, ask: Ask) -> Prompt:
        first, second = ("yes", "no") if ask.grant_first else ("no", "yes")
        question = f"Should the request be granted? Answer {first} or {second}."
        said = f"{case.text}\n{_checked(case)}\n\n{question}"
        return Prompt((Message("user", said),), PLAIN.prompt(case, policy, ask).choices)


def _checked(case: Case) -> str:
    if case.value is None or case.limit is None or case.deviation is None:
        return ""
    unit = Unit.named(case.unit)
    stated = f"value {unit.show(case.value)}, limit {case.direction} {unit.show(case.limit)}"
    if case.deviation <= 0:
        return f"Checked: {stated}. The rule is kept."
    percent = 100 * float(case.deviation)
    return f"Checked: {stated}. That is {percent:.1f} percent beyond the limit."


@dataclass(frozen=True)
class Asking:
    """A method that asks as a cell does."""

    inner: Method
    cell: Cell

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def prompt(self, case: Case, policy: Policy, ask: Ask) -> Prompt:
        """The inner method's prompt, with or without what the cell varies."""
        cell = self.cell
        ask = replace(ask, state_deviation=cell.deviation)
        if cell.orders == 1:
            ask = replace(ask, grant_first=True)
        if cell.bare:
            policy = policy.model_copy(update={"rule": "", "guidance": ""})
        prompt = self.inner.prompt(case, policy, ask)
        stated = wordings().distance.format(distance=case.over()) + "\n\n"
        if not case.over() or (cell.deviation and cell.parts):
            return prompt
        said = re.sub(r" \([a-z ]+\)\.", ".", stated) if cell.deviation else ""
        messages = tuple(
            replace(one, content=one.content.replace(stated, said)) for one in prompt.messages
        )
        return replace(prompt, messages=messages)


def asking(cell: Cell) -> Asking:
    """How a cell asks."""
    return Asking(Checked() if cell.method == "checked" else methods.method(cell.method), cell)
