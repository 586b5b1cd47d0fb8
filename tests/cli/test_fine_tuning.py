"""A provider's fine-tuning API as a trainer: nothing is sent unasked, paid twice, or lost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from discretion.models.folder import read_notes
from discretion.storage import Store
from discretion.training import openai_jobs
from discretion.training.fits import fit_from_json
from servers.fine_tuning import BASE, Provider

from .conftest import Command, Outcome

pytest.importorskip("torch")
pytest.importorskip("openai")
pytestmark = pytest.mark.torch

WORDS = ("tune", "--model", "far", "--hold-out", "case", "--judgments", 40, "--seeds", 1)
LABELS = (*WORDS, "--targets", "labels", "--epochs", 1)
ONCE = (*LABELS, "--train-only")
NAME = "far-labels-0"
JOBS, FILES = "/fine_tuning/jobs", "/files"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    monkeypatch.setattr(openai_jobs, "FIRST_POLL_S", 0.02)
    monkeypatch.setattr(openai_jobs, "LONGEST_POLL_S", 0.02)
    monkeypatch.setattr("discretion.models.fine_tuning.LOOKS_S", (0.0, 0.01))
    monkeypatch.setattr("discretion.models.retry.FIRST_S", 0.01)
    with Provider() as running:
        yield running


@pytest.fixture
def far(desk: Path, provider: Provider) -> Path:
    """The example's desk with a model at a provider."""
    return settled(desk, provider)


def settled(desk: Path, provider: Provider, more: str = "") -> Path:
    toml = desk / "discretion.toml"
    written = toml.read_text(encoding="utf-8").partition("\n[models.far]")[0]
    toml.write_text(
        f'{written}\n[models.far]\nkind = "openai"\nbase_url = "{provider.url}"\n'
        f'model = "{BASE}"\nreads_twin = true\n{more}',
        encoding="utf-8",
    )
    return desk


def work(desk: Path, name: str = NAME) -> Path:
    return desk / "models" / f"{name}.unfinished"


def tuned(desk: Path, name: str = NAME) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(
        (desk / "models" / name / "endpoint.json").read_text(encoding="utf-8")
    )
    return said


def test_it_is_taught_there_and_asked_there_what_was_held_out(
    discretion: Command, far: Path, provider: Provider
) -> None:
    settled(far, provider, "price_training = 25\n")
    outcome = discretion(*WORDS, "--targets", "labels", "--epochs", 4, "--yes")
    assert outcome.code == 0, outcome.err
    [job] = provider.jobs.values()
    said = tuned(far)
    assert (said["job"], said["settings"]["model"]) == (job["id"], job["fine_tuned_model"])
    assert said["trained_tokens"] == job["trained_tokens"]
    assert float(said["cost"]) == pytest.approx(25 * job["trained_tokens"] / 1e6)
    assert "step " in outcome.err and "loss " in outcome.err
    losses = [one["data"]["train_loss"] for one in provider.events[job["id"]] if one["data"]]
    assert len(losses) == 20 and sum(losses[-5:]) < 0.9 * sum(losses[:5])
    notes = read_notes(far / "models" / NAME)
    asked = [body for method, path, body in provider.asked if path == "/chat/completions"]
    models = Counter(body["model"] for body in asked)
    assert models[job["fine_tuned_model"]] > 0 < models[BASE]
    assert "discretion report" in outcome.err
    report = discretion("report", "--json")
    assert report.code == 0, report.err
    run = json.loads(discretion("evaluate", "--arm", f"tuned:{NAME}/direct", "--json").out)
    assert (run["failed"], run["calls"]) == (0, 2 * (90 - len(notes["seen"])))
    card = (far / "models" / NAME / "README.md").read_text(encoding="utf-8")
    assert f"job {job['id']}" in card and "| direct |" in card
    assert "- **Own examples**: on the 40 judgments that it was taught" in card


