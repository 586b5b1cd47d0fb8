"""Frozen plans: what was declared before training, and how often what it holds out was seen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from discretion.canonical import digest
from discretion.core.cases import Case
from discretion.core.plans import HeldOut
from discretion.core.tuning_plans import TuningPlan, tuning_plan_to_json
from discretion.errors import DiscretionError
from discretion.models.tuned import PREFIX
from discretion.runs import runs
from discretion.scorecard.teaching_cards import FrozenCard
from discretion.storage import Store, records

KIND = "tuning plan"
NEW = {"redraw": True, "seeds": 3}
"""What new plans do otherwise than those of versions up to 0.2.0."""


@dataclass(frozen=True, slots=True)
class Frozen:
    """A tuning plan in the log."""

    hash: str
    """As it was when it was frozen: plans may come to declare more than they did then."""
    plan: TuningPlan
    at: str
    """When it was frozen."""
    asked: bool
    """By `discretion plan freeze`, rather than by a training that found none."""
    held: str
    """Hash of the ids of the cases that it holds out."""
    position: int
    """Where it stands in the log: whatever has a higher number came later."""


def freeze(
    store: Store, plan: TuningPlan, held: Iterable[Case], at: str, *, asked: bool
) -> tuple[Frozen, bool]:
    """Write a plan into the log, once, and say whether it is new there."""
    body = {
        "plan": tuning_plan_to_json(plan),
        "held": digest(sorted(case.id for case in held)),
        "at": at,
        "asked": asked,
    }
    new = records.note(store, KIND, plan.hash, body)
    return find_frozen(store, plan.hash), new


def frozen_plans(store: Store) -> list[Frozen]:
    """Every frozen plan, oldest first."""
    return [
        Frozen(
            entry.key,
            TuningPlan.model_validate(entry.body["plan"]),
            entry.body["at"],
            entry.body["asked"],
            entry.body["held"],
            entry.seq,
        )
        for entry in store.entries(KIND)
    ]


def find_frozen(store: Store, plan_hash: str) -> Frozen:
    """The frozen plan of that hash.

    Raises:
        DiscretionError: it is not in the log.
    """
    for one in frozen_plans(store):
        if one.hash == plan_hash:
            return one
    raise DiscretionError(
        f"no frozen plan has the hash {plan_hash[:16]}", where=str(store.path), fix="freeze it"
    )


def as_known(store: Store, plan: TuningPlan) -> TuningPlan:
    """The plan as it stands, where the log holds it so; else as new plans are: three seeds, and a
    draw of its own for each, where nothing else was said."""
    same = {**plan.model_dump(), "hold_out": _unnamed(plan)}
    for one in frozen_plans(store):
        if {**one.plan.model_dump(), "hold_out": _unnamed(one.plan)} == same:
            return plan
    new = {name: value for name, value in NEW.items() if name not in plan.model_fields_set}
    return plan.model_copy(update=new)


def _unnamed(plan: TuningPlan) -> HeldOut:
    """What a plan holds out, without the moment or the people that were named when it began."""
    held = plan.hold_out
    return held.model_copy(update={"groups": ()}) if held.of_judgments else held


def declared(store: Store) -> Frozen | None:
    """The newest plan that a person froze; None where nobody has frozen any."""
    return next((one for one in reversed(frozen_plans(store)) if one.asked), None)


def looks(store: Store, held: Iterable[Case], *, before: int | None = None) -> int:
    """How many experiments and evaluations asked a tuned model about any of these cases.

    The same plan on the same models counts once, however often it is run again.

    Args:
        before: count only those whose run stands in the log before this position.
    """
    ids = {case.id for case in held}
    position = {entry.key: entry.seq for entry in store.entries("run")}
    seen = {
        (run.plan.hash, run.arms)
        for run in runs(store)
        if not run.plan.rehearsal
        and (before is None or position[run.id] < before)
        and any(name.startswith(PREFIX) for name, _ in run.arms)
        and ids.intersection(run.case_ids)
    }
    return len(seen)


def standing(store: Store, frozen: Frozen, held: Iterable[Case]) -> FrozenCard:
    """What was declared, and how far what was done under a plan keeps to it.

    A plan that a training took down is held against the one that a person had frozen before it.

    Args:
        held: the cases that it holds out.
    """
    by_hand = next(
        (
            one
            for one in reversed(frozen_plans(store))
            if one.asked and one.position <= frozen.position
        ),
        None,
    )
    departures: tuple[str, ...] = ()
    why = []
    before = looks(store, held, before=frozen.position)
    if before:
        why.append("the held-out cases had been looked at before the plan was frozen")
    if by_hand is not None and not frozen.asked:
        departures = frozen.plan.departures(by_hand.plan)
        why.append(f"it departs from the plan that was frozen on {by_hand.at[:10]}")
    return FrozenCard(
        plan=frozen.hash,
        frozen=frozen.at,
        looks=before,
        exploratory=bool(why),
        why="; ".join(why),
        departures=departures,
    )
