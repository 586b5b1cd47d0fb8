"""Scenarios: families of cases that step past one policy by graded amounts."""

from __future__ import annotations

import string
from decimal import Decimal
from itertools import product
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from discretion.core.policies import Described, Identifier
from discretion.core.units import Unit
from discretion.errors import DiscretionError, MisplacedError

Direction = Literal["at most", "at least"]
Amount = Annotated[str, BeforeValidator(lambda a: str(a) if isinstance(a, int | Decimal) else a)]
"""As written: ``10.01``, ``12:05``, ``2026-03-31``, ``20``; the scenario's unit reads it."""

BUILT_IN_SLOTS = ("value", "limit")
TWIN_SLOTS = (*BUILT_IN_SLOTS, "deviation")


class Level(Described):
    """One level of a factor: the sentence it puts into the text."""

    text: str = ""
    """Put into the wording's slot; may be empty where the level is the absence of something."""
    twin: str = ""
    """The same in the dialect of the built-in model."""


def _levels(written: Any) -> Any:
    if not isinstance(written, dict):
        return written
    return {
        str(name): {"text": level} if isinstance(level, str) else (level or {})
        for name, level in written.items()
    }


class Factor(Described):
    """Something besides the value that may, or should not, move a decision."""

    levels: Annotated[dict[str, Level], BeforeValidator(_levels)] = Field(min_length=2)
    """Level name to its sentence; the first level is the reference."""
    should_not_matter: bool = False
    """People may not decide differently for it: tested for equivalence on paired cases."""
    within: Decimal = Field(default=Decimal("0.05"), gt=0, lt=1)
    """How far the grant rates of paired cases may differ and still count as equal."""


