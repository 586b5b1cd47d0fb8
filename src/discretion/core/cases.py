"""Cases: single situations to be decided, made from scenarios or imported."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, overload

from discretion.canonical import digest, fraction_of, plain_decimal, short_id
from discretion.core.policies import Fact, Policy
from discretion.core.scenarios import Direction, Scenario
from discretion.core.units import Unit


@dataclass(frozen=True, slots=True)
class Case:
    """One situation to be decided."""

    id: str
    """The same on every machine: a hash of what the case is."""
    policy: str
    scenario: str
    """Its scenario's id; an imported case without one is a scenario of its own."""
    domain: str = ""
    text: str | None = None
    """What people and models are shown; None for an imported case that is only counted."""
    twin: str | None = None
    """The same case in the dialect of the built-in model."""
    value: Decimal | None = None
    limit: Decimal | None = None
    direction: Direction = "at most"
    unit: str = ""
    scale: Decimal | None = None
    factors: Mapping[str, str] = field(default_factory=dict)
    """Factor name to level."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Other columns of an imported case: for holding out and for grouping."""
    wording: int = 0
    """Which of its scenario's wordings the text is."""
    cell: str = ""
    """Cases that differ only in wording share a cell."""
    pair: str = ""
    """Cases that differ only in factors that should not matter share a pair."""
    kin: str = ""
    """Id of the case that this one nearly repeats; empty where it is alone or the first."""
    shown_columns: Mapping[str, str] = field(default_factory=dict)
    """Columns of an imported case that the user named to be shown to whoever decides it."""

    @property
    def made(self) -> bool:
        """Whether a scenario made it; an imported case is a cell of its own."""
        return self.cell not in ("", self.id)

    @property
    def deviation(self) -> float | None:
        """How far the value lies beyond the limit, in scales; positive breaks the rule."""
        if self.value is None or self.limit is None or not self.scale:
            return None
        beyond = self.value - self.limit if self.direction == "at most" else self.limit - self.value
        return float(beyond / self.scale)

    @property
    def facts(self) -> dict[str, Fact]:
        """What `never` predicates look at."""
        facts: dict[str, Fact] = {**self.columns, **self.factors}
        if self.value is not None:
            facts["value"] = self.value
        if self.limit is not None:
            facts["limit"] = self.limit
        return facts

    @property
    def shown(self) -> str:
        """Hash of the exact text shown; empty where there is none."""
        return "" if self.text is None else digest(self.text)

    @property
    def label(self) -> str:
        """A short name for people: scenario, value and factor levels."""
        parts = [self.scenario]
        if self.value is not None:
            parts.append(Unit.named(self.unit).show(self.value))
        parts += [f"{name}={level}" for name, level in self.factors.items()]
        return " · ".join(parts)

    def over(self, *, in_parts: bool = True) -> str:
        """How far the value lies beyond the limit, in words; empty where there is no limit.

        Args:
            in_parts: also say what part of the limit that is: "a quarter to a half".
        """
        if self.value is None or self.limit is None or self.deviation is None:
            return ""
        distance = Unit.named(self.unit).show_distance(abs(self.value - self.limit))
        if self.deviation <= 0:
            return "The rule is kept."
        side = "above" if self.direction == "at most" else "below"
        share = ""
        if self.limit and self.scale == abs(self.limit):
            share = f", {_percent(self.deviation)} of it"
            share += f" ({_about(self.deviation)})" if in_parts else ""
        return f"The rule is broken: the value is {distance} {side} the limit{share}."


@dataclass(frozen=True)
class CaseSet(Sequence[Case]):
    """Cases to be decided, with the policies and scenarios that they come from."""

    cases: tuple[Case, ...]
    policies: Mapping[str, Policy] = field(default_factory=dict, repr=False)
    """By id; imported cases may fall under a policy that nothing describes."""
    scenarios: Mapping[str, Scenario] = field(default_factory=dict, repr=False)
    """By id; imported cases have none here."""

    def only(self, chosen: Iterable[Case]) -> CaseSet:
        """The same case set with these cases in place of its own."""
        return CaseSet(tuple(chosen), self.policies, self.scenarios)

    def policy_of(self, case: Case) -> Policy:
        """The policy a case falls under; one that nothing describes has an id and no rule."""
        return self.policies.get(case.policy) or Policy.unwritten(case.policy, case.domain)

    @property
    def forbidden(self) -> tuple[Case, ...]:
        """The cases that break a hard limit of their policy."""
        return tuple(
            case for case in self.cases if self.policy_of(case).forbids(case.facts) is not None
        )

    @overload
    def __getitem__(self, index: int) -> Case: ...

    @overload
    def __getitem__(self, index: slice) -> CaseSet: ...

    def __getitem__(self, index: int | slice) -> Case | CaseSet:
        if isinstance(index, slice):
            return self.only(self.cases[index])
        return self.cases[index]

    def __len__(self) -> int:
        return len(self.cases)

    def __iter__(self) -> Iterator[Case]:
        return iter(self.cases)


