"""Asking: what a fold's models are asked beside what was held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from discretion.arms import Arm, TableArm
from discretion.cases import Case, Docket
from discretion.experiments.asking import rehearse
from discretion.plans import HeldOut, Plan
from discretion.policies import Policy
from discretion.storage import Store
from discretion.tuning.courses import Fold
from discretion.tuning_plans import TuningPlan

PLAN = TuningPlan(
    model="own", targets=("labels",), hold_out=HeldOut(by="case"), beside=("precedents",)
)
POLICIES = {"p": Policy(id="p", rule="At most 14 days.", domain="")}


def asked_of(open_cases: Sequence[Case], folder: Path) -> set[str]:
    """The arms that a rehearsal on these cases asks."""

    def arms(asked: Plan, docket: Docket) -> Sequence[Arm]:
        return [
            TableArm(name, "baseline", {case.id: 0.5 for case in docket}, name)
            for name in asked.arms
        ]

    fold = Fold(0, Docket(tuple(open_cases), POLICIES), (), ("held",))
    with Store(folder / "log.db") as store:
        run = rehearse(PLAN, "people", fold, (), arms, store)
        return {name for name, _ in run.arms}


@pytest.mark.parametrize("alike", [True, False])
def test_what_learns_from_other_cases_is_rehearsed_where_there_are_some(
    alike: bool, tmp_path: Path
) -> None:
    first = Case("first", policy="p", scenario="", text="It came on day 15.")
    second = replace(first, id="second", kin="first" if alike else "")
    asked = asked_of([first, second], tmp_path)
    assert "own/direct" in asked
    assert ("own/precedents" in asked, "baseline/logistic" in asked) == (not alike, not alike)