def test_a_job_that_teaches_nothing_is_no_outcome(
    discretion: Command, far: Path, provider: Provider
) -> None:
    provider.rate = 0.0
    outcome = discretion(*ONCE, "--json")
    assert outcome.code == 0, outcome.err
    said = f"tuned:{NAME}/direct is no outcome: it did not learn: on the 40 judgments"
    assert said in outcome.err
    assert "- **No outcome**: it did not learn" in (far / "models" / NAME / "README.md").read_text(
        encoding="utf-8"
    )
    [made] = json.loads(outcome.out)["models"]
    assert made["learned"] is False
    with Store(far / "discretion.db") as store:
        [noted] = store.entries("tuned")
    assert fit_from_json(noted.body["fit"]).sentence == made["fit"]


def test_a_budget_that_does_not_reach_for_asking_stops_and_no_job_is_paid_again(
    discretion: Command, far: Path, provider: Provider
) -> None:
    stopped = discretion(*ONCE, "--budget", "3calls")
    assert stopped.code == 1, stopped.err
    assert "the budget of 3 calls is spent" in stopped.err
    assert not (far / "models" / NAME).exists()
    outcome = discretion(*ONCE)
    assert outcome.code == 0, outcome.err
    assert (len(provider.files), len(provider.jobs)) == (1, 1)
    assert "on the 40 judgments that it was taught" in (
        far / "models" / NAME / "README.md"
    ).read_text(encoding="utf-8")


