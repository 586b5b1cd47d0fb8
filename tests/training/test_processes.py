"""Several processes make the steps of one, and the first alone reads, writes and speaks."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from discretion.errors import DiscretionError
from discretion.models.loading import Settings
from discretion.training import processes
from discretion.training.jobs import Job, job_from_json, job_to_json
from discretion.training.losses import collate, filler, weighted_loss
from discretion.training.recipes import Recipe

from .jobs_at_hand import job, run, weights, whole
from .templates_at_hand import save

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")
pytestmark = pytest.mark.torch

SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from training.test_processes import in_two
in_two(Path(sys.argv[1]), *sys.argv[2:])
"""


def in_two(folder: Path, *kinds: str) -> None:
    """Run in each of two processes: their jobs, of which rank 0 prints the losses.

    ``killed`` before the kinds has the other process killed at the fourth step.
    """
    if processes.rank():
        (folder / "other").write_text(str(os.getpid()))
        processes.follow()
        return
    killed, kinds = kinds[:1] == ("killed",), tuple(kind for kind in kinds if kind != "killed")
    try:
        with processes.together():
            for place, _, two, by in jobs(folder, *kinds):
                losses: list[float] = []

                def watch(now: Any, losses: list[float] = losses) -> None:
                    losses.append(now.loss)
                    if killed and now.step == 4:
                        os.kill(int((folder / "other").read_text()), signal.SIGKILL)

                run(two, place / "two", watch, by)
                print(json.dumps(losses))
    except DiscretionError as error:
        print(json.dumps({"error": str(error)}))


def jobs(folder: Path, *kinds: str) -> Iterator[tuple[Path, Job, Job, str]]:
    """A place for each kind of model, its job in one process and in two, and the trainer in two.

    Every second kind is trained with adapters. ``KIND by trl`` is trained by TRL in two, with its
    own averaging.
    """
    for number, words in enumerate(kinds):
        kind, _, other = words.partition(" by ")
        lora = number % 2 == 1
        base = folder / words / "base"
        more: dict[str, Any] = {"averaging": "trainer"} if other else {}
        more |= {"lora": lora, "learning_rate": 0.05 if lora else 1e-3}
        one = job(
            Settings(path=base) if base.exists() else save(base, kind),
            at_once=2,
            count=11,
            checkpoint_seconds=0,
            **more,
        )
        two = replace(one, recipe=replace(one.recipe, processes=2))
        yield folder / words, one, two, other or "sft"


def launched(folder: Path, *words: str) -> list[Any]:
    """What `in_two` printed in two processes, started as a launcher starts them."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    both = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    script = SCRIPT.format(tests=str(Path(__file__).parents[1]))
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, folder, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **both, "OMP_NUM_THREADS": "1", "RANK": rank, "LOCAL_RANK": rank},
        )
        for rank in ("0", "1")
    ]
    try:
        [(out, error), (nothing, _)] = [one.communicate(timeout=600) for one in started]
    finally:
        for one in started:
            one.kill()
    assert started[0].returncode == 0, error
    assert started[1].returncode == (-signal.SIGKILL if "killed" in words else 0)
    assert "Fatal Python error" not in error and not nothing
    return [json.loads(line) for line in out.splitlines()]


def in_one(folder: Path, *kinds: str) -> list[list[float]]:
    """The losses of the same jobs in this process."""
    every = []
    for place, one, *_ in jobs(folder, *kinds):
        losses: list[float] = []
        run(one, place / "one", lambda now, losses=losses: losses.append(now.loss))
        every.append(losses)
    return every


def test_two_processes_end_in_the_weights_of_one(tmp_path: Path) -> None:
    kinds = ["llama", "qwen3-opening", "gemma3"]
    kinds += ["llama by trl"] if find_spec("trl") else []
    for two_losses, one_losses, (place, made, *_) in zip(
        launched(tmp_path, *kinds), in_one(tmp_path, *kinds), jobs(tmp_path, *kinds), strict=True
    ):
        assert two_losses == pytest.approx(one_losses, rel=1e-5)
        base = Settings(path=made.base.path)
        one, two = (whole(place / name / "result", base) for name in ("one", "two"))
        for key, value in one.items():
            assert (value - two[key]).abs().max() < 1e-5
        before = weights(base.path)
        assert any((one[key] - before[key]).abs().max() > 1e-3 for key in before)


def test_when_one_dies_the_first_says_so_and_they_go_on_from_the_checkpoint(
    tmp_path: Path,
) -> None:
    [stopped] = launched(tmp_path, "killed", "llama")
    assert "one of the 2 processes ended before the training did" in stopped["error"]
    assert "repeat the command to go on from the last checkpoint" in stopped["error"]
    [two_losses] = launched(tmp_path, "llama")
    [one_losses] = in_one(tmp_path, "llama")
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
    assert processes.asked_for(None) == processes.asked_for(1) == 1
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert processes.asked_for(None) == processes.asked_for(2) == 2
    for planning in (False, True):
        with pytest.raises(DiscretionError, match="3 processes were asked for and 2 joined"):
            processes.asked_for(3, planning=planning)


def test_several_need_a_launcher_unless_nothing_is_trained() -> None:
    with pytest.raises(DiscretionError, match="torchrun --nproc_per_node 2 -m discretion tune"):
        processes.asked_for(2)
    assert processes.asked_for(2, planning=True) == 2


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
