"""`discretion evidence` and `discretion models`: a tuned model from its training to its proof."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Command

pytest.importorskip("torch")
pytest.importorskip("accelerate")
pytestmark = pytest.mark.torch

WORDS = ["yes", "no", "grant", "refuse"]
LABELS, REAL = "tiny-labels-0", "tiny-real-after-0"


@pytest.fixture(scope="module")
def tuned_desk(judged_desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small example with two tuned models, asked what was held out from them."""
    from typer.testing import CliRunner

    from discretion import cli

    folder = tmp_path_factory.mktemp("tuned") / "desk"
    shutil.copytree(judged_desk, folder)
    words = ["-w", str(folder), "tune", "--model", "tiny", "--targets", "labels,real-after"]
    words += ["--hold-out", "case", "--judgments", "40"]
    result = CliRunner().invoke(cli.app, [*words, "--seeds", "1", "--epochs", "1"])
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture
def tuned(tuned_desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tuned"
    shutil.copytree(tuned_desk, folder)
    monkeypatch.chdir(folder)
    return folder


def test_a_tuned_model_is_evident_elsewhere(
    discretion: Command, tuned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = discretion("evidence", "--model", f"tuned:{LABELS}")
    assert outcome.code == 0, outcome.err
    assert "recomputed: all equal" in outcome.out
    assert "order: plan " in outcome.out
    (tmp_path / "elsewhere").mkdir()
    shutil.move(tuned / f"evidence-{LABELS}", tmp_path / "elsewhere" / "proof")
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert discretion("evidence", "verify", "proof").code == 0
    tables = tmp_path / "elsewhere" / "proof" / "tables.json"
    tables.write_text(tables.read_text("utf-8").replace("0.", "1.", 1), encoding="utf-8")
    changed = discretion("evidence", "verify", "proof")
    assert changed.code == 1
    assert "! tables.json: it is not the file that the manifest names" in changed.out
    assert "this evidence does not hold" in changed.out
    found = json.loads(discretion("evidence", "verify", "proof", "--json").out)
    assert len(found["problems"]) >= 2


def test_evidence_of_the_newest_run_needs_no_name(discretion: Command, tuned: Path) -> None:
    made = json.loads(discretion("evidence", "--into", "proof", "--json").out)
    runs = json.loads(discretion("runs", "--json").out)
    assert made["run"] == runs[-1]["id"]
    assert (made["model"], made["problems"]) == ("", [])
    again = discretion("evidence", "--into", "proof")
    assert (again.code, "is there already; name another" in again.err) == (2, True)


def test_the_card_says_everything_that_was_declared_taught_and_measured(
    discretion: Command, tuned: Path
) -> None:
    from discretion.models.folder import read_notes

    card = discretion("models", "card", LABELS).out
    notes = read_notes(tuned / "models" / LABELS)
    run = json.loads(discretion("runs", "--json").out)[-1]
    [plan] = json.loads(discretion("plan", "--json").out)
    for said in (
        notes["base"]["fingerprint"][:16],
        notes["base"]["template"][:16],
        notes["examples"]["hash"][:16],
        "simulated:lenient: 2160, hash `",
        "24 simulated raters",
        plan["plan"][:16],
        f"taken down by the training itself {plan['at']}; not exploratory",
        "seed 0, fold 0; head of the log",
        f"run\n`{run['id']}`, finished {run['finished']}",
        "| direct | ",
        "**Not to be used**",
        "torch",
    ):
        assert said in card, said
    assert "None stand here" not in card


def test_models_are_listed_with_what_they_are_and_how_near_they_came(
    discretion: Command, tuned: Path
) -> None:
    rows = {row["name"]: row for row in json.loads(discretion("models", "--json").out)}
    row = rows[f"tuned:{LABELS}"]
    assert (row["base"], row["target"], row["seed"], row["fold"]) == ("tiny", "labels", 0, 0)
    gap = row["held_out_gap"]["value"]
    [side, _] = json.loads(discretion("models", "compare", LABELS, REAL, "--json").out)
    assert side["gap"]["value"] == pytest.approx(gap)
    assert f"{gap:.3f}" in discretion("models").out
    shown = discretion("models", "compare", f"tuned:{REAL}", LABELS).out
    assert "target" in shown and "real-after" in shown and "against the first" in shown


def test_a_model_is_removed_when_somebody_says_so(discretion: Command, tuned: Path) -> None:
    refused = discretion("models", "remove", LABELS)
    assert (refused.code, "add --yes" in refused.err) == (2, True)
    with (tuned / "discretion.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'\n[models.mine]\npath = "models/{LABELS}"\n')
    removed = discretion("models", "remove", f"tuned:{LABELS}", "--yes")
    assert removed.out == f"removed tuned:{LABELS}\n"
    assert "it is [models.mine] in discretion.toml" in removed.err
    assert "its answers stay in the log" in removed.err
    assert not (tuned / "models" / LABELS).exists()
    evidence = discretion("evidence", "--model", LABELS)
    assert (evidence.code, "there is no tuned model" in evidence.err) == (2, True)
    assert discretion("verify").code == 0


@pytest.mark.parametrize("words", [("compare", LABELS), ("compare", LABELS, f"tuned:{LABELS}")])
def test_one_model_is_not_compared_with_itself(
    discretion: Command, tuned: Path, words: tuple[str, ...]
) -> None:
    outcome = discretion("models", *words)
    assert (outcome.code, "two models are needed" in outcome.err) == (2, True)


def test_transformers_alone_gives_the_same_first_tokens(tuned: Path) -> None:
    """In a process that cannot import this package, on prompts that the model was asked."""
    import math

    from discretion.models.loading import Settings, load
    from discretion.models.scoring import Continuation, log_masses
    from discretion.runs import find_run
    from discretion.workspace import open_workspace

    with open_workspace(tuned).store as store:
        answers = find_run(store).answers(texts=True)
        asked = [
            answer.prompt
            for arm, _, given in answers
            if arm == f"tuned:{LABELS}/direct"
            for answer in given
        ][:40:4]
    place = tuned / "models" / LABELS
    code = f"""
import json, sys
class Without:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "discretion":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Without())
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
model = AutoModelForCausalLM.from_pretrained({str(place)!r})
tokenizer = AutoTokenizer.from_pretrained({str(place)!r})
found = []
for text in json.load(sys.stdin):
    tokens = tokenizer(text, return_tensors="pt", add_special_tokens=False)
    with torch.no_grad():
        p = model(**tokens).logits[0, -1].softmax(-1)
    found.append([float(p[one]) for one in tokenizer.convert_tokens_to_ids({WORDS})])
print(json.dumps(found))
"""
    ran = subprocess.run(
        [sys.executable, "-c", code], input=json.dumps(asked), capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    loaded = load("tuned", Settings(path=place))
    tokens = loaded.template.tokenizer.convert_tokens_to_ids(WORDS)
    whole = tuple(range(loaded.model.config.vocab_size))

    def mass(ids: list[int], ends: tuple[int, ...]) -> float:
        """Of the prompt's last token, and then one of these."""
        last = [Continuation(tuple(ids), len(ids) - 1)]
        return math.exp(log_masses(loaded.model, last, ends, shared=loaded.shared)[0])

    ours = [
        [mass(ids, (token,)) / mass(ids, whole) for token in tokens]
        for ids in loaded.template.encode(asked)
    ]
    assert len(ours) >= 8
    for one, other in zip(ours, json.loads(ran.stdout.splitlines()[-1]), strict=True):
        assert one == pytest.approx(other, rel=1e-4, abs=1e-7)
        assert sum(one) > 0.8, "these are the answers that it gives"
