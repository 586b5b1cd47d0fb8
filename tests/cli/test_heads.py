"""`discretion tune --targets head`: from judgments to a head that is asked and reported."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from discretion.models.folder import NOTES, read_notes
from training.templates_at_hand import save

from .conftest import Command

pytest.importorskip("torch")
pytestmark = pytest.mark.torch

HEADS = "head,shuffled-head,random-head,words-head"
WORDS = ("tune", "--model", "tiny", "--hold-out", "case", "--seeds", 1)
ARM = "tuned:tiny-head-0/direct"


@pytest.fixture(scope="module")
def headed(judged_desk, tmp_path_factory) -> Path:
    """The small example with heads and their controls, asked what was held out."""
    from typer.testing import CliRunner

    from discretion import cli

    folder = tmp_path_factory.mktemp("headed") / "desk"
    shutil.copytree(judged_desk, folder)
    words = ["-w", str(folder), *map(str, WORDS), "--targets", HEADS]
    result = CliRunner().invoke(cli.app, words)
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def there(headed, tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "desk"
    shutil.copytree(headed, folder)
    monkeypatch.chdir(folder)
    return folder


def test_heads_are_small_folders_that_stand_in_log_card_and_list(discretion: Command, there: Path):
    for name in HEADS.split(","):
        files = {
            one.name: one.stat().st_size for one in (there / f"models/tiny-{name}-0").iterdir()
        }
        assert set(files) == {"README.md", NOTES, "head.json", "head.safetensors"}
        assert sum(files.values()) < 50_000
    card = discretion("models", "card", "tiny-head-0").out
    assert "**Target**: head: a linear head on the base's hidden states" in card
    assert "- **Head**: a linear head on layer" in card and "on 5 inner folds by case" in card
    assert "- **Own examples**: on the " in card and "| direct |" in card
    rows = {row["name"]: row for row in json.loads(discretion("models", "--json").out)}
    assert (rows["tuned:tiny-head-0"]["kind"], rows["tuned:tiny-head-0"]["target"]) == ("head",) * 2
    assert rows["tuned:tiny-head-0"]["held_out_gap"]["value"] is not None
    assert discretion("verify").code == 0


def test_the_report_sets_a_head_beside_its_controls_and_says_what_the_states_hold(
    discretion: Command, there: Path
):
    report = discretion("report", "--json")
    assert report.code == 0, report.err
    card = json.loads(report.out)
    pairs = {
        (one["name"], one["against"]) for one in card["teaching"]["contrasts"] if one["family"]
    }
    assert pairs == {("head", f"{name}-head") for name in ("shuffled", "random", "words")}
    gaps = {one["name"]: one["gap"]["value"] for one in card["teaching"]["rows"]}
    assert gaps["head"] < min(gaps["shuffled-head"], gaps["random-head"])
    readings = {one["arm"]: one for one in card["readings"]}
    states = readings["tiny/direct"]["states"]
    assert 0.3 < states["value"] <= 1 and states["n"] > 10
    assert all(one["states"] is None for arm, one in readings.items() if arm != "tiny/direct")
    head = readings[ARM]
    assert head["form"].startswith("a linear head on layer")
    assert head["outside"]["value"] is None and head["strayed"] == 0
    said = f"The hidden states behind tiny/direct hold {100 * states['value']:.0f}% of how"
    assert any(one.startswith(said) for one in card["findings"])
    assert discretion("report").code == 0
    page = (there / "report.html").read_text(encoding="utf-8")
    assert said in page
    assert "Held by its<br>hidden states" in page
    assert f"{ARM} put" not in page


def test_evidence_of_a_head_recomputes(discretion: Command, there: Path):
    made = discretion("evidence", "--into", "../proof", "--model", "tiny-head-0")
    assert made.code == 0, made.err
    checked = discretion("evidence", "verify", "../proof")
    assert checked.code == 0, checked.out + checked.err


def test_a_head_is_asked_what_it_did_not_see_in_the_words_of_its_method(
    discretion: Command, there: Path
):
    seen = read_notes(there / "models/tiny-head-0")["seen"]
    run = json.loads(discretion("evaluate", "--arm", ARM, "--json").out)
    assert run["calls"] == 2 * (90 - len(seen)) > 0
    other = discretion("evaluate", "--arm", "tuned:tiny-head-0/purpose")
    assert other.code != 0
    assert "made for prompts of the method 'direct'" in other.err
    assert "tuned:tiny-head-0/direct" in other.err


def test_what_is_there_is_not_fitted_again_and_states_may_be_deleted(
    discretion: Command, there: Path
):
    (there / "hidden-states.db").unlink()
    again = discretion(*WORDS, "--targets", HEADS)
    assert again.code == 0, again.err
    assert again.out.count("was there already") == 4
    before = (there / "models/tiny-head-0/head.safetensors").read_bytes()
    assert discretion("models", "remove", "tiny-head-0", "--yes").code == 0
    fitted = discretion(*WORDS, "--targets", "head", "--train-only")
    assert fitted.code == 0, fitted.err
    assert "training 1 of 1: head, seed 0" in fitted.err
    assert (there / "models/tiny-head-0/head.safetensors").read_bytes() == before


def test_a_dry_run_counts_what_a_head_reads_once(discretion: Command, desk: Path):
    words = (*WORDS, "--judgments", 40, "--targets", "head,words-head", "--dry-run", "--json")
    outcome = discretion(*words)
    assert outcome.code == 0, outcome.err
    found = json.loads(outcome.out)
    assert found["runs"] == 2
    assert found["tokens"] == found["courses"][0]["tokens"] > 0
    assert not (desk / "models").exists() and not (desk / "hidden-states.db").exists()


def test_a_head_is_not_exported(discretion: Command, desk: Path):
    outcome = discretion(*WORDS, "--targets", "labels,head", "--export", "out")
    assert outcome.code != 0 and "a head is fitted here" in outcome.err
    assert not (desk / "out").exists()


def test_a_head_of_a_users_own_model_is_asked_plainly_beside_trained_weights(
    discretion: Command, desk: Path
):
    pytest.importorskip("accelerate")
    save(desk / "own", "llama", num_hidden_layers=4)
    toml = desk / "discretion.toml"
    text = toml.read_text(encoding="utf-8")
    toml.write_text(f'{text}\n[models.own]\npath = "own"\n', encoding="utf-8")
    words = ("tune", "--model", "own", "--hold-out", "case", "--seeds", 1, "--judgments", 200)
    outcome = discretion(*words, "--targets", "labels,head", "--epochs", 1, "--json")
    assert outcome.code == 0, outcome.err
    arms = [one["arm"] for one in json.loads(outcome.out)["models"]]
    assert arms == ["tuned:own-labels-0/plain", "tuned:own-head-0/plain"]
    card = (desk / "models/own-head-0/README.md").read_text(encoding="utf-8")
    assert "| plain |" in card
    toml.write_text(f'{text}\n[models.own]\npath = "own"\ndtype = "bfloat16"\n', encoding="utf-8")
    changed = discretion("evaluate", "--arm", arms[1])
    assert changed.code != 0 and "a head for another base" in changed.err
