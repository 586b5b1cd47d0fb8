"""Exports: another program trains on them, and only what it trained on them is taken back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from discretion import models
from discretion.models.folder import PICKLED, read_notes
from training.plain_training import train

from .conftest import Command, Outcome

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")
pytestmark = pytest.mark.torch

WORDS = ("tune", "--model", "own", "--hold-out", "case", "--judgments", 40, "--epochs", 1)
NAME = "own-real-after-0"


@pytest.fixture(scope="module")
def exported(judged_desk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with an export of two targets, and a result of one of them."""
    from typer.testing import CliRunner

    from discretion import cli

    home = tmp_path_factory.mktemp("exported")
    desk = home / "desk"
    shutil.copytree(judged_desk, desk)
    shutil.copytree(Path(models.__file__).parent / "tiny", desk / "base")
    with (desk / "discretion.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[models.own]\npath = "base"\nreads_twin = true\n')
    words = (*WORDS, "--targets", "labels,real-after", "--seeds", 1, "--learning-rate", 1e-3)
    result = CliRunner().invoke(
        cli.app, [*map(str, ("-w", desk, *words)), "--export", str(home / "export")]
    )
    assert result.exit_code == 0, result.output
    train(home / "export", NAME, home / "result")
    return home


@pytest.fixture
def home(exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, in whose workspace one is."""
    shutil.copytree(exported, tmp_path / "home")
    monkeypatch.chdir(tmp_path / "home" / "desk")
    export = tmp_path / "home" / "export" / "jobs" / f"{NAME}.json"
    said = json.loads(export.read_text(encoding="utf-8"))
    said["base"]["path"] = str(tmp_path / "home" / "desk" / "base")
    export.write_text(json.dumps(said), encoding="utf-8")
    return tmp_path / "home"


def add(discretion: Command, home: Path) -> Outcome:
    return discretion("models", "add", home / "result", "--export", home / "export", "--job", NAME)


def test_what_comes_back_is_an_arm_and_is_not_asked_what_it_was_taught(
    discretion: Command, home: Path
) -> None:
    outcome = add(discretion, home)
    assert outcome.code == 0, outcome.err
    assert outcome.err.endswith(f"next: discretion evaluate --arm tuned:{NAME}/direct\n")
    place = home / "desk" / "models" / NAME
    notes = read_notes(place)
    assert (notes["target"], notes["fold"], notes["seed"]) == ("real-after", 0, 0)
    assert (place / "README.md").read_text(encoding="utf-8").count(NAME)
    run = json.loads(discretion("evaluate", "--arm", f"tuned:{NAME}/direct", "--json").out)
    assert (run["failed"], run["calls"]) == (0, 2 * (90 - len(notes["seen"])))
    assert run["calls"] > 0


def test_what_another_program_trains_is_what_the_built_in_trainer_does(
    discretion: Command, home: Path
) -> None:
    from safetensors.torch import load_file

    words = (*WORDS, "--targets", "real-after", "--seeds", 1, "--learning-rate", 1e-3)
    outcome = discretion(*words, "--name", "near", "--train-only")
    assert outcome.code == 0, outcome.err
    near = load_file(home / "desk" / "models" / "near-real-after-0" / "model.safetensors")
    far, base = (load_file(home / name / "model.safetensors") for name in ("result", "desk/base"))
    for key, value in near.items():
        assert (value - far[key]).abs().max() < 1e-5
    assert any((near[key] - base[key]).abs().max() > 1e-4 for key in near)


def test_an_export_says_all_that_is_learned_and_holds_no_pickle(home: Path) -> None:
    export = home / "export"
    assert not [path for path in export.rglob("*") if path.suffix in PICKLED]
    for name in ("labels", "real-after"):
        job = json.loads((export / "jobs" / f"own-{name}-0.json").read_text(encoding="utf-8"))
        lines = (export / job["examples"]).read_text(encoding="utf-8").split("\n")[:-1]
        rows = [json.loads(line) for line in lines]
        assert len(rows) == job["notes"]["examples"]["count"]
        assert [sorted(order) for order in job["orders"]] == [list(range(len(rows)))]
        for row in rows:
            learned = {at for at, weight in enumerate(row["weights"]) if weight}
            spans = [row["decision"], row["explanation"] or [0, 0]]
            assert learned == {at for span in spans for at in range(*span)}
            assert [turn["role"] for turn in row["messages"]] == (
                ["user", "assistant"] * (1 if name == "labels" else 2)
            )
        assert name in (export / "README.md").read_text(encoding="utf-8")


def test_the_plan_goes_on_with_what_was_brought_back(discretion: Command, home: Path) -> None:
    words = (*WORDS, "--targets", "real-after", "--seeds", 1, "--learning-rate", 1e-3)
    again = (*words, "--trainer", "export", "--train-only")
    early = discretion(*again)
    assert early.code == 2
    assert f"{NAME} was to be trained elsewhere, and is not here yet" in early.err
    assert add(discretion, home).code == 0
    assert "was there already" in discretion(*again).out


def changed(home: Path, what: str) -> None:
    """Break one thing about the result, the base or the export."""
    from safetensors.torch import load_file, save_file

    result, base = home / "result", home / "desk" / "base"
    weights = result / "model.safetensors"
    if what in ("no number", "missing", "shape"):
        tensors = load_file(weights)
        name = next(key for key in tensors if "q_proj" in key)
        if what == "no number":
            tensors[name][0, 0] = float("nan")
        elif what == "missing":
            del tensors[name]
        else:
            tensors[name] = tensors[name][:, :-1].contiguous()
        save_file(tensors, weights, {"format": "pt"})
    elif what == "vocabulary":
        from transformers import AutoModelForCausalLM

        model = AutoModelForCausalLM.from_pretrained(result)
        model.resize_token_embeddings(model.config.vocab_size + 8)
        model.save_pretrained(result)
    elif what == "pickle":
        (result / "training_args.bin").write_bytes(b"")
    elif what in ("template", "tokenizer"):
        for file in base.glob("tokenizer*"):
            shutil.copyfile(file, result / file.name)
        name = "tokenizer_config.json" if what == "template" else "tokenizer.json"
        said = json.loads((result / name).read_text(encoding="utf-8"))
        if what == "template":
            said["chat_template"] += " "
        else:
            said["added_tokens"].append({**said["added_tokens"][0], "id": 9999, "content": "<z>"})
        (result / name).write_text(json.dumps(said), encoding="utf-8")
    elif what == "base":
        with (base / "generation_config.json").open("a", encoding="utf-8") as file:
            file.write("\n")
    elif what == "examples":
        with (home / "export" / "examples" / "real-after-fold0-seed0.jsonl").open("a") as file:
            file.write("{}\n")
    elif what == "plan":
        export = home / "export" / "jobs" / f"{NAME}.json"
        said = json.loads(export.read_text(encoding="utf-8"))
        export.write_text(json.dumps({**said, "plan": "0" * 64}), encoding="utf-8")


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("no number", "the weights hold something that is no number, in model.layers.0"),
        ("missing", "the weights are not whole: model.layers.0"),
        ("shape", "the result cannot be loaded"),
        ("vocabulary", "the vocabulary has"),
        ("pickle", "the model folder holds a pickle, training_args.bin"),
        ("template", "the chat template is not the base's; train with the base's template"),
        ("tokenizer", "the tokenizer is not the base's"),
        ("base", "the base is no longer what was exported"),
        ("examples", "the examples are not those that were exported"),
        ("plan", "no frozen plan has the hash 0000000000000000"),
    ],
)
def test_what_is_not_the_export_trained_is_refused_and_leaves_nothing(
    discretion: Command, home: Path, what: str, sentence: str
) -> None:
    changed(home, what)
    outcome = add(discretion, home)
    assert outcome.code == 2
    assert sentence in outcome.err
    assert not list((home / "desk").glob("models/*"))


def test_which_training_it_is_must_be_said_where_there_are_several(
    discretion: Command, home: Path
) -> None:
    outcome = discretion("models", "add", home / "result", "--export", home / "export")
    assert outcome.code == 2
    assert f"the export has several trainings; say which with --job: own-labels-0, {NAME}" in (
        outcome.err
    )


def test_an_export_does_not_write_over_anything(discretion: Command, home: Path) -> None:
    words = (*WORDS, "--targets", "labels", "--seeds", 1, "--learning-rate", 1e-3)
    outcome = discretion(*words, "--export", home / "export")
    assert outcome.code == 2
    assert "something is there already; name a new folder" in outcome.err