def cases_of(scenario: Scenario, policy: Policy) -> Iterator[Case]:
    """Every case of a scenario: its grid of values times its combinations of factor levels.

    Each cell gets one of the scenario's wordings, by a hash that leaves out factors that should
    not matter, so that paired cases are worded alike.
    """
    unit = scenario.measure
    amounts: list[Decimal | None] = [unit.read(value) for value in scenario.values]
    for amount in amounts or [None]:
        for levels in scenario.combinations():
            paired = {
                name: level
                for name, level in levels.items()
                if not scenario.factors[name].should_not_matter
            }
            pair = short_id((scenario.id, amount, paired))
            wording = int(fraction_of((pair, "wording")) * len(scenario.wordings))
            slots = _slots(scenario, amount, unit)
            texts = {name: scenario.factors[name].levels[level] for name, level in levels.items()}
            text = _fill(
                scenario.wordings[wording], {**slots, **{n: t.text for n, t in texts.items()}}
            )
            twin = _fill(scenario.twin, {**slots, **{n: t.twin for n, t in texts.items()}})
            yield Case(
                id=short_id((policy.id, scenario.id, amount, scenario.limit_amount, levels, text)),
                policy=policy.id,
                scenario=scenario.id,
                domain=policy.domain,
                text=text,
                twin=twin or None,
                value=amount,
                limit=scenario.limit_amount,
                direction=scenario.direction,
                unit=scenario.unit,
                scale=scenario.scale_amount,
                factors=levels,
                wording=wording,
                cell=short_id((scenario.id, amount, levels)),
                pair=pair,
            )


def case_to_json(case: Case) -> dict[str, Any]:
    """The case as plain JSON values; `case_from_json` reads it back.

    A case's version in the log is the hash of this, so a key keeps its name whatever its field is
    called, and one that came after version 0.1.0 stands only where it is set.
    """
    row: dict[str, Any] = {
        "id": case.id,
        "policy": case.policy,
        "scenario": case.scenario,
        "domain": case.domain,
        "text": case.text,
        "twin": case.twin,
        "value": _written(case.value),
        "limit": _written(case.limit),
        "direction": case.direction,
        "unit": case.unit,
        "scale": _written(case.scale),
        "factors": case.factors,
        "columns": case.columns,
        "wording": case.wording,
        "cell": case.cell,
        "pair": case.pair,
    }
    if case.kin:
        row["kin"] = case.kin
    if case.shown_columns:
        row["shown_columns"] = case.shown_columns
    return row


def case_from_json(row: Mapping[str, Any]) -> Case:
    """The case that `case_to_json` wrote."""
    return Case(
        id=row["id"],
        policy=row["policy"],
        scenario=row["scenario"],
        domain=row["domain"],
        text=row["text"],
        twin=row["twin"],
        value=_read(row["value"]),
        limit=_read(row["limit"]),
        direction=row["direction"],
        unit=row["unit"],
        scale=_read(row["scale"]),
        factors=row["factors"],
        columns=row["columns"],
        wording=row["wording"],
        cell=row["cell"],
        pair=row["pair"],
        kin=row.get("kin", ""),
        shown_columns=row.get("shown_columns", {}),
    )


def _written(amount: Decimal | None) -> str | None:
    return None if amount is None else plain_decimal(amount)


def _read(written: str | None) -> Decimal | None:
    return None if written is None else Decimal(written)


def completed(known: Case, again: Case) -> Case:
    """A case that was imported before, with what a later import of it adds: columns, and amounts
    where it had none. Everything else stays as it was."""
    added: dict[str, Any] = {
        name: {**getattr(known, name), **getattr(again, name)}
        for name in ("factors", "columns", "shown_columns")
    }
    if known.value is None and known.limit is None:
        names = ("value", "limit", "direction", "unit", "scale")
        added |= {name: getattr(again, name) for name in names}
    elif not known.unit and (known.value, known.limit) == (again.value, again.limit):
        added["unit"] = again.unit
    return replace(known, **added)


def _slots(scenario: Scenario, amount: Decimal | None, unit: Unit) -> dict[str, str]:
    slots = {}
    if amount is not None:
        slots["value"] = unit.show(amount)
        slots["deviation"] = _twin_deviation(scenario.deviation(amount))
    if scenario.limit_amount is not None:
        slots["limit"] = unit.show(scenario.limit_amount)
    return slots


def _twin_deviation(deviation: float | None) -> str:
    """The computed sentence that the built-in model reads; it cannot compare numbers itself."""
    if deviation is None:
        return ""
    return "the rule is kept" if deviation <= 0 else f"off by {_percent(deviation, ' percent')}"


PARTS = (
    (0.05, "a twentieth or less"),
    (0.1, "a twentieth to a tenth"),
    (0.25, "a tenth to a quarter"),
    (0.5, "a quarter to a half"),
    (1.0, "a half to the whole"),
    (2.0, "one to two times"),
)
"""The size of a share in words. Small models read digits one by one, and how large the number is
that they make is what they read last (docs/experiments.md)."""


def _about(share: float) -> str:
    return next((words for most, words in PARTS if share <= most + 1e-9), "more than two times")


def _percent(share: float, sign: str = "%") -> str:
    percent = 100 * share
    return f"{percent:.1f}{sign}" if percent < 10 else f"{percent:.0f}{sign}"


def _fill(template: str, slots: Mapping[str, str]) -> str:
    """The template with its slots filled, and the gaps that empty sentences leave closed."""
    return re.sub(r" {2,}", " ", template.format(**slots)).strip()
