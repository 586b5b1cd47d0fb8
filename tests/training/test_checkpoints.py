"""A training that was killed, ran into a full disk or diverged keeps what it takes to go on."""

from __future__ import annotations

import shutil
from contextlib import ExitStack, contextmanager

import pytest

from discretion.errors import StoppedError
from discretion.training.checkpoints import STATE

from .jobs_at_hand import job, run, same, weights

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")
pytest.importorskip("peft")
pytestmark = pytest.mark.torch


class Killed(BaseException):
    """A process that dies."""


def dying_at(step):
    def watch(progress):
        if progress.step == step:
            raise Killed

    return watch


@pytest.mark.parametrize("lora", [False, True])
def test_a_killed_training_goes_on_and_ends_in_the_same_weights(bases, tmp_path, lora):
    made = job(bases["llama"], lora=lora, checkpoint_seconds=0)
    uninterrupted = run(made, tmp_path / "a")
    with pytest.raises(Killed):
        run(made, tmp_path / "b", dying_at(5))
    steps = []
    resumed = run(made, tmp_path / "b", lambda progress: steps.append(progress.step))
    assert steps == [5, 6]
    assert same(uninterrupted, resumed)


@pytest.mark.parametrize("left", [None, "", '{"global_step": 5, "log_hist'])
def test_a_checkpoint_that_was_cut_off_is_not_used(bases, tmp_path, left):
    made = job(bases["llama"], checkpoint_seconds=0)
    with pytest.raises(Killed):
        run(made, tmp_path / "b", dying_at(5))
    [last] = (tmp_path / "b").glob("checkpoint-*")
    cut_off = last.with_name("checkpoint-5")
    shutil.copytree(last, cut_off)
    (cut_off / STATE).unlink()
    if left is not None:
        (cut_off / STATE).write_text(left, encoding="utf-8")
    steps = []
    run(made, tmp_path / "b", lambda progress: steps.append(progress.step))
    assert steps[0] == 5


@contextmanager
def room_for_files_of(size):
    """The operating system lets no file grow beyond a size, as on a disk that is full."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(("room", "step"), [(1.2, 5), (0.5, 6)])
def test_a_full_disk_keeps_the_last_checkpoint_and_the_training_goes_on_from_it(
    bases, tmp_path, room, step
):
    """Room for the weights and not for the optimizer's state, or for neither."""
    made = job(bases["llama"], checkpoint_seconds=0)
    uninterrupted = run(made, tmp_path / "a")
    size = (bases["llama"].path / "model.safetensors").stat().st_size
    with ExitStack() as stack:

        def full(progress):
            if progress.step == step:
                stack.enter_context(room_for_files_of(int(room * size)))

        with pytest.raises(StoppedError, match="a checkpoint cannot be written: ") as error:
            run(made, tmp_path / "b", full)
    assert f"the last good checkpoint, checkpoint-{step - 1}, is kept" in str(error.value)
    assert error.value.fix == "free some space, and repeat the command to go on"
    assert [path.name for path in (tmp_path / "b").iterdir()] == [f"checkpoint-{step - 1}"]
    assert same(uninterrupted, run(made, tmp_path / "b"))


def test_a_full_disk_at_the_end_keeps_the_last_checkpoint(bases, tmp_path, monkeypatch):
    from discretion.training import fitting

    made = job(bases["llama"])
    size = (bases["llama"].path / "model.safetensors").stat().st_size
    saved = fitting._saved

    def full(*given):
        with room_for_files_of(size // 2):
            return saved(*given)

    monkeypatch.setattr(fitting, "_saved", full)
    with pytest.raises(StoppedError, match=r"the result cannot be written: .*checkpoint-6"):
        run(made, tmp_path / "b")
    monkeypatch.undo()
    steps = []
    result = run(made, tmp_path / "b", lambda progress: steps.append(progress.step))
    assert steps == []
    assert same(result, run(made, tmp_path / "a"))


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_good_checkpoint(bases, tmp_path):
    made = job(bases["llama"], learning_rate=1e30, epochs=5, checkpoint_seconds=0)
    with pytest.raises(StoppedError, match="no longer a number") as error:
        run(made, tmp_path / "work")
    assert error.value.fix == "lower --learning-rate"
    assert not (tmp_path / "work" / "result").exists()
    for checkpoint in (tmp_path / "work").glob("checkpoint-*"):
        assert checkpoint.name in str(error.value)
        assert all(bool(torch.isfinite(value).all()) for value in weights(checkpoint).values())
