"""Which run the gate judges: the last one that asked the same of the same."""

from dataclasses import replace

import pytest

from discretion.core.arms import CallFailed
from discretion.core.cases import CaseSet
from discretion.core.policies import Policy
from discretion.evaluation import evaluate
from discretion.gates import current_run
from discretion.storage import Store
from stand_in import StandIn, arm, case

POLICY = Policy(id="returns", rule="Within 14 days.")
CASES = CaseSet(tuple(case(number) for number in range(1, 6)), {"returns": POLICY})


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "log.db") as opened:
        yield opened


def test_a_run_is_current_while_arm_and_cases_are_what_they_were(store):
    asked = arm(StandIn())
    run = evaluate(CASES, [asked], store)
    assert current_run(store, asked, CASES).id == run.id
    evaluate(CASES.only(CASES[:2]), [asked], store)
    assert current_run(store, asked, CASES).id == run.id


@pytest.mark.parametrize(
    "changed",
    [
        lambda: (arm(StandIn(fingerprint="new weights")), CASES),
        lambda: (arm(StandIn(), "purpose"), CASES),
        lambda: (arm(StandIn()), CASES.only(CASES[:4])),
        lambda: (arm(StandIn()), CASES.only([replace(CASES[0], text="Other."), *CASES[1:]])),
        lambda: (arm(StandIn()), CaseSet(CASES.cases, {"returns": Policy(id="returns", rule="x")})),
    ],
)
def test_whatever_changed_is_asked_again(store, changed):
    evaluate(CASES, [arm(StandIn())], store)
    asked, cases = changed()
    assert current_run(store, asked, cases) is None


def test_a_run_with_failures_is_asked_again(store):
    model = StandIn()
    model.enqueue(CallFailed("it broke"))
    asked = arm(model)
    evaluate(CASES, [asked], store)
    assert current_run(store, asked, CASES) is None
    run = evaluate(CASES, [asked], store)
    assert current_run(store, asked, CASES).id == run.id
