"""Logs of Inspect AI: which case a sample is about, and what it decides."""

import json

import pytest

from discretion.core.cases import Case
from discretion.errors import DiscretionError
from discretion.importing.inspect_logs import read_log

CASES = [
    Case(id="late", policy="returns", scenario="s", text="A coat on day 15."),
    Case(id="later", policy="returns", scenario="s", text="A coat on day 60."),
    Case(id="counted", policy="returns", scenario="s"),
]


def sample(said="", answer=None, **more):
    message = {"role": "assistant", "content": said}
    scores = {} if answer is None else {"any": {"value": 1, "answer": answer}}
    made = {
        "id": "late",
        "epoch": 1,
        "input": "?",
        "metadata": {},
        "output": {"choices": [{"message": message}]},
        "scores": scores,
    }
    return {**made, **more}


def read(tmp_path, *samples, **more):
    path = tmp_path / "log.json"
    log = {"version": 2, "eval": {"eval_id": "e1", "model": "openai/gpt", "task": "t"}}
    path.write_text(json.dumps({**log, "samples": list(samples)}), encoding="utf-8")
    return read_log(path, CASES, **more)


@pytest.mark.parametrize(
    ("about", "case"),
    [
        ({"id": 7, "metadata": {"case": "later"}}, "later"),
        ({"id": "late", "metadata": {"case": "later"}}, "later"),
        ({"id": "counted"}, "counted"),
        ({"id": 7, "input": "A coat on day 60."}, "later"),
    ],
)
def test_a_sample_is_about_the_case_it_names_or_shows(tmp_path, about, case):
    (one,) = read(tmp_path, sample("Grant.", **about)).recorded
    assert (one.case, one.p, one.n) == (case, 1.0, 1)


def test_samples_about_other_things_are_counted(tmp_path):
    log = read(tmp_path, sample("Refuse."), sample("Grant.", id=7), sample("Grant.", id=8))
    assert (len(log.recorded), log.unknown) == (1, 2)


@pytest.mark.parametrize(
    ("one", "p"),
    [
        (sample("Grant."), 1.0),
        (sample("It is a day late.\nDecision: refuse"), 0.0),
        (sample("anything", answer="Approved"), 1.0),
        (sample("Grant.", answer="refuse"), 0.0),
        (sample("Yes.", metadata={"grant": ["no"], "refuse": ["yes"]}), 0.0),
        (sample([{"type": "reasoning", "reasoning": "Hm."}, {"type": "text", "text": "no"}]), 0.0),
    ],
)
def test_a_decision_is_a_score_s_answer_or_the_last_message(tmp_path, one, p):
    assert [recorded.p for recorded in read(tmp_path, one).recorded] == [p]


@pytest.mark.parametrize(
    "one",
    [
        sample("I would not grant this."),
        sample("Grant or refuse?"),
        sample("Grant.", error={"message": "timeout"}),
        sample("Grant.", answer="unsure"),
        sample(""),
        {"id": "late"},
    ],
)
def test_what_is_not_stated_plainly_decides_nothing(tmp_path, one):
    log = read(tmp_path, one)
    assert (log.recorded, log.undecided) == ((), 1)


def test_each_epoch_is_a_decision_of_its_own_and_keeps_its_name(tmp_path):
    epochs = [sample("Grant.", epoch=epoch) for epoch in (1, 2, 3)]
    first = read(tmp_path, *epochs, sample("Refuse.", epoch=4))
    assert [one.p for one in first.recorded] == [1.0, 1.0, 1.0, 0.0]
    assert len({one.id for one in first.recorded}) == 4
    assert read(tmp_path, *epochs).recorded == first.recorded[:3]


def test_decisions_stand_under_the_model_s_name_or_another(tmp_path):
    assert read(tmp_path, sample("Grant.")).arm == "openai/gpt"
    named = read(tmp_path, sample("Grant."), arm="bot")
    assert (named.arm, named.recorded[0].arm) == ("bot", "bot")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"samples": []}', '{"eval": 3}', "\udcff"])
def test_another_file_is_no_log(tmp_path, text):
    path = tmp_path / "log.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(DiscretionError) as mistake:
        read_log(path, CASES)
    assert str(mistake.value) == (
        f"{path}: is no log of Inspect AI; give a .eval or .json that it wrote"
    )


def test_a_log_about_other_cases_says_how_to_name_them(tmp_path):
    with pytest.raises(DiscretionError) as mistake:
        read(tmp_path, sample("Grant.", id=7))
    assert "none of its 1 samples is about a case of this workspace" in str(mistake.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DiscretionError) as mistake:
        read_log(tmp_path / "gone.json", CASES)
    assert str(mistake.value).startswith(f"{tmp_path / 'gone.json'}: cannot be read")
