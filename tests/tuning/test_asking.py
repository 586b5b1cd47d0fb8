"""Asking: what a fold's models are asked beside what was held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from discretion.core.arms import Arm, TableArm
from discretion.core.cases import Case, CaseSet
from discretion.core.plans import HeldOut, Plan
from discretion.core.policies import Policy
from discretion.core.tuning_plans import TuningPlan
from discretion.storage import Store, records
from discretion.training.training_sets import Fold
from discretion.tuning.asking import calibration_run, first_arm, taught_method
from discretion.tuning.frozen import freeze

PLAN = TuningPlan(
    model="own", targets=("labels",), hold_out=HeldOut(by="case"), beside=("precedents",)
)
POLICIES = {"p": Policy(id="p", rule="At most 14 days.", domain="")}


def asked_of(open_cases: Sequence[Case], folder: Path) -> set[str]:
    """The arms that a rehearsal on these cases asks."""

    def arms(asked: Plan, case_set: CaseSet) -> Sequence[Arm]:
        return [
            TableArm(name, "baseline", {case.id: 0.5 for case in case_set}, name)
            for name in asked.arms
        ]

    fold = Fold(0, CaseSet(tuple(open_cases), POLICIES), (), ("held",))
    with Store(folder / "log.db") as store:
        run = calibration_run(PLAN, "people", fold, (), arms, store)
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


@pytest.mark.parametrize(
    ("model", "settings", "arm"),
    [
        ("tiny", {}, "tiny/direct"),
        ("own", {"path": "folder"}, "own/plain"),
        ("toy-like", {"path": "folder", "reads_twin": True}, "toy-like/direct"),
        ("served", {"kind": "openai", "model": "m"}, "served/direct"),
        ("bot", {"kind": "http", "url": "http://127.0.0.1"}, "bot/as-is"),
    ],
)
def test_a_model_is_first_asked_as_suits_its_kind(
    model: str, settings: dict[str, object], arm: str, tmp_path: Path
) -> None:
    with Store(tmp_path / "log.db") as store:
        assert first_arm(model, {model: settings}, store) == arm


@pytest.mark.parametrize(
    ("method", "target", "asked"),
    [
        ("plain", "labels", "plain"),
        ("plain", "head", "plain"),
        ("plain", "real-before", "chain-of-thought"),
        (None, "labels", "direct"),
    ],
)
def test_a_tuned_model_is_first_asked_as_it_was_taught(
    method: str | None, target: str, asked: str, tmp_path: Path
) -> None:
    plan = PLAN.model_copy(update={"method": method, "targets": (target,)})
    with Store(tmp_path / "log.db") as store:
        freeze(store, plan, [], "2026-01-01", asked=False)
        records.note(store, "tuned", "own-0", {"target": target}, grouping=plan.hash)
        assert first_arm("tuned:own-0", {}, store) == f"tuned:own-0/{asked}"
        assert taught_method(store, "elsewhere") == "plain", "the log does not say"
