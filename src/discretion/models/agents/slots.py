"""What an agent is sent: a case as slots, filled into a request without ever joining texts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from discretion.core.cases import Case
from discretion.core.facts import facts_of
from discretion.core.policies import Policy
from discretion.core.units import Unit

SLOTS = (
    "case",
    "facts",
    "value",
    "limit",
    "unit",
    "id",
    "policy",
    "rule",
    "purpose",
    "guidance",
)
"""What may stand in braces in a request."""
VARYING = frozenset({"case", "facts", "value", "id"})
"""Slots that tell one case from another."""
NUMBERS = frozenset({"value", "limit"})
"""Slots that may be sent as numbers: ``{value:number}``."""

_SLOT = re.compile(r"\{([a-z_]+)(:number)?\}")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A case as an agent may see it: nothing of who decided it, and how."""

    texts: Mapping[str, str]
    """By slot; empty where the case has none."""
    numbers: Mapping[str, int | float | None]
    """The bare value and limit, in the unit's own measure."""

    @property
    def mapping(self) -> dict[str, Any]:
        """What is sent where no request is described, and what a function is called with."""
        texts = {name: text for name, text in self.texts.items() if name not in NUMBERS}
        return {"text": texts.pop("case"), **texts, **self.numbers}


def sheet(case: Case, policy: Policy) -> Sheet:
    """The sheet of a case under its policy."""
    unit = Unit.named(case.unit)
    shown = {
        name: "" if amount is None else unit.show(amount)
        for name, amount in (("value", case.value), ("limit", case.limit))
    }
    return Sheet(
        {
            "case": case.text or "",
            "facts": facts_of(case),
            **shown,
            "unit": case.unit,
            "id": case.id,
            "policy": policy.id,
            "rule": policy.rule,
            "purpose": policy.purpose,
            "guidance": policy.guidance,
        },
        {"value": _number(case.value), "limit": _number(case.limit)},
    )


def _number(amount: Decimal | None) -> int | float | None:
    if amount is None:
        return None
    return int(amount) if amount == amount.to_integral_value() else float(amount)


def fill(template: Any, case: Sheet) -> Any:
    """A template of JSON values with its slots filled.

    Slots are replaced inside strings only, in one pass: a text with quotes, braces or a slot in it
    stays the content of its string, and cannot change the request. A string that is nothing but
    ``{value:number}`` becomes the number itself.
    """
    if isinstance(template, str):
        alone = _SLOT.fullmatch(template)
        if alone and alone[2]:
            return case.numbers[alone[1]]
        return _SLOT.sub(lambda slot: case.texts[slot[1]], template)
    if isinstance(template, Mapping):
        return {key: fill(value, case) for key, value in template.items()}
    if isinstance(template, list | tuple):
        return [fill(value, case) for value in template]
    return template


def encoded(value: Any) -> str:
    """JSON in ASCII: what no encoding can carry, such as half a character, stays an escape."""
    return json.dumps(value)


def mistake_in(template: Any) -> tuple[str, str]:
    """What is wrong with a template, and how to fix it; empty where nothing is."""
    used: set[str] = set()
    for text in _strings(template):
        for slot in _SLOT.finditer(text):
            name, number = slot[1], bool(slot[2])
            if name not in SLOTS:
                return f"there is no slot {slot[0]}", "use one of: " + _listed(SLOTS)
            if number and (name not in NUMBERS or slot[0] != text):
                fix = 'write "{value:number}" or "{limit:number}" as the whole string'
                return f"{slot[0]} does not stand for a number here", fix
            if text[: slot.start()].endswith("{"):
                return f"{{{slot[0]}}} has two pairs of braces", f"write {slot[0]}"
            used.add(name)
    if not used & VARYING:
        return "it is the same for every case", "put {case} where the text belongs"
    return "", ""


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _strings(one)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)
