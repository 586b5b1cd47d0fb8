"""What `start` writes beside the decisions: the rule, what mistakes cost, and an example."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from discretion.errors import DiscretionError

if TYPE_CHECKING:
    from discretion.core.cases import Case
    from discretion.importing.survey import Column, Survey

POLICY = "imported"
"""Under which cases stand whose file names no policy."""
_CURRENCY = "USD"


@dataclass
class RuleOptions:
    """The rule as the user puts it, and what mistakes cost."""

    rule: str = ""
    purpose: str = ""
    costs: str = ""
    """As --costs takes it: ``wrong_grant=order_value,wrong_refusal=15,currency=EUR``."""

    def take_costs(self, grant: str, refusal: str, seen: Survey) -> None:
        """Costs as they are said in the dialogue.

        Raises:
            DiscretionError: one is neither a column nor an amount.
        """
        currency = _CURRENCY
        written = []
        for said in (grant, refusal):
            column = seen.column(said)
            if column is not None:
                currency = _currency_of(column) or currency
                written.append(said)
                continue
            amount = re.fullmatch(r"([$€£]?)\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Z]{3})?", said)
            if amount is None:
                raise DiscretionError(
                    f"neither a column nor an amount: {said!r}",
                    fix=f"type an amount such as 40, or one of: {', '.join(seen.header)}",
                )
            signed = {"$": "USD", "€": "EUR", "£": "GBP"}.get(amount[1])
            currency = amount[3] or signed or currency
            written.append(amount[2])
        self.costs = f"wrong_grant={written[0]},wrong_refusal={written[1]},currency={currency}"

    @property
    def parts(self) -> dict[str, str]:
        """The costs, by name.

        Raises:
            DiscretionError: they cannot be read, or there is no rule that they belong to.
        """
        if not self.costs:
            return {}
        if not self.rule:
            raise DiscretionError(
                "costs belong to a rule, and there is none", where="--costs", fix="add --rule TEXT"
            )
        found = dict(piece.strip().split("=", 1) for piece in self.costs.split(",") if "=" in piece)
        found.setdefault("currency", _CURRENCY)
        if found.keys() != {"wrong_grant", "wrong_refusal", "currency"}:
            raise DiscretionError(
                f"not readable as costs: {self.costs!r}",
                where="--costs",
                fix="write it like --costs wrong_grant=order_value,wrong_refusal=15,currency=EUR",
            )
        return found

    def columns(self, seen: Survey) -> list[str]:
        """The columns that hold costs: they are kept with the cases."""
        return [
            said for name, said in self.parts.items() if name != "currency" and seen.column(said)
        ]

    def document(self, value_column: str) -> dict[str, Any]:
        """The policy as its file says it."""
        policy: dict[str, Any] = {"id": POLICY, "rule": self.rule}
        if self.purpose:
            policy["purpose"] = self.purpose
        if self.parts:
            policy["costs"] = {
                name: "value" if said == value_column else _number(said)
                for name, said in self.parts.items()
            }
        return policy


def write_policy(folder: Path, rule: RuleOptions, value_column: str) -> Path:
    """Write policies/imported.yaml.

    Raises:
        DiscretionError: it would describe no policy; nothing is written.
    """
    from discretion.core.policies import Policy
    from discretion.documents import parse_yaml

    path = folder / "policies" / f"{POLICY}.yaml"
    text = _yaml(rule.document(value_column))
    _, wrong = parse_yaml(text, path).describe(Policy)
    if wrong:
        raise wrong[0]
    path.write_text(text, encoding="utf-8")
    return path


def write_examples(folder: Path, cases: Sequence[Case], rule: RuleOptions) -> None:
    """Put examples about the user's own data in place of the template's: a policy to fill in where
    none was written, and a scenario that steps past the same limit."""
    for example in (*folder.glob("policies/*.example"), *folder.glob("scenarios/*.example")):
        example.unlink()
    if not rule.rule:
        document = {"id": POLICY, "rule": _sentence(cases), "purpose": "What your rule is for."}
        text = "# Your rule. Correct it, and let this file's name end in .yaml.\n" + _yaml(document)
        (folder / "policies" / f"{POLICY}.yaml.example").write_text(text, encoding="utf-8")
    scenario = _scenario(cases)
    if scenario:
        text = (
            "# Cases made from your own limit, for people to judge. Correct the wordings, and let "
            "this\n# file's name end in .yaml. docs/guide/scenarios.md explains every key.\n"
        ) + _yaml(scenario)
        (folder / "scenarios" / "grid.yaml.example").write_text(text, encoding="utf-8")


def _sentence(cases: Sequence[Case]) -> str:
    """The rule as the cases' commonest limit shows it."""
    from discretion.core.units import Unit

    limits = [case for case in cases if case.limit is not None]
    if not limits:
        return "What your people follow, in one sentence."
    case = max(limits, key=lambda one: sum(one.limit == other.limit for other in limits[:200]))
    assert case.limit is not None
    return f"Requests are granted with {case.direction} {Unit.named(case.unit).show(case.limit)}."


def _scenario(cases: Sequence[Case]) -> dict[str, Any] | None:
    """A grid of values around the commonest limit, as far as the cases themselves reach."""
    from collections import Counter

    both = [case for case in cases if case.limit is not None and case.value is not None]
    if not both:
        return None
    (limit, _), *_ = Counter(case.limit for case in both).most_common()
    first = next(case for case in both if case.limit == limit)
    values = sorted({case.value for case in both if case.limit == limit and case.value is not None})
    chosen = sorted({values[round(step * (len(values) - 1) / 6)] for step in range(7)})
    return {
        "id": "grid",
        "policy": POLICY,
        "title": "Requests around the limit",
        "limit": _number(str(limit)),
        "direction": first.direction,
        "unit": first.unit or "points",
        "values": [_number(str(value)) for value in chosen],
        "wordings": [
            "The limit is {limit}. A customer asks for {value}.",
            "A request for {value} has come in, where the limit is {limit}.",
            "Somebody asks for {value}; the rule says {limit}.",
        ],
    }


def _currency_of(column: Column) -> str:
    from discretion.importing.guessing import guess_unit

    unit = guess_unit(column)
    return unit if re.fullmatch(r"[A-Z]{3}", unit) else ""


def _number(said: str) -> Any:
    """A number as YAML writes one; else the text."""
    if re.fullmatch(r"-?[0-9]+", said):
        return int(said)
    return float(said) if re.fullmatch(r"-?[0-9]+\.[0-9]+", said) else said


def _yaml(document: dict[str, Any]) -> str:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 10_000
    lines = io.StringIO()
    yaml.dump(document, lines)
    return lines.getvalue()
