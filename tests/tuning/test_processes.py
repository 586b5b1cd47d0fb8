"""Several processes make the steps of one, and the first alone reads, writes and speaks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from discretion.errors import DiscretionError
from discretion.tuning import processes
from discretion.tuning.jobs import Recipe, job_from_json, job_to_json
from discretion.tuning.losses import collate, filler, weighted_loss

from .jobs_at_hand import job, run, same, weights
from .templates_at_hand import save

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")
pytestmark = pytest.mark.torch

SCRIPT = """
import sys
from pathlib import Path
from typing import Any
sys.path.insert(0, {tests!r})
from tuning.test_processes import in_two
in_two(Path(sys.argv[1]), *sys.argv[2:])
"""


def in_two(folder: Path, *kinds: str) -> None:
    """Run in a process of its own: jobs in one process, and then in two, of which this one leads.

    Every second kind is trained with adapters. ``KIND by trl`` is trained by TRL in two, with its
    own averaging.
    """
    pairs = []
    for number, words in enumerate(kinds):
        kind, _, other = words.partition(" by ")
        lora = number % 2 == 1
        base = save(folder / words / "base", kind)
        more: dict[str, Any] = {"averaging": "trainer"} if other else {}
        more |= {"lora": lora, "learning_rate": 0.05 if lora else 1e-3}
        one = job(base, at_once=2, count=11, checkpoint_seconds=0, **more)
        two = replace(one, recipe=replace(one.recipe, processes=2))
        pairs.append((folder / words, one, two, other or "sft"))
    if len(kinds) == 1:
        try:
            with processes.together(2):
                run(pairs[0][2], pairs[0][0] / "two", Killing(4).watch)
        except DiscretionError as error:
            print(json.dumps({"said": str(error)}))
    with processes.together(2):
        for place, _, two, by in pairs:
            losses: list[float] = []
            run(two, place / "two", lambda now, seen=losses: seen.append(now.loss), by)
            print(json.dumps(losses))
    for place, one, *_ in pairs:
        losses = []
        run(one, place / "one", lambda now, seen=losses: seen.append(now.loss))
        print(json.dumps(losses))


class Killing:
    """Kills the other process at a step, as the operating system might."""

    def __init__(self, step: int) -> None:
        self.step = step

    def watch(self, progress: Any) -> None:
        if progress.step == self.step:
            import signal

            children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()
            os.kill(int(children.split()[0]), signal.SIGKILL)


def started(folder: Path, *words: str) -> list[Any]:
    """What `in_two` printed."""
    tests = str(Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(tests=tests), folder, *words],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert "Fatal Python error" not in done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_two_processes_end_in_the_weights_of_one(tmp_path: Path) -> None:
    kinds = ["llama", "qwen3-opening", "gemma3"]
    kinds += ["llama by trl"] if find_spec("trl") else []
    printed = started(tmp_path, *kinds)
    half = len(kinds)
    for place, two_losses, one_losses in zip(kinds, printed[:half], printed[half:], strict=True):
        assert two_losses == pytest.approx(one_losses, rel=1e-5)
        one, two, base = (
            weights(tmp_path / place / name) for name in ("one/result", "two/result", "base")
        )
        for key, value in one.items():
            assert (value - two[key]).abs().max() < 1e-5
        assert any((one[key] - base[key]).abs().max() > 1e-3 for key in one)


@pytest.mark.skipif(not Path("/proc").exists(), reason="finds the other process in /proc")
def test_when_one_dies_the_other_says_so_and_they_go_on_from_the_checkpoint(
    tmp_path: Path,
) -> None:
    said, two_losses, one_losses = started(tmp_path, "llama")
    assert "one of the 2 processes died with exit code -9; repeat the command" in said["said"]
    assert 0 < len(two_losses) < len(one_losses)
    assert two_losses == pytest.approx(one_losses[-len(two_losses) :], rel=1e-5)
    one, two = (weights(tmp_path / "llama" / name / "result") for name in ("one", "two"))
    assert all((value - two[key]).abs().max() < 1e-5 for key, value in one.items())


def test_what_fills_up_a_step_teaches_nothing(tmp_path: Path) -> None:
    from discretion.models.loading import load

    base = save(tmp_path / "base", "llama")
    empty = filler(job(base).masked[0])
    assert [empty.shares(averaging) for averaging in ("example", "trainer")] == [0, 0]
    batch = collate([empty], "example", pad=0)
    model = load("small", base).model
    kept = batch["weights"][:, 1:].any(0).nonzero()[:, 0]
    logits = model(input_ids=batch["input_ids"], logits_to_keep=kept).logits
    loss = weighted_loss(logits, batch["input_ids"][:, kept + 1], batch["weights"][:, kept + 1], 3)
    loss.backward()
    assert loss.item() == 0
    assert all(not value.grad.any() for value in model.parameters())


def test_a_job_is_handed_on_as_it_is(tmp_path: Path) -> None:
    one = job(save(tmp_path / "base", "llama"), more={"weight_decay": 0.1})
    read = json.loads(json.dumps(job_to_json(one)))
    assert job_from_json(read, one.masked) == one


def test_the_number_that_joined_is_the_number_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert processes.asked_for(None) == 1
    assert processes.asked_for(2) == 2
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert processes.asked_for(None) == processes.asked_for(2) == 2
    with pytest.raises(DiscretionError, match="3 processes were asked for and 2 joined"):
        processes.asked_for(3)


def test_a_launcher_that_started_one_process_in_silence_is_noticed(tmp_path: Path) -> None:
    """As `accelerate launch --cpu --num_processes 2` did."""
    one = job(save(tmp_path / "base", "llama"), at_once=2, processes=2)
    with (
        pytest.MonkeyPatch.context() as patch,
        pytest.raises(DiscretionError, match="run on 1 devices or processes at once, and 2 were"),
    ):
        patch.setattr(processes, "tell", lambda _: None)
        run(one, tmp_path / "work")


def test_a_batch_is_made_of_whole_parts_of_every_process() -> None:
    assert Recipe(batch=8, at_once=8, processes=2).forward == 4
    assert Recipe(batch=8, at_once=2, processes=2).forward == 2
    with pytest.raises(DiscretionError, match="cannot be made of 2 examples at once in each of 3"):
        _ = Recipe(batch=8, at_once=8, processes=3).forward


def test_each_process_has_a_gpu_of_its_own_or_none_has(monkeypatch: pytest.MonkeyPatch) -> None:
    processes.take_gpu(2, "cpu")
    taken = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    monkeypatch.setenv("LOCAL_RANK", "1")
    processes.take_gpu(2, "cuda")
    assert taken == [1]
    for count, device in ((2, "cuda:0"), (3, "cuda")):
        with pytest.raises(DiscretionError, match="cannot each have a GPU"):
            processes.take_gpu(count, device)


def test_one_process_is_the_same_whether_or_not_others_are_possible(tmp_path: Path) -> None:
    base = save(tmp_path / "base", "llama")
    before = run(job(base), tmp_path / "a")
    with processes.together(1):
        assert same(before, run(job(base), tmp_path / "b"))
