"""A workspace made by 0.1.0 opens, verifies and reports, and nothing in it is asked or imported
twice."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from cli.conftest import Command
from cli.conftest import discretion as discretion
from discretion.evidence_folder import verify_evidence
from discretion.runs import runs
from discretion.storage import records
from discretion.tuning.frozen import frozen_plans
from discretion.workspace import open_workspace

from . import at_hand
from .make import IMPORTS


@pytest.fixture(params=at_hand.NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def folder(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workspace, with the current folder inside it."""
    unpacked = at_hand.unpack(name, tmp_path / name)
    monkeypatch.chdir(unpacked)
    return unpacked


def panel(name: str) -> tuple[str, ...]:
    return ("--panel", "desk") if name == "desk" else ()


def test_the_log_verifies_up_to_the_row_that_was_last(discretion: Command, folder: Path) -> None:
    before = at_hand.rows(folder)
    assert discretion("verify", "--head", before[-1][-1]).code == 0
    assert at_hand.rows(folder) == before


def test_nothing_is_found_wrong_with_it(discretion: Command, folder: Path) -> None:
    outcome = discretion("check")
    assert (outcome.code, outcome.err) == (0, "")


def test_its_newest_run_is_reported_with_the_same_people_and_arms(
    discretion: Command, name: str, folder: Path
) -> None:
    outcome = discretion("report", "--json", *panel(name))
    assert outcome.code == 0, outcome.err
    now, before = json.loads(outcome.out), at_hand.shown(name)
    assert now["run"]["run"] == before["run"]["run"]
    assert now["run"]["plan"] == before["run"]["plan"]
    assert now["people"]["cases"] == before["people"]["cases"]
    answered = {arm["name"]: arm["cases"] for arm in before["arms"] + before["untaught"]}
    assert {arm["name"]: arm["cases"] for arm in now["arms"] + now["untaught"]} == answered


def test_every_judgment_and_tally_is_read(folder: Path) -> None:
    kinds = Counter(kind for kind, *_ in at_hand.rows(folder))
    store = open_workspace(folder).store
    assert sum(1 for _ in records.judgments(store)) == kinds["judgment"]
    assert sum(1 for _ in records.tallies(store)) == kinds["tally"]
    assert sum(1 for _ in records.imported_cases(store)) == kinds["imported case"]
    store.close()


def test_every_run_finds_its_cases_policies_plan_and_answers(folder: Path) -> None:
    rows = at_hand.rows(folder)
    planned = {
        key: json.loads(body)["plan_hash"] for kind, _, key, body, _ in rows if kind == "run"
    }
    used = Counter(grouping for kind, grouping, *_ in rows if kind == "used")
    store = open_workspace(folder).store
    found = runs(store)
    assert {run.id: run.plan.hash for run in found} == planned
    for run in found:
        assert [case.id for case in run.case_set] == list(run.case_ids)
        assert {case.policy for case in run.case_set} <= set(run.case_set.policies)
        answers = [one for _, _, answers in run.answers(texts=True) for one in answers]
        assert len(answers) == used[run.id] > 0
    store.close()


def test_what_its_cases_are_put_as_today_is_what_was_put(folder: Path) -> None:
    here = open_workspace(folder)
    versions = {key for kind, _, key, *_ in at_hand.rows(folder) if kind == "case"}
    today = {records.case_entry(case).key for case in here.cases}
    assert versions <= today
    here.store.close()


@pytest.mark.parametrize("name", ["everyday"])
def test_a_frozen_plan_keeps_its_hash(folder: Path) -> None:
    store = open_workspace(folder).store
    [frozen] = frozen_plans(store)
    assert frozen.plan.hash == frozen.hash
    store.close()


@pytest.mark.parametrize("name", ["desk"])
@pytest.mark.parametrize("words", IMPORTS, ids=lambda words: words[0])
def test_importing_a_file_again_changes_nothing(
    discretion: Command, folder: Path, words: tuple[str, ...]
) -> None:
    before = {row[:3] for row in at_hand.rows(folder)}
    assert discretion("import", *words).code == 0
    new = [row for row in at_hand.rows(folder) if row[:3] not in before]
    decided = ("judgment", "tally", "decision", "imported case")
    assert [row for row in new if row[0] in decided] == []


@pytest.mark.torch
@pytest.mark.parametrize("name", ["returns"])
def test_what_the_built_in_model_was_asked_is_not_asked_again(
    discretion: Command, folder: Path
) -> None:
    words = ("evaluate", "--plan", "first", "--cases", 20, "--dry-run", "--json")
    counts = {one["arm"]: one for one in json.loads(discretion(*words).out)}
    for arm in ("tiny/direct", "tiny/purpose"):
        assert counts[arm]["calls"] == counts[arm]["cached"] > 0


@pytest.mark.parametrize("name", ["desk"])
def test_what_was_recorded_of_a_system_is_not_recorded_again(
    discretion: Command, folder: Path
) -> None:
    words = ("evaluate", "--arm", "recorded/helper", "--panel", "desk", "--dry-run", "--json")
    [counts] = json.loads(discretion(*words).out)
    assert counts["calls"] == counts["cached"] == 24


@pytest.mark.parametrize("name", ["desk"])
def test_of_what_an_endpoint_was_asked_each_call_is_answered_or_said_to_be_asked_again(
    discretion: Command, folder: Path
) -> None:
    words = ("evaluate", "--arm", "bot/direct", "--panel", "desk", "--dry-run", "--json")
    [counts] = json.loads(discretion(*words).out)
    assert counts["calls"] == 48
    assert counts["cached"] + counts["again"] == 48


@pytest.mark.parametrize("name", ["desk"])
def test_what_is_asked_again_is_said_first_with_its_cost(discretion: Command, folder: Path) -> None:
    """Another rule is another prompt; nothing can be asked for one token."""
    policy = folder / "policies" / "refunds.yaml"
    policy.write_text(policy.read_text().replace("14 days", "15 days"))
    settings = folder / "discretion.toml"
    settings.write_text(settings.read_text() + "price_in = 1000\nprice_out = 2000\n")
    outcome = discretion(
        "evaluate", "--arm", "bot/direct", "--panel", "desk", "--budget", "1tokens"
    )
    begin = "bot/direct: the prompt, a setting or the model has changed since 48 stored answers;"
    [said] = [line for line in outcome.err.splitlines() if line.startswith(begin)]
    assert re.search(r"about [\d,]+ tokens to send, \d+\.\d{4} USD without the replies$", said)


def test_evidence_of_the_first_release_still_stands_on_its_rows() -> None:
    """Figures may be computed in another way since; files, rows and chain are as they were."""
    verdict = verify_evidence(at_hand.EVIDENCE)
    assert (verdict.files, verdict.rows, verdict.linked) == (12, 291, 219)
    assert verdict.figures > 600
    *tables, why = verdict.problems
    assert [one for one in tables if not one.startswith("tables.json: ")] == []
    assert why.startswith("these tables are from version 0.1.0")


def test_of_tables_of_another_version_only_the_numbers_of_both_are_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("discretion.evidence_folder.verifying.__version__", "9.9.9")
    *problems, last = verify_evidence(at_hand.EVIDENCE).problems
    assert last.endswith("To check them as they were made: pip install discretion==0.1.0")
    assert not any(one.startswith("tables.json: prices") or ".note:" in one for one in problems)
    assert any(one.startswith("tables.json: arms[baseline/mean].") for one in problems)
