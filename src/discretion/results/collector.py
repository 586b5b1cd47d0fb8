"""The listener: what is kept of a run's answers as they go by, for sections that need single cases
or texts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from discretion import methods
from discretion.core.answers import Estimate, combine
from discretion.core.cases import CaseSet
from discretion.core.gate_cases import GateCase
from discretion.models.tuned import PREFIX
from discretion.runs import Run
from discretion.scorecard.changes_from_base import BreakageCard, TunedBesideBase, breakage_card
from discretion.scorecard.explanation_faithfulness import ReasonCard, Stated, reason_cards, stated
from discretion.scorecard.factor_mentions import namers
from discretion.scorecard.reads_case import AskedNotes
from discretion.scorecard.study import Study

Notes = Mapping[str, Any]
"""What a tuned folder says of itself."""


@dataclass(frozen=True, slots=True)
class TunedGroup:
    """Arms of one run that were tuned alike, and the arm of their base."""

    name: str
    base: str
    seeds: tuple[tuple[str, ...], ...]
    """The arms of each seed, one for each fold."""


def tunings(arms: Sequence[str], notes: Mapping[str, Notes]) -> tuple[TunedGroup, ...]:
    """The tuned arms of which the base was asked in the same way; what differs in nothing but seed
    and fold stands together. With a reasoning put in nobody is deployed, so nothing breaks.

    Args:
        notes: of tuned models, by name without prefix.
    """
    alike: dict[tuple[str, ...], dict[int, list[str]]] = {}
    for arm in arms:
        model, _, method = arm.partition("/")
        note = notes.get(model.removeprefix(PREFIX)) if model.startswith(PREFIX) else None
        base = f"{note['base']['model']}/{method}" if note else ""
        if note and base in arms and methods.method_put_into(method) == method:
            key = (base, method, str(note["target"]), str(note.get("recipe")))
            alike.setdefault(key, {}).setdefault(int(note["seed"]), []).append(arm)
    found = []
    for (base, method, target, _), seeds in alike.items():
        names = [arm for seed in seeds.values() for arm in seed]
        shown = f"{PREFIX}{base.partition('/')[0]}-{target}/{method}"
        name = names[0] if len(names) == 1 else shown
        found.append(TunedGroup(name, base, tuple(map(tuple, seeds.values()))))
    return tuple(found)


@dataclass
class Listener:
    """Notes single cases and explanations while a run's answers go by, once."""

    run: Run
    case_set: CaseSet
    together: Mapping[str, str]
    """Arms that stand as one, under which name."""
    notes: Mapping[str, Notes]
    reading: AskedNotes
    """What is noted of how they were asked."""
    deferrals: Counter[str] = field(default_factory=Counter)
    """How often each arm handed a case to a person, of the answers that went by."""
    _p: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    _stated: dict[str, dict[str, list[Stated]]] = field(default_factory=lambda: defaultdict(dict))

    def estimates(self) -> Iterator[tuple[str, Estimate]]:
        """(arm, estimate), one case at a time; arms by the name under which they stand."""
        arms = [name for name, _ in self.run.arms]
        paired = {
            arm
            for one in tunings(arms, self.notes)
            for arm in (one.base, *(arm for seed in one.seeds for arm in seed))
        }
        ways = {arm: arm.partition("/")[2] for arm in arms}
        reasoned = {arm for arm, way in ways.items() if methods.reasons_first(way)}
        cases = {case.id: case for case in self.case_set}
        names = {name: namers(one) for name, one in self.case_set.scenarios.items()}
        for arm, case, replies in self.run.replies(texts=bool(reasoned)):
            answers = [one for one in replies if not one.deferred]
            if len(answers) < len(replies):
                self.deferrals[arm] += len(replies) - len(answers)
            if not answers:
                continue
            estimate, shown = combine(case, answers), self.together.get(arm, arm)
            if arm in paired:
                self._p[arm][case] = estimate.p
            if arm in reasoned and case in cases:
                decided = cases[case]
                known = names.get(decided.scenario, {})
                self._stated[shown][case] = stated(answers, decided.factors, known)
            self.reading.note(shown, case, answers)
            self.reading.note_head(arm, case, estimate.p)
            yield shown, estimate

    def breakage(self, study: Study, expectations: Sequence[GateCase]) -> BreakageCard | None:
        """What tuning broke; None where no base was asked beside what was tuned from it."""
        judged = {case.id for case in study.cases}
        tried = [
            TunedBesideBase(
                one.name,
                one.base,
                self._p[one.base],
                [{c: p for arm in seed for c, p in self._p[arm].items()} for seed in one.seeds],
            )
            for one in tunings([name for name, _ in self.run.arms], self.notes)
        ]
        if not tried:
            return None
        return breakage_card(
            study,
            tried,
            self.case_set.policies,
            unjudged=[case for case in self.case_set if case.id not in judged],
            expectations=expectations,
        )

    def reasons(self, study: Study) -> tuple[ReasonCard, ...]:
        """Whether arms go by what they say."""
        return reason_cards(study, self.case_set.scenarios, self._stated)
