"""`discretion tune`: from judgments to an arm, without what is held out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from discretion.models.folder import read_notes
from training.templates_at_hand import save

from .conftest import Command

pytest.importorskip("torch")
pytest.importorskip("accelerate")
pytestmark = pytest.mark.torch

WORDS = ("tune", "--model", "tiny", "--hold-out", "case", "--judgments", 40, "--seeds", 1)


def test_judgments_become_arms_that_answer_only_what_was_held_out(
    discretion: Command, desk: Path
) -> None:
    words = (*WORDS, "--train-only", "--json")
    outcome = discretion(*words, "--targets", "labels,real-after", "--epochs", 1)
    assert outcome.code == 0, outcome.err
    made = json.loads(outcome.out)["models"]
    arms = [one["arm"] for one in made]
    assert arms == ["tuned:tiny-labels-0/direct", "tuned:tiny-real-after-0/direct"]
    assert 0 < made[0]["examples"] == made[1]["examples"] <= 40
    begun = [line for line in outcome.err.splitlines() if line.startswith("training ")]
    assert begun == ["training 1 of 2: labels, seed 0", "training 2 of 2: real-after, seed 0"]
    assert "step " not in outcome.err
    seen = set(read_notes(desk / "models" / "tiny-labels-0")["seen"])
    run = json.loads(discretion("evaluate", "--arm", arms[0], "--json").out)
    assert (run["cases"], run["failed"]) == (90, 0)
    assert run["calls"] == 2 * (90 - len(seen)) > 0
    report = discretion("report")
    assert report.code == 0, report.err
    assert report.out.startswith("Simulated people and the built-in model")
    assert "tuned: tuned:tiny-labels-0, tuned:tiny-real-after-0" in discretion("arms").out
    rows = json.loads(discretion("models", "--json").out)
    assert {row["name"]: row["where"] for row in rows}["tuned:tiny-labels-0"] == (
        "models/tiny-labels-0"
    )


def test_people_who_are_held_out_are_compared_with_on_cases_that_were_taught(
    discretion: Command, desk: Path
) -> None:
    words = (*WORDS, "--hold-out", "rater", "--targets", "labels", "--epochs", 1)
    outcome = discretion(*words)
    assert outcome.code == 0, outcome.err
    notes = read_notes(desk / "models" / "tiny-labels-0")
    held = notes["hold_out"]["held"]
    assert len(held) == 5 and len(notes["seen"]) == 90
    report = discretion("report")
    assert report.code == 0, report.err
    assert "On 2 scenarios judged by people who were held out" in report.out
    assert "People were held out, not cases" in report.out
    card = (desk / "models" / "tiny-labels-0" / "README.md").read_text(encoding="utf-8")
    assert f"**Held out** by rater: {', '.join(held)}" in card
    alone = discretion("evaluate", "--arm", "tuned:tiny-labels-0/direct")
    assert "was tuned on every case that it would be asked" in alone.err


def test_settings_that_were_tried_are_shown_and_stand_in_the_card(
    discretion: Command, desk: Path
) -> None:
    words = (*WORDS, "--targets", "labels", "--train-only", "--try-epochs", "1,2", "--json")
    made = json.loads(discretion(*words).out)
    [settings] = made["settings"]
    assert [one["epochs"] for one in settings["tried"]] == [1, 2]
    best = min(settings["tried"], key=lambda one: one["brier"])
    assert settings["epochs"] == best["epochs"]
    notes = read_notes(desk / "models" / "tiny-labels-0")
    assert notes["recipe"]["epochs"] == settings["epochs"]
    assert notes["chosen"]["tried"] == settings["tried"]
    card = (desk / "models" / "tiny-labels-0" / "README.md").read_text(encoding="utf-8")
    assert "**Settings** by the lowest Brier score inside the fold" in card
    assert [path.name for path in (desk / "models").iterdir()] == ["tiny-labels-0"]


@pytest.mark.parametrize(
    ("kind", "way"),
    [
        ("llama", "--lora"),
        ("qwen3", "--lora"),
        ("gemma3", "--lora"),
        ("qwen3-opening", "--full"),
        ("gemma3", "--full"),
    ],
)
def test_a_model_of_the_users_own_is_tuned_either_way_and_asked_as_it_is_set(
    discretion: Command, desk: Path, kind: str, way: str
) -> None:
    pytest.importorskip("peft")
    save(desk / "base", kind)
    with (desk / "discretion.toml").open("a", encoding="utf-8") as settings:
        # Random weights put most of their probability on neither answer.
        settings.write('\n[models.own]\npath = "base"\nallow_outside = true\n')
    words = ("tune", "--model", "own", "--hold-out", "case", "--judgments", 40, way)
    words = (*words, "--seeds", 1, "--train-only")
    outcome = discretion(*words, "--targets", "real-before", "--epochs", 1, "--json")
    assert outcome.code == 0, outcome.err
    [made] = json.loads(outcome.out)["models"]
    assert made["arm"] == "tuned:own-real-before-0/chain-of-thought"
    arm = "tuned:own-real-before-0/direct"
    run = json.loads(discretion("evaluate", "--arm", arm, "--json").out)
    seen = read_notes(desk / "models" / "own-real-before-0")["seen"]
    # Both yes/no questions, in both orders.
    assert (run["failed"], run["calls"]) == (0, 4 * (90 - len(seen)))


def test_an_adapter_goes_with_its_base_and_is_merged_only_when_asked(
    discretion: Command, desk: Path
) -> None:
    pytest.importorskip("peft")
    save(desk / "base", "llama")
    toml = desk / "discretion.toml"
    written = toml.read_text(encoding="utf-8") + '\n[models.own]\npath = "base"\nform = "cue"\n'
    more = '[models.mine]\npath = "models/own-labels-0"\n[models.whole]\npath = "whole"\n'
    toml.write_text(written + more, encoding="utf-8")
    words = ("tune", "--model", "own", "--hold-out", "case", "--judgments", 40, "--seeds", 1)
    words = (*words, "--lora", "--targets", "labels", "--epochs", 1)
    outcome = discretion(*words, "--train-only")
    assert outcome.code == 0, outcome.err
    asked = discretion("evaluate", "--arm", "tuned:own-labels-0/plain", "--cases", 12)
    assert asked.code == 0, asked.err
    proof = discretion("evidence", "--model", "own-labels-0", "--into", desk / "proof")
    assert proof.code == 0, proof.err
    place = desk / "models" / "own-labels-0"
    assert not (place / "tokenizer.json").exists()
    base = (desk / "base" / "model.safetensors").stat().st_size
    assert sum(file.stat().st_size for file in place.iterdir()) < base / 2
    assert "was there already" in discretion(*words, "--train-only").out
    listed = json.loads(discretion("models", "--json").out)
    assert [(one["kind"], one["base"]) for one in listed if "base" in one] == [("adapter", "own")]

    assert discretion("models", "merge", "own-labels-0", "whole").code == 0
    again = discretion("models", "merge", "tuned:own-labels-0", "whole")
    assert again.code == 2 and "something is there already; name a new folder" in again.err
    arms = ("--arm", "mine/plain", "--arm", "whole/plain")
    asked = discretion("evaluate", *arms, "--cases", 12)
    assert asked.code == 0, asked.err
    mine, whole = json.loads(discretion("report", "--json").out)["arms"]
    assert mine["gap"]["value"] == pytest.approx(whole["gap"]["value"], abs=1e-4)
    onward = discretion("tune", "--model", "mine", "--targets", "labels")
    assert onward.code == 2
    assert "'mine' is an adapter, and only whole models can be tuned; write one with" in onward.err

    with (desk / "base" / "generation_config.json").open("a", encoding="utf-8") as file:
        file.write("\n")
    changed = discretion("evaluate", "--arm", "tuned:own-labels-0/plain")
    assert changed.code == 2
    assert "the base 'own' is not the model that this adapter was trained on" in changed.err


def test_a_base_that_is_no_chat_model_is_refused(discretion: Command, desk: Path) -> None:
    save(desk / "base", "llama")
    (desk / "base" / "chat_template.jinja").unlink()
    with (desk / "discretion.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[models.own]\npath = "base"\n')
    outcome = discretion("tune", "--model", "own", "--targets", "labels", "--train-only")
    assert outcome.code == 2
    assert "the model has no chat template; use an instruction-tuned model" in outcome.err
    assert not (desk / "models").exists()


def test_too_little_memory_is_said_before_anything_is_trained(
    discretion: Command, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("discretion.tuning.training.memory_free", lambda: 1_000_000)
    short = discretion(*WORDS, "--targets", "labels", "--epochs", 1, "--train-only")
    assert short.code == 2, short.err
    assert "the memory cannot hold the training: at least" in short.err
    assert "or use --lora" in short.err
    assert not list((desk / "models").glob("*"))


def test_what_is_there_is_not_trained_again_and_not_overwritten(
    discretion: Command, desk: Path
) -> None:
    words = (*WORDS, "--targets", "labels", "--epochs", 1, "--train-only")
    assert discretion(*words).code == 0
    weights = desk / "models" / "tiny-labels-0" / "model.safetensors"
    before = weights.stat().st_mtime_ns
    assert "was there already" in discretion(*words).out
    other = discretion(*words, "--learning-rate", 0.1)
    assert other.code == 2
    assert "another model is there already" in other.err
    assert weights.stat().st_mtime_ns == before


def test_a_dry_run_counts_shows_and_trains_nothing(discretion: Command, desk: Path) -> None:
    words = (*WORDS, "--targets", "all", "--dry-run")
    found = json.loads(discretion(*words, "--seeds", 3, "--json").out)
    counts = found["courses"]
    assert [one["seed"] for one in counts] == [seed for seed in range(3) for _ in range(7)]
    assert {one["runs"] for one in counts} == {1}
    assert found["runs"] == 7 * 3
    assert found["tokens"] == sum(one["tokens"] for one in counts)
    seconds = found["hours"] * 3600
    assert seconds == pytest.approx(found["tokens"] / found["tokens_per_second"])
    assert len({one["examples"] for one in counts}) == 1
    for one in counts:
        assert len(one["shown"]) == 3
        assert all("⟦" in shown and "<eos>⟧" in shown for shown in one["shown"])
        left = sum(one["not_taught"].values())
        assert one["examples"] + left > 40
    shown = discretion(*words).out
    assert "7 trainings (7 targets, 1 seed, 1 fold): " in shown
    assert "held out in fold 0: " in shown
    assert "[shuffled-before]" in shown
    assert found["prospects"]
    assert all(sentence in shown.replace("\n", " ") for sentence in found["prospects"])
    assert not (desk / "models").exists()


def test_a_dry_run_says_where_no_verdict_will_be_possible(discretion: Command, desk: Path) -> None:
    discretion("init", "everyday", "--example", "everyday")
    words = ("--targets", "real-after,shuffled-after", "--hold-out", "domain=returns")
    told = discretion("--workspace", "everyday", *WORDS, *words, "--dry-run", "--json")
    found = json.loads(told.out)
    assert found["prospects"] == [
        "Each target is trained once. A difference may then be luck in training, so there is no "
        "verdict: train 3 times or more, with --seeds 3.",
        "With 1 held-out domain no verdict is possible: one domain cannot show how far chance "
        "reaches.",
    ]


def test_a_screen_trains_one_seed_on_the_first_fold_and_says_what_the_whole_takes(
    discretion: Command, desk: Path
) -> None:
    words = (*WORDS, "--targets", "labels", "--epochs", 1, "--seeds", 2, "--folds", "all")
    outcome = discretion(*words, "--screen", "--train-only")
    assert outcome.code == 0, outcome.err
    assert [path.name for path in (desk / "models").iterdir()] == ["tiny-labels-0"]
    assert "this was 1 of 10 trainings, and the others would take about " in outcome.err


def test_the_log_says_what_was_to_be_trained_before_it_was(discretion: Command, desk: Path) -> None:
    from discretion.workspace import open_workspace

    discretion(*WORDS, "--targets", "labels", "--epochs", 1, "--train-only")
    with open_workspace(desk).store as store:
        [plan] = store.entries("tuning plan")
        [tuned] = store.entries("tuned", plan.key)
    assert plan.seq < tuned.seq
    assert plan.body["plan"]["targets"] == ["labels"]
    assert tuned.key == "tiny-labels-0"
    assert tuned.body["base"]["fingerprint"]


def test_a_stopped_training_exits_with_1_and_goes_on(
    discretion: Command, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from discretion.training.sft import SupervisedTrainer

    words = (*WORDS, "--targets", "labels", "--epochs", 1, "--train-only")
    train = SupervisedTrainer.train

    def interrupted(self: SupervisedTrainer, *given: Any) -> Path:
        train(self, *given)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(SupervisedTrainer, "train", interrupted)
        outcome = discretion(*words)
    assert outcome.code == 1
    assert "stopped while training tiny-labels-0; repeat the command" in outcome.err
    assert not (desk / "models" / "tiny-labels-0").exists()
    assert discretion(*words).code == 0
    assert [path.name for path in (desk / "models").iterdir()] == ["tiny-labels-0"]


def test_a_full_disk_is_said_before_anything_is_trained(
    discretion: Command, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    outcome = discretion(*WORDS, "--targets", "labels")
    assert outcome.code == 2
    assert (
        "the disk cannot hold the result: 0.0165 GB are needed and 0.001 GB are free" in outcome.err
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("tune", "--model", "tny"), "there is no model 'tny'; use one of: tiny"),
        ((*WORDS, "--targets", "label"), "there is no target 'label'; did you mean 'labels'?"),
        ((*WORDS, "--trainer", "sff"), "there is no trainer 'sff'; did you mean 'sft'?"),
        ((*WORDS, "--hold-out", "scenario=x"), "no case belongs to the held-out scenario 'x'"),
        ((*WORDS, "--hold-out", "colour"), "has no group 'colour'; hold out by one of"),
        ((*WORDS, "--hold-out", "time"), "90 of 90 judged cases have no time"),
        ((*WORDS, "--hold-out", "rater=ann"), "nobody who judged is called 'ann'; choose from"),
        ((*WORDS, "--hold-out", "rater", "--folds", "all"), "by rater there is one split"),
        ((*WORDS, "--try-epochs", "few"), "--try-epochs: 'few' are no numbers; write them like"),
        ((*WORDS, "--try-rates", "0"), "try rates: Input should be greater than 0"),
        (
            (*WORDS, "--try-epochs", "1,2", "--export", "out"),
            "settings cannot be tried where another program trains",
        ),
        ((*WORDS, "--learning-rate", "0"), "learning rate: Input should be greater than 0"),
        (
            ("evaluate", "--arm", "tuned:tiny-labels-0/direct"),
            "there is no tuned model 'tuned:tiny-labels-0'; tuned models here: none yet",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    discretion: Command, desk: Path, words: tuple[str, ...], sentence: str
) -> None:
    outcome = discretion(*words)
    assert outcome.code == 2
    assert sentence in outcome.err


def test_a_model_of_the_users_own_learns_labels_plainly_and_nothing_of_the_toys_settings(
    discretion: Command, desk: Path
) -> None:
    save(desk / "base", "llama")
    with (desk / "discretion.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[models.own]\npath = "base"\nform = "cue"\n')
    tuning = "model: tiny\nepochs: 6\nlearning_rate: 0.001\nbatch: 4\nat_once: 2\nlora: true\n"
    (desk / "tuning.yaml").write_text(tuning, encoding="utf-8")
    words = ("tune", "--model", "own", "--targets", "labels", "--hold-out", "case", "--seeds", 1)
    counted = json.loads(discretion(*words, "--judgments", 60, "--dry-run", "--json").out)
    [course] = counted["courses"]
    assert course["judgments"] == 60 > course["examples"]
    assert course["as_labels"] >= course["with_explanations"]
    outcome = discretion(*words, "--judgments", 60, "--epochs", 1, "--train-only", "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.err.startswith("reading the workspace, its judgments and the model")
    [made] = json.loads(outcome.out)["models"]
    assert made["arm"] == "tuned:own-labels-0/plain"
    assert isinstance(made["learned"], bool)
    notes = read_notes(desk / "models" / "own-labels-0")
    recipe = notes["recipe"]
    # The toy's file says 6 epochs at 1e-3; only what is about no model in particular is taken.
    assert (recipe["epochs"], recipe["learning_rate"], recipe["batch"]) == (1, 1e-4, 10)
    assert (recipe["outside"], recipe["lora"]) == (0.1, False)
    assert notes["examples"]["judgments"] == 60 > notes["examples"]["count"]
    # Taught, and asked from then on, without the end of the turn.
    assert notes["settings"]["form"] == "cue-word"
    card = (desk / "models" / "own-labels-0" / "README.md").read_text(encoding="utf-8")
    assert "**Judgments**: 60, of which" in card
    assert ("**Own examples**" in card) == made["learned"]
    assert ("**No outcome**" in card) != made["learned"]
    assert ("is no outcome: it did not learn" in outcome.err) != made["learned"]
    run = json.loads(discretion("evaluate", "--arm", made["arm"], "--json").out)
    assert (run["failed"], run["calls"]) == (0, 2 * (90 - len(notes["seen"])))


def test_a_training_that_did_not_learn_is_said_first_and_gives_no_verdict(
    discretion: Command, desk: Path
) -> None:
    words = (*WORDS, "--targets", "labels,real-after", "--epochs", 1, "--learning-rate", "1e-9")
    outcome = discretion(*words, "--averaging", "example")
    assert outcome.code == 0, outcome.err
    report = discretion("report")
    assert report.code == 0, report.err
    unlearned = [
        one for one in ("labels", "real-after") if f"{one}-0/direct is no outcome" in outcome.err
    ]
    assert unlearned
    for target in unlearned:
        assert f"Training on {target} did not learn: on the" in report.out.replace("\n", " ")


def test_labels_need_no_explanations_and_explanations_say_how_many_they_leave_out(
    discretion: Command, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from discretion.storage import records

    judgments = records.panel_judgments

    def bare(*given: Any) -> Any:
        return [replace(one, explanation=None) for one in judgments(*given)]

    monkeypatch.setattr(records, "panel_judgments", bare)
    labels = json.loads(discretion(*WORDS, "--targets", "labels", "--dry-run", "--json").out)
    assert labels["courses"][0]["judgments"] == 40
    assert "no explanation" not in labels["courses"][0]["not_taught"]
    both = discretion(*WORDS, "--targets", "labels,real-after", "--dry-run")
    assert both.code == 2
    assert "no explanation" in both.err and "--targets labels" in both.err
