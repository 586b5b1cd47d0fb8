"""Policies: a stated rule, what it is for, and what is never allowed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from discretion.errors import DiscretionError

ID = r"^[a-z0-9][a-z0-9._-]*$"

Fact = str | Decimal
Identifier = Annotated[str, Field(pattern=ID, max_length=80)]

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
                mend="use == or != for words",
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

    def forbids(self, facts: Mapping[str, Fact]) -> str | None:
        """The predicate that forbids a case with these facts, or None."""
        for never in self.never:
            if never.holds(facts):
                return never.written
        return None
