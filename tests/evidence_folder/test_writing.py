"""Writing evidence: complete or not at all, and nothing in it that was not asked for."""

import json
from dataclasses import replace

import pytest

from discretion import reports
from discretion.core.arms import CallFailed
from discretion.errors import DiscretionError
from discretion.evaluation import evaluate
from discretion.evidence_folder import Shown, run_of, verify_evidence, write_evidence
from discretion.evidence_folder import writing as writing_module
from discretion.results import build
from discretion.tuning.measured import keep_results
from evidence_folder import experiment_at_hand as at_hand
from stand_in import StandIn, arm

MADE = "2026-01-03T00:00:00+00:00"


@pytest.fixture
def run(tmp_path):
    found = at_hand.make(tmp_path)
    yield found
    found.store.close()


def write(run, into, **more):
    return write_evidence(run, into, made=MADE, models=into.parent / "models", **more)


def texts(folder):
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def rows(folder, name):
    return [json.loads(line) for line in (folder / name).read_text("utf-8").splitlines()]


def test_the_tables_are_those_of_the_report(run, tmp_path):
    verdict = write(run, tmp_path / "proof", shown=Shown(prompts=True))
    assert verdict.problems == ()
    stated = json.loads((tmp_path / "proof" / "tables.json").read_text("utf-8"))
    assert stated == json.loads(json.dumps(reports.to_json(build(run))))
    assert stated["teaching"]["rows"], "what was learned is among them, with its recalibration"
    assert any(
        row["reading"] == "after a" and row["gap"]["value"] is not None
        for row in stated["teaching"]["rows"]
    )


def test_nobody_is_named_and_nothing_is_quoted_unless_asked(run, tmp_path):
    write(run, tmp_path / "proof", model="tiny-labels-0")
    everything = "".join(texts(tmp_path / "proof").values())
    for private in (*at_hand.NAMES, "Because, says", "555-0100", "north", "They were ill"):
        assert private not in everything.replace(
            "".join(line for line in texts(tmp_path / "proof")["policies.jsonl"]), ""
        ), private
    raters = {row["personal"]["rater"] for row in rows(tmp_path / "proof", "judgments.jsonl")}
    assert raters == {f"person {place + 1}" for place in range(10)}


def test_what_is_asked_for_is_there_whole_and_checked(run, tmp_path):
    shown = Shown(cases=True, explanations=True, prompts=True)
    verdict = write(run, tmp_path / "proof", shown=shown)
    cases = rows(tmp_path / "proof", "cases.jsonl")
    assert cases and all(row["personal"]["text"] and row["salt"] for row in cases)
    answers = [row for row in rows(tmp_path / "proof", "answers.jsonl") if row["kind"] == "answer"]
    assert verdict.personal == {
        "in part": len(at_hand.CASES) * 10,
        "whole": len(cases) + len(answers),
    }
    judgment = rows(tmp_path / "proof", "judgments.jsonl")[0]
    assert judgment["personal"]["explanation"] == "Because, says Ann Archer."
    assert "salt" not in judgment, "its rater is not the one that it commits to"


def test_columns_by_which_people_are_chosen_are_shown_and_no_others(run, tmp_path):
    write(run, tmp_path / "proof", panel="staff[tenure=lead]")
    judgment = rows(tmp_path / "proof", "judgments.jsonl")[0]
    assert judgment["personal"]["columns"] == {"tenure": "lead"}
    stated = json.loads((tmp_path / "proof" / "tables.json").read_text("utf-8"))
    assert stated["people"]["raters"] == 4


def test_raters_whom_the_panel_names_keep_their_names(run, tmp_path):
    write(run, tmp_path / "proof", panel="staff[rater!=Hal]")
    raters = {row["personal"]["rater"] for row in rows(tmp_path / "proof", "judgments.jsonl")}
    assert "Hal" in raters and "Gus" not in raters


def test_other_panels_and_other_runs_answers_stay_at_home(run, tmp_path):
    at_hand.judge(run.store, panel="others")
    verdict = write(run, tmp_path / "proof", panel="staff")
    others = [
        row
        for row in rows(tmp_path / "proof", "judgments.jsonl")
        if row["body"]["panel"] == "others"
    ]
    assert [(row["seq"], row["personal"]) for row in others] == [
        (verdict.manifest.entries, None)
    ], "the last row of the log is there, since its hash is the head, and shows nobody"
    assert verdict.rows < verdict.manifest.entries
    assert verdict.linked == 1, "the last row is here, the one before it is not"


