"""Verifying evidence: every kind of file, changed by hand, is found, manifest or no manifest."""

import json
import shutil
import subprocess
import sys

import pytest

from discretion.errors import DiscretionError
from discretion.evidence_folder import Shown, verify_evidence, write_evidence
from discretion.evidence_folder import files as kept
from discretion.evidence_folder.rows import ROWS
from discretion.storage import records
from discretion.tuning.measured import keep_results
from evidence_folder import experiment_at_hand as at_hand

MODEL = at_hand.MODELS[0]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Evidence of the small experiment, in a log with a panel that does not belong to it."""
    place = tmp_path_factory.mktemp("workspace")
    run = at_hand.make(place)
    at_hand.judge(run.store, panel="others")
    keep_results(run, place / "models", "2026-01-03T00:00:00+00:00", "staff")
    records.note(run.store, "consent", "api.example.com", {"at": "2026-01-03"})
    write_evidence(
        run,
        place / "proof",
        made="2026-01-03T00:00:00+00:00",
        panel="staff",
        models=place / "models",
        model=MODEL,
        shown=Shown(cases=True),
    )
    run.store.close()
    return place / "proof"


@pytest.fixture
def proof(made, tmp_path):
    return shutil.copytree(made, tmp_path / "proof")


def problems(folder):
    return verify_evidence(folder).problems


def seal(folder):
    """The manifest of somebody who covers his traces."""
    said = json.loads((folder / kept.MANIFEST).read_text("utf-8"))
    said["files"] = kept.file_hashes(folder)
    (folder / kept.MANIFEST).write_text(json.dumps(said), encoding="utf-8")


def change(folder, name, edit, kind=""):
    """Edit the first row of a kind in a file of rows, and cover the traces in the manifest."""
    lines = (folder / name).read_text("utf-8").splitlines()
    for place, line in enumerate(lines):
        row = json.loads(line)
        if not kind or row["kind"] == kind:
            edit(row)
            lines[place] = json.dumps(row)
            break
    else:
        raise AssertionError(f"{name} has no {kind}")
    (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    seal(folder)


def test_what_was_not_touched_holds(proof):
    verdict = verify_evidence(proof)
    assert verdict.problems == ()
    assert verdict.files == len(verdict.manifest.files)
    assert verdict.figures > 300
    assert verdict.order.frozen < min(verdict.order.trained) < verdict.order.run


@pytest.mark.parametrize(
    "name",
    [*ROWS, kept.CHAIN, kept.TABLES, kept.NOTES, kept.CARD, kept.ENVIRONMENT],
)
def test_a_changed_byte_of_any_file_is_named(proof, name):
    path = proof / name
    path.write_text(path.read_text("utf-8") + "\n", encoding="utf-8")
    assert f"{name}: it is not the file that the manifest names" in problems(proof)


def test_a_file_too_few_or_too_many_is_named(proof):
    (proof / kept.ENVIRONMENT).unlink()
    (proof / "extra.html").write_text("<p>", encoding="utf-8")
    found = problems(proof)
    assert f"{kept.ENVIRONMENT}: the manifest names it, and it is not here" in found
    assert "extra.html: the manifest does not name it" in found


def test_a_link_is_no_evidence(proof):
    (proof / "extra").symlink_to("/etc")
    assert "extra: is no plain file; take it out" in problems(proof)


@pytest.mark.parametrize(
    ("name", "kind", "place"),
    [
        ("plans.jsonl", "tuning plan", ("body", "at")),
        ("runs.jsonl", "run", ("body", "started")),
        ("runs.jsonl", "run end", ("body", "finished")),
        ("runs.jsonl", "case list", ("body", "cases")),
        ("policies.jsonl", "policy", ("key",)),
        ("cases.jsonl", "case", ("body", "label_of")),
        ("judgments.jsonl", "judgment", ("body", "source")),
        ("answers.jsonl", "answer", ("body", "at")),
        ("answers.jsonl", "used", ("key",)),
        ("trainings.jsonl", "tuned", ("body", "more")),
        ("others.jsonl", "", ("kind",)),
    ],
)
def test_a_row_that_is_not_the_one_written_is_found_by_its_hash(proof, name, kind, place):
    def edit(row):
        part = row
        for step in place[:-1]:
            part = part[step]
        part[place[-1]] = "changed"

    change(proof, name, edit, kind)
    found = problems(proof)
    assert any("is not the one that was written" in one for one in found), found
    assert any(one.startswith(f"{name}:") for one in found), found


def test_a_judgment_that_was_turned_is_found_by_its_hash_and_by_the_figures(proof):
    def turn(row):
        row["body"]["answer"] = "refuse" if row["body"]["answer"] == "grant" else "grant"

    change(proof, "judgments.jsonl", turn)
    found = problems(proof)
    assert any("judgments.jsonl:1: row" in one for one in found)
    assert any(one.startswith("tables.json: people.rate") for one in found)


def test_a_text_that_was_changed_does_not_fit_its_commitment(proof):
    change(proof, "cases.jsonl", lambda row: row["personal"].update(text="Another text."))
    assert any(
        "its personal part is not the one that was written" in one for one in problems(proof)
    )


def test_a_judgment_that_is_given_to_somebody_else_moves_the_figures(proof):
    change(proof, "judgments.jsonl", lambda row: row["personal"].update(rater="person 99"))
    found = problems(proof)
    assert any(one.startswith("tables.json: people.raters: 10 is stated, 11") for one in found)


def test_a_probability_that_was_changed_with_all_hashes_after_it_moves_the_figures(proof):
    """Whoever can write the chain can make it fit: then the figures are what is left to compare."""
    from discretion.storage.chain import link

    chain = (proof / kept.CHAIN).read_text("ascii").split()

    def edit(row):
        row["body"]["p"] = 0.999
        body = json.dumps(row["body"], sort_keys=True, separators=(",", ":"))
        before = chain[row["seq"] - 2]
        parts = (before, row["kind"], row["grouping"], row["key"], body, row["commitment"])
        row["hash"] = chain[row["seq"] - 1] = link(*(one.encode() for one in parts))

    change(proof, "answers.jsonl", edit, "answer")
    (proof / kept.CHAIN).write_text("\n".join(chain) + "\n", encoding="ascii")
    seal(proof)
    found = problems(proof)
    assert any(one.startswith("tables.json: ") for one in found)
    assert any("is not the one that was written" in one for one in found), (
        "the row after it links to what stood there"
    )


@pytest.mark.parametrize(
    ("change_it", "place"),
    [
        (lambda said: said["arms"][0]["gap"].update(value=0.0), "arms["),
        (lambda said: said["people"].update(judgments=1), "people.judgments"),
        (lambda said: said["teaching"]["rows"].pop(), "teaching.rows"),
        (lambda said: said.pop("curves"), "curves: is not stated"),
        (lambda said: said.update(more=1), "more: was not found"),
        (lambda said: said["findings"].append("All is well."), "findings"),
        (lambda said: said["run"].update(version="9"), "run.version"),
        (lambda said: said["run"].update(head="0" * 64), "run.head"),
    ],
)
def test_a_table_that_says_something_else_is_found_at_its_place(proof, change_it, place):
    said = json.loads((proof / kept.TABLES).read_text("utf-8"))
    change_it(said)
    (proof / kept.TABLES).write_text(json.dumps(said), encoding="utf-8")
    seal(proof)
    verdict = verify_evidence(proof)
    assert any(one.startswith(f"tables.json: {place}") for one in verdict.problems)
    assert verdict.different >= 1


def test_numbers_may_differ_by_less_than_what_is_said(proof):
    said = json.loads((proof / kept.TABLES).read_text("utf-8"))
    said["arms"][0]["gap"]["value"] *= 1 + 1e-7
    (proof / kept.TABLES).write_text(json.dumps(said), encoding="utf-8")
    seal(proof)
    assert verify_evidence(proof).different == 1
    assert verify_evidence(proof, within=1e-6).problems == ()


def test_a_rehearsal_that_is_missing_is_missed(proof):
    """What was recalibrated cannot be recomputed without the answers that it was fitted on."""
    lines = (proof / "runs.jsonl").read_text("utf-8").splitlines()
    kept_lines = [line for line in lines if '"rehearsal": true' not in line.replace('":t', '": t')]
    assert len(kept_lines) == len(lines) - 1
    (proof / "runs.jsonl").write_text("\n".join(kept_lines) + "\n", encoding="utf-8")
    seal(proof)
    assert any(one.startswith("tables.json: teaching.rows") for one in problems(proof))


def test_a_list_of_cases_that_is_missing_is_missed(proof):
    lines = (proof / "runs.jsonl").read_text("utf-8").splitlines()
    left = [line for line in lines if json.loads(line)["kind"] != "case list"]
    assert len(left) < len(lines)
    (proof / "runs.jsonl").write_text("\n".join(left) + "\n", encoding="utf-8")
    seal(proof)
    assert any("the list of cases of run" in one for one in problems(proof))


def test_notes_and_results_that_are_not_those_of_the_log_are_found(proof):
    notes = json.loads((proof / kept.NOTES).read_text("utf-8"))
    notes[MODEL]["examples"]["count"] = 4000
    (proof / kept.NOTES).write_text(json.dumps(notes), encoding="utf-8")
    card = (proof / kept.CARD).read_text("utf-8")
    assert "| direct |" in card
    (proof / kept.CARD).write_text(card.replace("| direct | ", "| direct | 0"), encoding="utf-8")
    seal(proof)
    found = problems(proof)
    assert any(f"notes.json: {MODEL}: 'examples' is not what was trained" in one for one in found)
    assert "card.md: its results are not those that the rows give" in found


def test_a_head_that_was_noted_must_be_in_the_log(proof):
    chain = (proof / kept.CHAIN).read_text("ascii").split()
    assert verify_evidence(proof, head=chain[3]).problems == ()
    [problem] = verify_evidence(proof, head="0" * 64).problems
    assert "is not in the log" in problem


def test_what_is_no_json_is_a_problem_and_no_crash(proof):
    (proof / "answers.jsonl").write_text('{"seq": 1e999}\n', encoding="utf-8")
    seal(proof)
    assert "answers.jsonl:1: is no row of a log" in problems(proof)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (kept.TABLES, "[" * 100_000),
        (kept.NOTES, "[1]"),
        (kept.CHAIN, "é"),
        ("runs.jsonl", ""),
        ("cases.jsonl", '{"seq": 99999999999999999999, "kind": "case"}'),
    ],
)
def test_whatever_stands_in_a_file_is_a_problem_and_no_crash(proof, name, text):
    (proof / name).write_text(text, encoding="utf-8")
    seal(proof)
    assert problems(proof)


def test_where_there_is_no_evidence_it_is_said(tmp_path):
    with pytest.raises(DiscretionError, match="there is no evidence here"):
        verify_evidence(tmp_path)


@pytest.mark.parametrize("text", ["{}", "[]", "no", '{"format": 2}', '{"format": 1}'])
def test_a_manifest_that_is_none_is_said(proof, text):
    (proof / kept.MANIFEST).write_text(text, encoding="utf-8")
    with pytest.raises(DiscretionError, match=r"manifest|cannot be read|of format"):
        verify_evidence(proof)


def test_no_workspace_and_no_torch_are_needed(proof, tmp_path):
    """In an empty folder, where importing what trains models fails."""
    code = """
import sys
class Without:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "transformers", "accelerate", "peft", "safetensors"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Without())
sys.argv = ["discretion", "evidence", "verify", "../proof"]
from discretion.cli import main
main()
"""
    (tmp_path / "empty").mkdir()
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "empty", capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    assert "recomputed: all equal" in ran.stdout
    assert list((tmp_path / "empty").iterdir()) == []
