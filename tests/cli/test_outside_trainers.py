"""A trainer of another package, as the guide shows it, trains on another machine."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from discretion import models
from discretion.models.folder import read_notes
from discretion.training.trainers import Trainer, trainer
from training.plain_training import steps

from .conftest import Command

pytest.importorskip("torch")
pytest.importorskip("accelerate")
pytestmark = pytest.mark.torch

TINY = Path(models.__file__).parent / "tiny"
WORDS = ("tune", "--model", "tiny", "--hold-out", "case", "--judgments", 40, "--targets", "labels")
ONCE = ("--epochs", 1, "--seeds", 1, "--train-only")
PAGE = Path(__file__).parents[2] / "docs" / "guide" / "write-a-trainer.md"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guide's package, as pip leaves it: a module, and metadata with its entry points."""
    page = PAGE.read_text(encoding="utf-8")
    [module] = re.findall(r'```python\n("""remote_trainer\.py.*?)```', page, re.DOTALL)
    [point] = re.findall(r'"discretion\.trainers"\]\n(.*?)\n```', page)
    site = tmp_path / "site"
    info = site / "remote_trainer-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "remote_trainer.py").write_text(module, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.4\nName: remote-trainer\nVersion: 1.0\n")
    points = f"[discretion.trainers]\n{point.replace(chr(34), '')}\n"
    (info / "entry_points.txt").write_text(points, encoding="utf-8")
    monkeypatch.syspath_prepend(str(site))


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """Trains what is posted on its own copy of the base; gives what was posted."""
    posted: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            posted.append(said)
            loss = steps(said, TINY, tmp_path / "theirs")
            weights = (tmp_path / "theirs" / "model.safetensors").read_bytes()
            self.send_response(200)
            self.send_header("X-Loss", str(loss))
            self.send_header("Content-Length", str(len(weights)))
            self.end_headers()
            self.wfile.write(weights)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        monkeypatch.setenv("REMOTE_TRAINER", f"http://127.0.0.1:{running.server_port}/")
        yield posted
        running.shutdown()
        thread.join()


def test_it_is_found_by_its_entry_point(installed: None) -> None:
    found = trainer("remote")
    assert found.name == "remote"
    assert isinstance(found, Trainer)


def test_it_gives_the_same_weights_as_the_built_in_one(
    discretion: Command, desk: Path, installed: None, server: list[dict[str, Any]]
) -> None:
    from safetensors.torch import load_file

    theirs = discretion(*WORDS, *ONCE, "--name", "far", "--trainer", "remote")
    assert theirs.code == 0, theirs.err
    ours = discretion(*WORDS, *ONCE, "--name", "near")
    assert ours.code == 0, ours.err
    far, near = (
        load_file(desk / "models" / f"{name}-labels-0" / "model.safetensors")
        for name in ("far", "near")
    )
    for key, value in near.items():
        assert (value - far[key]).abs().max() < 1e-5
    notes = read_notes(desk / "models" / "far-labels-0")
    assert notes["trainer"] == "remote"
    [posted] = server
    assert len(posted["examples"]) == notes["examples"]["count"]
    run = json.loads(discretion("evaluate", "--arm", "tuned:far-labels-0/direct", "--json").out)
    assert (run["failed"], run["calls"]) == (0, 2 * (90 - len(notes["seen"])))


def test_a_server_that_does_not_answer_is_said_in_a_sentence(
    discretion: Command, desk: Path, installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = (*WORDS, *ONCE, "--trainer", "remote")
    assert "no server is named; set REMOTE_TRAINER to its address" in discretion(*words).err
    monkeypatch.setenv("REMOTE_TRAINER", "http://127.0.0.1:9/")
    outcome = discretion(*words)
    assert outcome.code == 2
    assert "http://127.0.0.1:9/: the server did not train: " in outcome.err
    assert not (desk / "models" / "tiny-labels-0").exists()


def test_it_trains_in_one_process(discretion: Command, desk: Path, installed: None) -> None:
    outcome = discretion(*WORDS, *ONCE, "--trainer", "remote", "--processes", 2, "--dry-run")
    assert outcome.code == 2
    assert "the trainer 'remote' trains in one process; leave it out" in outcome.err