def test_what_was_noted_of_its_models_is_there_so_that_nothing_lies_before_the_head(run, tmp_path):
    keep_results(run, tmp_path / "models", MADE)
    verdict = write(run, tmp_path / "proof")
    assert verdict.linked == verdict.rows == verdict.manifest.entries


def test_the_whole_log_leaves_no_gap_and_shows_no_more_of_people(run, tmp_path):
    at_hand.judge(run.store, panel="others")
    verdict = write(run, tmp_path / "proof", panel="staff", shown=Shown(whole_log=True))
    assert verdict.rows == verdict.linked == verdict.manifest.entries
    others = [
        row
        for row in rows(tmp_path / "proof", "judgments.jsonl")
        if row["body"]["panel"] == "others"
    ]
    assert len(others) == len(at_hand.CASES) * 10
    assert all(row["personal"] is None for row in others)
    lines = (tmp_path / "proof" / "judgments.jsonl").read_text("utf-8").splitlines(keepends=True)
    gone = json.loads(lines.pop(-2))
    (tmp_path / "proof" / "judgments.jsonl").write_text("".join(lines), encoding="utf-8")
    assert f"row {gone['seq']}: it is missing, and the whole log should be here" in (
        verify_evidence(tmp_path / "proof").problems
    )


def test_a_run_that_judges_no_tuned_models_is_evident_too(run, tmp_path):
    model = StandIn(otherwise=lambda prompt: 0.75)
    model.enqueue(0.75, 0.75, CallFailed("too slow"), CallFailed("too slow"))
    cases = at_hand.CASES.only(replace(case, policy="returns") for case in at_hand.CASES)
    arms = [arm(model), at_hand.table("recorded/old", 0.1, cases)]
    plain = evaluate(cases, arms, run.store, clock=lambda: MADE)
    verdict = write(plain, tmp_path / "proof")
    assert (verdict.problems, verdict.order) == ((), None)
    failures = [
        row for row in rows(tmp_path / "proof", "answers.jsonl") if row["kind"] == "failure"
    ]
    assert [row["body"]["what"] for row in failures] == ["too slow"] * 2
    assert all(row["personal"] is None for row in failures)
    stated = json.loads((tmp_path / "proof" / "tables.json").read_text("utf-8"))
    assert stated["teaching"] is None
    assert stated["run"]["failures"][0]["count"] == 2


def test_a_run_that_was_stopped_is_no_evidence(run, tmp_path):
    with pytest.raises(DiscretionError, match="the run was stopped before its end"):
        write(replace(run, finished=""), tmp_path / "proof")


def test_an_erased_person_is_erased_here_too(run, tmp_path):
    first = next(run.store.entries("judgment"))
    run.store.erase("judgment", "", first.key, "asked to be forgotten")
    verdict = write(run, tmp_path / "proof")
    assert verdict.personal["erased"] == 1
    assert [row["kind"] for row in rows(tmp_path / "proof", "others.jsonl")] == ["erasure"]


def test_a_folder_that_is_there_is_not_written_into(run, tmp_path):
    (tmp_path / "proof").mkdir()
    with pytest.raises(DiscretionError, match="is there already; name another"):
        write(run, tmp_path / "proof")
    assert list((tmp_path / "proof").iterdir()) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_what_is_half_written_never_has_its_name(run, tmp_path, monkeypatch, error):
    def stop(*_):
        raise error

    monkeypatch.setattr(writing_module, "_seal", stop)
    with pytest.raises((KeyboardInterrupt, DiscretionError), match=r"^$|No space left"):
        write(run, tmp_path / "proof")
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["models"]


def test_what_does_not_give_the_same_figures_is_not_handed_over(run, tmp_path, monkeypatch):
    right = writing_module.tables

    def wrong(*given, **more):
        found = right(*given, **more)
        found["arms"][0]["gap"]["value"] += 0.001
        return found

    monkeypatch.setattr(writing_module, "tables", wrong)
    with pytest.raises(DiscretionError, match="does not give the same figures"):
        write(run, tmp_path / "proof")
    assert not (tmp_path / "proof").exists()


def test_the_newest_run_that_asked_a_model_is_its_own(run):
    assert run_of(run.store, "tiny-labels-0").id == run.id
    with pytest.raises(DiscretionError, match="tuned:tiny-labels was never asked"):
        run_of(run.store, "tiny-labels")
