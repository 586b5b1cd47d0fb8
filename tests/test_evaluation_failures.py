"""Claims about what fails while cases are put to arms."""

from dataclasses import replace

import pytest

from discretion.core.arms import CallFailed, TableArm
from discretion.errors import DiscretionError
from discretion.evaluation import HOPELESS, evaluate
from discretion.runs import find_run, runs
from discretion.storage import Store
from stand_in import StandIn, arm, by_case, case_set, told

CASES = case_set(10)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "log.db") as store:
        yield store


# What fails


def test_a_failure_is_shown_never_counted_and_never_served_again(store):
    model = StandIn()
    model.enqueue(0.5, 0.5, CallFailed("the server was busy"), CallFailed("the server was busy"))
    run = evaluate(CASES, [arm(model)], store, in_flight=1)
    assert len(by_case(run)) == 9
    failures = run.failures()
    assert [(name, one.what) for name, one in failures] == [
        ("model/direct", "the server was busy")
    ] * 2
    assert len({one.case for _, one in failures}) == 1, "a case is asked as a whole"
    model.asked.clear()
    again = evaluate(CASES, [arm(model)], store)
    assert len(model.asked) == 2
    assert (len(by_case(again)), again.failures()) == (10, [])
    assert len(run.failures()) == 2, "the first run's failures stay its own"


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (RuntimeError("CUDA out of memory"), "RuntimeError: CUDA out of memory"),
        (MemoryError(), "MemoryError"),
        (KeyError("choices"), "KeyError: 'choices'"),
        (ValueError("x" * 5000), "ValueError: " + "x" * 288),
        (
            OSError("GET https://me:pass@host/v1?key=s3cret refused"),
            "OSError: GET https://…@host/v1?key=… refused",
        ),
        (
            ConnectionError("sent Authorization: Bearer s3cret"),
            "ConnectionError: sent Authorization: Bearer …",
        ),
    ],
)
def test_a_fault_inside_a_model_fails_its_calls_and_no_others(store, fault, what):
    model = StandIn(batch=4)
    model.enqueue(0.5, 0.5, 0.5, 0.5, 0.5, fault)
    run = evaluate(CASES, [arm(model)], store, in_flight=1)
    failures = [one for _, one in run.failures()]
    assert {one.what for one in failures} == {what}
    failed = {one.case for one in failures}
    assert (len(failures), len(failed)) == (4, 2)
    assert set(by_case(run)) == {one.id for one in CASES} - failed


@pytest.mark.parametrize("p", [float("nan"), 1.5, -0.1, float("inf")])
def test_an_arm_whose_probability_is_none_gave_no_decision(store, p):
    table = {"case-1": p, "case-2": 0.5}
    cautious = replace(TableArm("recorded/old", "recorded", table, "f"), batch=1)
    run = evaluate(CASES, [cautious], store)
    assert by_case(run, "recorded/old") == {"case-2": 0.5}
    assert [one.what for _, one in run.failures()] == [f"ValueError: {p} is no probability"]


class Careless(TableArm):
    """Loses an answer, or gives them in another order."""

    async def ask(self, calls):
        answers = list(await TableArm.ask(self, calls))
        return answers[1:] if self.fingerprint == "loses" else answers[::-1]


@pytest.mark.parametrize("fault", ["loses", "mixes"])
def test_answers_are_not_given_to_other_calls(store, fault):
    careless = Careless("recorded/old", "recorded", {"case-1": 0.0, "case-2": 1.0}, fault)
    run = evaluate(CASES, [careless], store)
    assert by_case(run, "recorded/old") == {}
    assert len(run.failures()) == 2


def test_an_arm_whose_first_calls_all_fail_is_given_up(store):
    model = StandIn(otherwise=lambda prompt: RuntimeError("no such model"))
    with pytest.raises(DiscretionError) as error:
        evaluate(case_set(100), [arm(model)], store, in_flight=1)
    assert told(error) == (
        f"model/direct: the first {HOPELESS} calls all failed: RuntimeError: no such model; "
        "fix the model or its settings, then run the same command again"
    )
    assert len(model.asked) == HOPELESS
    (run,) = runs(store)
    assert (run.finished, len(run.failures())) == ("", HOPELESS)
    with pytest.raises(DiscretionError, match="no run has answers yet"):
        find_run(store)


def test_an_answer_late_in_a_batch_is_kept_and_the_arm_with_it(store):
    model = StandIn(batch=64)
    model.enqueue(*[CallFailed("no")] * 30)
    run = evaluate(case_set(32), [arm(model)], store)
    assert (len(run.failures()), len(by_case(run))) == (30, 17)


def test_an_arm_that_worked_before_is_not_given_up(store):
    model = StandIn()
    evaluate(CASES, [arm(model)], store)
    model.otherwise = lambda prompt: CallFailed("down")
    run = evaluate(case_set(40), [arm(model)], store)
    assert (len(by_case(run)), len(run.failures())) == (10, 60)


def test_an_error_for_the_user_stops_the_run_promptly_and_keeps_what_was_answered(store):
    model = StandIn(seconds=0.001)
    model.enqueue(*[0.5] * 6, DiscretionError("the key is not valid", fix="set API_KEY"))
    with pytest.raises(DiscretionError, match="the key is not valid; set API_KEY"):
        evaluate(case_set(200), [arm(model)], store, in_flight=4)
    # Three others were under way; each that woke in the same turn of the loop asked once more.
    assert len(model.asked) <= 7 + 2 * 3
    assert store.count("answer") >= 6
    assert find_run(store).finished == ""
    model.asked.clear()
    evaluate(case_set(200), [arm(model)], store)
    assert len(model.asked) == 400 - store.count("used", runs(store)[0].id)
