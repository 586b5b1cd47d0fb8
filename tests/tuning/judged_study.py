"""A study small enough to see through: whose every case and judgment can be marked."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from discretion.core.cases import Case, CaseSet
from discretion.core.judgments import Judgment
from discretion.core.policies import Policy
from discretion.storage import Store, records
from discretion.tuning.asking import ArmsOf
from discretion.workspace.lineup import Lineup

WHYS = (
    "The parcel came late and it is only one single day.",
    "They are loyal and the gap here is small.",
    "The rule is there for a reason and this is far.",
    "Nothing speaks for it and the gap is very large.",
)
KINDS = ("case", "scenario", "policy", "domain", "region", "time", "rater")
RATERS = tuple(f"rater-{number}" for number in range(6))
TEXT, WHY = "zebra", "walrus"
"""Words that stand nowhere unless a test puts them into a text or an explanation."""


def case_set() -> CaseSet:
    """Four cases in each of six scenarios, which are of three policies and of three domains."""
    policies = {
        f"p{number}": Policy(id=f"p{number}", rule=f"Rule {number}: at most 14 days.", domain="")
        for number in range(3)
    }
    cases = [
        Case(
            f"case-{number:02d}",
            policy=f"p{scenario % 3}",
            scenario=f"s{scenario}",
            domain=f"d{scenario // 2}",
            text=f"A customer of kind {number} asks on some later day.",
            columns={"region": ("north", "south", "east")[number % 3]},
        )
        for scenario in range(6)
        for number in range(4 * scenario, 4 * scenario + 4)
    ]
    return CaseSet(tuple(cases), policies)


def judgments(cases: CaseSet) -> list[Judgment]:
    """Everybody judges every case; half grant. A case is judged on its own day, but by the last
    rater a month later."""
    return [
        Judgment(
            f"{case.id}/{rater}",
            case.id,
            "people",
            "grant" if (place + rater) % 2 else "refuse",
            RATERS[rater],
            WHYS[(place + rater) % 2 * 2 + (place // 2 + rater) % 2],
            time=f"2026-0{3 if rater == 5 else 1}-{place + 1:02d}",
        )
        for place, case in enumerate(cases)
        for rater in range(6)
    ]


def marked(cases: CaseSet, held: Collection[str]) -> CaseSet:
    """The cases, a word in the texts of those that are held out."""
    return cases.only(
        replace(case, text=f"{case.text} {TEXT}") if case.id in held else case for case in cases
    )


def turned(given: list[Judgment], held: Callable[[Judgment], bool]) -> list[Judgment]:
    """The judgments, those held out with a word in the explanation and the other decision."""
    other = {"grant": "refuse", "refuse": "grant"}
    return [
        replace(one, explanation=f"{one.explanation} {WHY}", answer=other[one.answer])
        if held(one)
        else one
        for one in given
    ]


@dataclass
class Copyist:
    """A trainer that notes its jobs, and gives back the base as it is."""

    jobs: list[Any] = field(default_factory=list)
    name: str = "copyist"

    def train(self, job: Any, work: Path, watch: Any) -> Path:
        self.jobs.append(job)
        return Path(shutil.copytree(job.base.path, work / "result", dirs_exist_ok=True))


def arms_of(store: Store, folder: Path) -> ArmsOf:
    """Makes arms as a workspace with one model, ``own``, does."""

    def arms(plan: Any, cases: CaseSet) -> Any:
        lineup = Lineup(
            folder=folder,
            models={"own": {}},
            case_set=cases,
            plan=plan,
            panel=lambda name: records.panel(store, name),
            store=store,
        )
        return [lineup.arm(name) for name in plan.arms]

    return arms
