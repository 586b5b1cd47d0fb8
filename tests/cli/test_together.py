"""`discretion tune` in two processes: one log, one output, the weights of one process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from discretion.models.folder import read_notes
from discretion.workspace import open_workspace

from .conftest import Command

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")
pytestmark = pytest.mark.torch

WORDS = (
    "tune",
    "--model",
    "tiny",
    "--hold-out",
    "case",
    "--judgments",
    "40",
    "--targets",
    "labels",
)
ONCE = ("--epochs", "1", "--seeds", "1", "--train-only")


def torchrun(desk: Path, *words: str) -> subprocess.CompletedProcess[str]:
    launcher = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")
    return subprocess.run(
        [*launcher, "-m", "discretion", *words],
        cwd=desk,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=600,
    )


def test_a_launcher_starts_two_processes_of_which_one_writes_and_speaks(
    discretion: Command, desk: Path
) -> None:
    from safetensors.torch import load_file

    alone = discretion(*WORDS, *ONCE, "--name", "alone")
    assert alone.code == 0, alone.err
    done = torchrun(desk, *WORDS, *ONCE, "--name", "both")
    assert done.returncode == 0, done.stderr
    [line] = done.stdout.splitlines()
    assert line.startswith("tuned:both-labels-0/direct  ")
    assert done.stderr.count("training 1 of 1: labels, seed 0") == 1
    with open_workspace(desk).store as store:
        assert [entry.key for entry in store.entries("tuned")] == [
            "alone-labels-0",
            "both-labels-0",
        ]
        assert store.verify().ok
    one, two = (desk / "models" / f"{name}-labels-0" for name in ("alone", "both"))
    ours, theirs = (load_file(path / "model.safetensors") for path in (one, two))
    assert all((value - theirs[key]).abs().max() < 1e-5 for key, value in ours.items())
    assert read_notes(one)["recipe"]["processes"] == 1
    assert read_notes(two)["recipe"]["processes"] == 2
    assert not list((desk / "models").glob("*.unfinished"))


def test_another_number_than_was_asked_for_is_refused(discretion: Command, desk: Path) -> None:
    done = torchrun(desk, *WORDS, *ONCE, "--processes", "3")
    assert done.returncode == 1
    assert "3 processes were asked for and 2 joined" in done.stderr
    assert done.stdout == ""
    alone = discretion(*WORDS, *ONCE, "--processes", 2)
    assert alone.code == 2
    assert "2 processes were asked for and 1 joined" in alone.err
    assert "torchrun --nproc_per_node 2 -m discretion tune" in alone.err
    assert not (desk / "models").exists()
