"""Policies: a stated rule, what it is for, and what is never allowed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from discretion.core.units import Unit
from discretion.errors import DiscretionError

ID = r"^[a-z0-9][a-z0-9._-]*$"

Fact = str | Decimal
Identifier = Annotated[str, Field(pattern=ID, max_length=80)]

_NAME = re.compile(r"[^\W\d][\w .-]*")
_CLAUSE = re.compile(
    r"\s*([\w.-]+)\s*(==|!=|<=|>=|<|>)\s*('[^']*'|\"[^\"]*\"|(?!.*\b(?:or|and)\b)[^'\"<>=!]+?)\s*"
)
"""The right side, unless quoted, holds neither a sign nor ``or``: what was meant as a second
comparison would otherwise become part of a word, and the predicate would never hold."""


class Described(BaseModel):
    """Shared by everything that users write in YAML: frozen, and unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Never:
    """A predicate on the facts of a case: where it holds, code refuses, whatever a model says.

    Written as comparisons joined by ``and``: ``fraud_sign == yes and value > 30``. A fact is a
    factor's level, ``value``, ``limit``, or an imported column.
    """

    def __init__(self, written: str) -> None:
        self.written = written
        clauses: list[tuple[str, str, str]] = []
        for part in re.split(r"\s+and\s+", written.strip()):
            match = _CLAUSE.fullmatch(part)
            if not match:
                raise ValueError(
                    f"{part!r} is no comparison; write it like: fraud_sign == yes and value > 30"
                )
            clauses.append((match[1], match[2], match[3].strip("'\"")))
        self.clauses = tuple(clauses)
        """(fact, comparison sign, value); all must hold."""

    @property
    def facts(self) -> tuple[str, ...]:
        """The names of the facts it looks at."""
        return tuple(name for name, _, _ in self.clauses)

    def holds(self, facts: Mapping[str, Fact]) -> bool | None:
        """Whether the case is forbidden; None where a fact that decides it is missing.

        Raises:
            DiscretionError: an ordering is asked of something that is no number.
        """
        unknown = False
        for name, operator, wanted in self.clauses:
            if name not in facts:
                unknown = True
            elif not _compare(facts[name], operator, wanted, self.written):
                return False
        return None if unknown else True

    def __repr__(self) -> str:
        return f"Never({self.written!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Never) and other.written == self.written

    def __hash__(self) -> int:
        return hash(self.written)


def _compare(fact: Fact, operator: str, wanted: str, written: str) -> bool:
    left, right = _number(fact), _number(wanted)
    if left is None or right is None:
        if operator not in ("==", "!="):
            raise DiscretionError(
                f"{fact!r} {operator} {wanted!r} compares what is no number",
                where=f"never: {written}",
                fix="use == or != for words",
            )
        return (str(fact) == wanted) == (operator == "==")
    return {
        "==": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[operator]


def _number(fact: Fact) -> Decimal | None:
    try:
        number = Decimal(fact)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _as_never(written: Any) -> Any:
    return Never(written) if isinstance(written, str) else written


NeverPredicate = Annotated[
    Never,
    BeforeValidator(_as_never, json_schema_input_type=str),
    PlainSerializer(lambda never: never.written, return_type=str),
]


def _as_cost(written: Any) -> Any:
    amount = _number(str(written)) if isinstance(written, str | int | float | Decimal) else None
    if isinstance(written, bool) or (amount is not None and amount < 0):
        raise ValueError(f"{written} is no cost; write an amount from 0 up, like 40")
    if amount is None and not (isinstance(written, str) and _NAME.fullmatch(written)):
        raise ValueError(
            f"{written!r} is no cost; write an amount like 40, or the column that holds it"
        )
    return written if amount is None else amount


Cost = Annotated[Decimal | str, BeforeValidator(_as_cost, json_schema_input_type=float | str)]


class Prices(Described):
    """What wrong decisions cost, so that a report can say it in money."""

    currency: str = Field(pattern=r"^[A-Z]{3}$")
    """Three capitals: USD, EUR. Different currencies are never added up."""
    wrong_grant: Cost
    """What a grant costs that people would have refused: an amount, or the fact that holds it in
    each case, such as an imported column ``order_value``, or ``value`` itself."""
    wrong_refusal: Cost
    """What a refusal costs that people would have granted, in the same way."""

    def of(self, facts: Mapping[str, Fact]) -> tuple[Decimal | None, Decimal | None]:
        """What a wrong grant and a wrong refusal of a case with these facts cost; None where the
        fact is missing or no amount."""
        return self._price(self.wrong_grant, facts), self._price(self.wrong_refusal, facts)

    def _price(self, cost: Decimal | str, facts: Mapping[str, Fact]) -> Decimal | None:
        if isinstance(cost, Decimal):
            return cost
        try:
            amount = Unit.named(self.currency).read(facts[cost])
        except (KeyError, DiscretionError):
            return None
        return amount if amount >= 0 else None


class Policy(Described):
    """A stated rule."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    id: Identifier
    """Short name, unique in the workspace: small letters, digits, dots and dashes."""
    rule: str = Field(min_length=1)
    """The rule as it is told to whoever must apply it."""
    purpose: str = ""
    """What the rule is for: given to the model by methods that reason about it."""
    domain: str = ""
    """The field of life it belongs to (retail, lending, hiring): a group for holding out."""
    never: tuple[NeverPredicate, ...] = ()
    """Predicates on facts. Where one holds, code refuses; no model can grant."""
    guidance: str = ""
    """Text for the model, which nothing enforces."""
    costs: Prices | None = None
    """What wrong decisions cost. Models are not told; reports count with it."""
    question: str = Field(default="", max_length=300)
    """What models are asked about each case in place of the built-in question, such as ``Was it
    OK?`` for what has been done. It is answered by yes or no, and yes must grant."""

    @classmethod
    def unwritten(cls, name: str, domain: str = "") -> Policy:
        """The policy that imported cases name and nothing describes: it has no rule."""
        return cls.model_construct(id=name, rule="", domain=domain)

    @model_serializer(mode="wrap")
    def _as_stored(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What is stored: a field that came later only where it is set, so that hashes stay."""
        stored: dict[str, Any] = plain(self)
        if not self.question:
            stored.pop("question", None)
        return stored

    def forbids(self, facts: Mapping[str, Fact]) -> str | None:
        """The predicate that forbids a case with these facts, or None."""
        for never in self.never:
            if never.holds(facts):
                return never.written
        return None


def policy_to_json(policy: Policy) -> dict[str, Any]:
    """The policy as plain JSON values. The log keeps it under the hash of these, in this order: a
    key keeps its name, and one that came after version 0.1.0 stands last, where it is set."""
    costs = policy.costs
    return {
        "id": policy.id,
        "rule": policy.rule,
        "purpose": policy.purpose,
        "domain": policy.domain,
        "never": [never.written for never in policy.never],
        "guidance": policy.guidance,
        "costs": None
        if costs is None
        else {
            "currency": costs.currency,
            "wrong_grant": str(costs.wrong_grant),
            "wrong_refusal": str(costs.wrong_refusal),
        },
    }