def test_a_model_that_does_not_answer_is_kept_and_not_said_to_have_learned(
    discretion: Command, far: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert discretion("models", "probe", "far").code == 0
    monkeypatch.setattr(provider, "_complete", lambda _: None)
    outcome = discretion(*ONCE)
    assert outcome.code == 0, outcome.err
    assert f"tuned:{NAME}/direct: not known whether it learned what it was taught" in outcome.err
    assert "Own examples" not in (far / "models" / NAME / "README.md").read_text(encoding="utf-8")


def test_the_file_has_one_line_for_each_judgment_and_keeps_the_rates(
    discretion: Command, far: Path, provider: Provider
) -> None:
    targets = "labels,real-before,real-after,shuffled-after"
    outcome = discretion(*WORDS, "--targets", targets, "--epochs", 1, "--train-only")
    assert outcome.code == 0, outcome.err
    counts = {}
    for job in provider.jobs.values():
        rows = [one["messages"] for one in provider.lines(job["training_file"])]
        notes = read_notes(far / "models" / str(job["suffix"]))
        assert len(rows) == notes["examples"].get("judgments", notes["examples"]["count"])
        counts[notes["target"]] = Counter(decision(row, notes["target"]) for row in rows)
        assert {row[0]["role"] for row in rows} == {"user"}
    assert len(counts) == 4
    assert len({tuple(sorted(one.items())) for one in counts.values()}) == 1


def decision(row: list[dict[str, str]], target: str) -> bool:
    """Whether a conversation grants, read by its words alone."""
    said = row[1]["content"].split()
    word = said[-1] if target.endswith("before") else said[0]
    asks = row[0]["content"]
    return {"yes": "allow it" in asks, "no": "allow it" not in asks, "grant": True}.get(word, False)


def test_nothing_is_sent_before_somebody_allows_it(
    discretion: Command, desk: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(desk, provider, "price_training = 3\n")
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    outcome = discretion(*ONCE)
    assert outcome.code == 2
    assert "40 training examples in 1 file would leave this machine" in outcome.err
    assert "cost      about " in outcome.err and " USD" in outcome.err
    assert "then      " in outcome.err and "calls to see whether what was taught" in outcome.err
    assert "nobody has allowed training examples to go to 127.0.0.1" in outcome.err
    assert not provider.files and not provider.jobs
    assert discretion(*ONCE, "--yes").code == 0
    assert len(provider.jobs) == 1


def test_a_dry_run_shows_what_would_be_sent_and_sends_nothing(
    discretion: Command, desk: Path, provider: Provider
) -> None:
    settled(desk, provider, "price_training = 3\n")
    words = (*WORDS, "--targets", "labels,real-after", "--set", "learning_rate_multiplier=2")
    outcome = discretion(*words, "--dry-run")
    assert outcome.code == 0, outcome.err
    assert "2 jobs at 127.0.0.1" in outcome.out
    assert "sent with each job: n_epochs 3, batch_size 8, learning_rate_multiplier 2" in outcome.out
    assert "a long explanation counts more than its decision" in outcome.out
    assert "<assistant> " in outcome.out
    assert not provider.asked
    rows = json.loads(discretion(*words, "--dry-run", "--json").out)
    assert [one["lines"] for one in rows["courses"]] == [40, 40]
    assert float(rows["cost_about"]) > 0


def test_a_model_in_a_folder_is_not_sent_to_a_provider(discretion: Command, desk: Path) -> None:
    outcome = discretion("tune", "--model", "tiny", "--trainer", "openai", "--targets", "labels")
    assert outcome.code == 2
    assert "the trainer 'openai' trains models at a provider, and this one is in a folder" in (
        outcome.err
    )


def test_a_command_that_was_stopped_goes_on_following_its_job(
    discretion: Command, far: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.hangs = True

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("discretion.cli.progress.Steps.tell", interrupt)
        stopped = discretion(*ONCE)
    assert stopped.code == 1
    assert "stopped following ftjob-1, which keeps running and is paid for" in stopped.err
    assert f"to end it: discretion models cancel {NAME}" in stopped.err
    assert not (far / "models" / NAME).exists()
    provider._train("ftjob-1")
    outcome = discretion(*ONCE)
    assert outcome.code == 0, outcome.err
    assert (len(provider.files), len(provider.jobs)) == (1, 1)
    assert tuned(far)["job"] == "ftjob-1"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--learning-rate", 1e-4), "a provider takes a multiplier"),
        (("--lora",), "lora is for models that are trained here"),
        (("--try-epochs", "1,2"), "try epochs is for models that are trained here"),
        (("--targets", "labels,head"), "a head reads hidden states, and 'far' is at an endpoint"),
        (("--trainer", "sft"), "the trainer 'sft' trains models in folders, and 'far' is at an"),
        (("--processes", 2), "trains in one process"),
    ],
)
def test_what_no_provider_can_be_told_is_refused_before_anything_is_sent(
    discretion: Command, far: Path, provider: Provider, words: tuple[Any, ...], sentence: str
) -> None:
    outcome = discretion(*WORDS, *words, "--dry-run")
    assert outcome.code == 2
    assert sentence in outcome.err
    assert not provider.asked


def test_the_arm_keeps_the_limits_and_prices_of_its_base(
    discretion: Command, far: Path, provider: Provider
) -> None:
    from discretion.models.tuned import tuned_settings

    assert discretion(*ONCE).code == 0
    base = {"base_url": provider.url, "model": BASE, "requests_per_minute": 9, "price_in": 1}
    asked = tuned_settings(far, NAME, {"far": base | {"price_out": 2, "price_tuned_in": 3}})
    assert (asked["kind"], asked["requests_per_minute"]) == ("openai", 9)
    assert (asked["price_in"], asked["price_out"]) == (3, 2)
    assert asked["model"] == tuned(far)["settings"]["model"]
    elsewhere = tuned_settings(far, NAME, {"far": base | {"base_url": "https://x.example/v1"}})
    assert elsewhere["base_url"] == provider.url and "requests_per_minute" not in elsewhere


def test_it_stands_among_the_models_and_can_be_removed(
    discretion: Command, far: Path, provider: Provider
) -> None:
    assert discretion(*ONCE).code == 0
    rows = {row["name"]: row for row in json.loads(discretion("models", "--json").out)}
    row = rows[f"tuned:{NAME}"]
    assert (row["kind"], row["base"]) == ("openai", "far")
    assert row["where"].startswith("127.0.0.1")
    outcome: Outcome = discretion("models", "remove", NAME, "--yes")
    assert outcome.code == 0
    assert f"stays at {provider.url}; delete it there" in outcome.err
