"""Sizes: how large a study is, as plain numbers, and how large the one of a plan would be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from discretion.core.cases import Case
from discretion.core.holdouts import group_of
from discretion.core.judgments import Judgment, Panel
from discretion.core.tuning_plans import TuningPlan
from discretion.errors import DiscretionError
from discretion.toy.judges import PANELS
from discretion.toy.teaching_studies import MOST_CASES
from discretion.training.training_sets import Fold

MOST_JUDGMENTS = 300
"""A plan that teaches more is simulated with so many: more take too long unless asked for."""
FOLDS = 5
"""Trainings over which held-out domains are spread, unless a plan says otherwise."""
PEOPLE = min(judges.raters for judges in PANELS.values())
"""In a simulated panel."""


@dataclass(frozen=True, slots=True)
class StudySize:
    """How large a study is."""

    judgments: int = 300
    """Taught in each training."""
    domains: int = 12
    """Held out, each once: the units over which contrasts are judged."""
    seeds: int = 3
    folds: int = FOLDS
    """Trainings over which the held-out domains are spread."""
    others: int = 0
    """Domains that are only taught; needed where all held-out ones are held out together."""
    cases: int = 25
    """In each domain."""
    raters: int = 10
    """People who judge each case."""

    def __post_init__(self) -> None:
        for name in ("judgments", "domains", "seeds", "folds", "cases", "raters"):
            if getattr(self, name) < 1:
                raise DiscretionError(f"a study needs 1 or more {name}")
        if self.folds > self.domains:
            raise DiscretionError(
                f"{_domains(self.domains)} cannot be held out in {self.folds} folds",
                fix="take as many folds or fewer",
            )
        if self.cases > MOST_CASES or self.raters > PEOPLE:
            raise DiscretionError(
                f"at most {MOST_CASES} cases a domain, of {PEOPLE} people each, can be simulated"
            )
        if self.taught < 2:
            raise DiscretionError(
                f"a training would see {_domains(self.taught)}, and controls need 2",
                fix="take more domains, or some that are only taught",
            )
        if self.judgments > self.there:
            raise DiscretionError(
                f"{self.taught} domains of {self.cases} cases with {self.raters} people each hold "
                f"{self.there:,} judgments, fewer than the {self.judgments:,} to be taught",
                fix="take more domains, cases or people, or fewer judgments",
            )

    @property
    def taught(self) -> int:
        """Domains in the training that sees the fewest."""
        return self.domains - -(-self.domains // self.folds) + self.others

    @property
    def there(self) -> int:
        """Judgments in those domains."""
        return self.taught * self.cases * self.raters


def size_of(
    plan: TuningPlan,
    parts: Sequence[Fold],
    panel: Panel,
    judgments: Iterable[Judgment],
    named: Mapping[str, int],
) -> StudySize:
    """The size of the study that a plan declares, no larger than can be simulated in reason.

    Args:
        parts: the folds that the plan trains on.
        panel: the people it learns from.
        judgments: the panel's; those that can be taught are counted.
        named: sizes that are to be others than the plan's.

    Raises:
        DiscretionError: nobody judged what is held out, or too little is left to teach.
    """
    judged = dict(zip(panel.cases, panel.n.tolist(), strict=True))
    held = [case for part in parts for case in part.held if case.id in judged]
    if not held:
        raise DiscretionError(
            f"the panel {panel.name!r} judged none of the cases that are held out",
            fix="name the sizes: --domains, --judgments, --cases, --raters",
        )
    domains = _groups(held, plan)
    others = set() if len(parts) > 1 else _groups(parts[0].open, plan) - domains
    explained = [one.case for one in judgments if one.answer != "unsure" and one.explanation]
    opened = [{case.id for case in part.open} for part in parts]
    taught = min(sum(case in some for case in explained) for some in opened)
    cases = min(max(1, round(len(held) / len(domains))), MOST_CASES)
    known = [n for case in held if (n := judged[case.id]) >= 1]
    raters = min(round(float(np.median(known))) if known else 1, PEOPLE)
    found = {
        "domains": len(domains),
        "seeds": int(plan.seeds),
        "folds": len(parts),
        "others": len(others),
        "cases": cases,
        "raters": raters,
    } | dict(named)
    found["folds"] = _folds(named, found["domains"], len(parts))
    most = min(taught, MOST_JUDGMENTS, int(plan.judgments or taught))
    if "judgments" not in found:
        found["judgments"] = min(most, StudySize(**found, judgments=1).there)
    return StudySize(**found)


def ordinary(named: Mapping[str, int]) -> StudySize:
    """A study of which nothing is known but the sizes that are named."""
    return StudySize(
        **{**named, "folds": _folds(named, named.get("domains", StudySize().domains), FOLDS)}
    )


def _folds(named: Mapping[str, int], domains: int, usual: int) -> int:
    """As named; else one where other domains are only taught, and never more than domains."""
    if "others" in named:
        usual = 1 if named["others"] else FOLDS
    return named.get("folds", min(usual, domains))


def _domains(number: int) -> str:
    return "1 domain" if number == 1 else f"{number} domains"


def _groups(cases: Iterable[Case], plan: TuningPlan) -> set[str]:
    return {group_of(case, plan.hold_out.by) for case in cases}