class Scenario(Described):
    """A family of cases under one policy: wordings, a limit, a grid of values, factors."""

    id: Identifier
    """Short name, unique in the workspace."""
    policy: Identifier
    """The policy whose rule is stepped past."""
    title: str = ""
    """A name for headings and charts."""
    limit: Amount | None = None
    """Where the rule draws the line; none for a rule without one."""
    direction: Direction = "at most"
    """Whether the rule sets a ceiling or a floor."""
    unit: str = ""
    """``USD`` (any currency code), ``%``, ``clock`` (time of day), ``date``, or the plural of what
    is counted: ``days``, ``points``."""
    scale: Decimal | None = Field(default=None, gt=0)
    """Deviation 1 in the unit's measure (minutes for a clock, days for a date); by default the
    size of the limit. Must be given where the limit is 0, a date or a time of day."""
    values: tuple[Amount, ...] = ()
    """The grid of values; at least one beyond the limit."""
    wordings: tuple[str, ...] = Field(min_length=1)
    """Texts of the situation with slots: ``{value}``, ``{limit}`` and one for each factor. Where a
    wording has no ``{value}``, it is shown as a checked fact."""
    factors: dict[str, Factor] = Field(default_factory=dict)
    """Factors by name; every wording has a slot for each."""
    crossing: Literal["full", "one at a time"] = "full"
    """Every combination of levels, or each level beside the first level of the other factors."""
    twin: str = ""
    """The case in the dialect of the built-in model, with the same slots and ``{deviation}``."""

    @property
    def measure(self) -> Unit:
        return Unit.named(self.unit)

    @property
    def limit_amount(self) -> Decimal | None:
        return None if self.limit is None else self.measure.read(self.limit)

    @property
    def scale_amount(self) -> Decimal | None:
        """What a deviation of 1 is worth, in the unit's measure; None without a limit."""
        limit = self.limit_amount
        return None if limit is None else self.scale or abs(limit)

    def combinations(self) -> list[dict[str, str]]:
        """The combinations of factor levels that are tried, each factor to its level."""
        names = list(self.factors)
        if self.crossing == "full":
            levels = [list(self.factors[name].levels) for name in names]
            return [dict(zip(names, combination, strict=True)) for combination in product(*levels)]
        first = {name: next(iter(self.factors[name].levels)) for name in names}
        others = [
            {**first, name: level}
            for name in names
            for level in list(self.factors[name].levels)[1:]
        ]
        return [first, *others]

    def deviation(self, value: Decimal) -> float | None:
        """How far a value lies beyond the limit, in scales; positive breaks the rule."""
        limit, scale = self.limit_amount, self.scale_amount
        if limit is None or not scale:
            return None
        beyond = value - limit if self.direction == "at most" else limit - value
        return float(beyond / scale)

    @model_validator(mode="after")
    def _complete(self) -> Scenario:
        for index, text in enumerate(self.wordings):
            # A wording without the value is shown it among the facts; the toy language has none.
            self._check_slots(text, "a wording", BUILT_IN_SLOTS, ("wordings", index))
        if self.twin:
            slots = self._check_slots(self.twin, "the twin", TWIN_SLOTS, ("twin",))
            if self.limit is not None and not slots & {"value", "deviation"}:
                raise MisplacedError(
                    f"the twin does not show the {{value}}: {self.twin[:60]!r}", "twin"
                )
        if self.limit is None:
            if self.values:
                raise MisplacedError(
                    "there are values but no limit; add limit, or remove values", "values"
                )
            return self
        if not self.values:
            raise MisplacedError("there is a limit but no grid of values; add values", "limit")
        self._check_grid()
        return self

    def _check_grid(self) -> None:
        self._read(self.limit or "", "limit")
        amounts = [self._read(value, "values", at) for at, value in enumerate(self.values)]
        for index, amount in enumerate(amounts):
            if amount in amounts[:index]:
                raise MisplacedError(
                    "a value stands twice in the grid; remove one", "values", index
                )
        if self.scale is None and (self.measure.kind in ("clock", "date") or not self.limit_amount):
            raise MisplacedError(
                "scale is missing: a limit of 0, a date or a time of day does not say what a large "
                "deviation is; add scale, in minutes for a clock and in days for a date",
                "limit",
            )
        if not any((self.deviation(amount) or 0.0) > 0 for amount in amounts):
            side = "above" if self.direction == "at most" else "below"
            raise MisplacedError(
                f"no value crosses the limit {self.limit}; add values {side} it", "values"
            )

    def _read(self, written: str, *place: str | int) -> Decimal:
        try:
            return self.measure.read(written)
        except DiscretionError as error:
            raise MisplacedError(str(error), *place) from error

    def _check_slots(
        self, text: str, what: str, built_in: tuple[str, ...], place: tuple[str | int, ...]
    ) -> set[str]:
        try:
            slots = {slot for _, slot, _, _ in string.Formatter().parse(text) if slot is not None}
        except ValueError as error:
            raise MisplacedError(
                f"{what} has an unbalanced brace: {text[:60]!r}", *place
            ) from error
        for slot in sorted(slots - set(self.factors) - set(built_in)):
            raise MisplacedError(
                f"{what} has a slot {{{slot}}} without a factor of that name; add the factor or "
                f"write {{{{{slot}}}}} for literal braces",
                *place,
            )
        for name in self.factors:
            if name not in slots:
                raise MisplacedError(
                    f"{what} has no slot {{{name}}} for that factor: {text[:60]!r}", *place
                )
        return slots


def scenario_to_json(scenario: Scenario) -> dict[str, Any]:
    """The scenario as plain JSON values. The log keeps it under the hash of these, in this order: a
    key keeps its name, and one that came after version 0.1.0 stands last, where it is set."""
    return {
        "id": scenario.id,
        "policy": scenario.policy,
        "title": scenario.title,
        "limit": scenario.limit,
        "direction": scenario.direction,
        "unit": scenario.unit,
        "scale": None if scenario.scale is None else str(scenario.scale),
        "values": list(scenario.values),
        "wordings": list(scenario.wordings),
        "factors": {name: _factor_to_json(factor) for name, factor in scenario.factors.items()},
        "crossing": scenario.crossing,
        "twin": scenario.twin,
    }


def _factor_to_json(factor: Factor) -> dict[str, Any]:
    return {
        "levels": {
            name: {"text": level.text, "twin": level.twin} for name, level in factor.levels.items()
        },
        "should_not_matter": factor.should_not_matter,
        "within": str(factor.within),
    }
