"""A provider of another package, as the guide shows it, trains and serves a model."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from discretion.core.arms import Choices, Message, Prompt
from discretion.core.cases import Case
from discretion.errors import DiscretionError, StoppedError
from discretion.models.endpoint import Endpoint
from discretion.models.endpoint_settings import EndpointSettings
from discretion.models.openai import OpenAIDialect
from discretion.models.tuned import tuned_settings
from discretion.training.chats import ChatJob, chats_of
from discretion.training.examples import Example, TrainingItem
from discretion.training.hosting import host
from discretion.training.recipes import Recipe
from discretion.training.trainers import ChatTrainer, trainer, trainer_for

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "write-a-trainer.md"


def module():
    [found] = re.findall(
        r'```python\n("""house_trainer\.py.*?)```', PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    return found


@pytest.fixture
def house(tmp_path, monkeypatch):
    """The guide's package, as pip leaves it."""
    info = tmp_path / "site" / "house_trainer-1.0.dist-info"
    info.mkdir(parents=True)
    (tmp_path / "site" / "house_trainer.py").write_text(module(), encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.4\nName: house-trainer\nVersion: 1.0\n")
    points = "[discretion.trainers]\nhouse = house_trainer:HouseTrainer\n"
    (info / "entry_points.txt").write_text(points, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    import house_trainer

    monkeypatch.setattr(house_trainer, "POLL_S", 0.01)
    return trainer("house")


@pytest.fixture
def server():
    """Is done at the second look; gives what was put, by path."""
    put = {}

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self):
            said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.headers["Authorization"] == "Bearer k"
            put.setdefault(self.path, said)
            self.say({"state": "running", "step": 1, "loss": 0.5})

        def do_GET(self):
            self.say({"state": "done", "model": "house-7", "tokens": 12})

        def say(self, body):
            content = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running.server_port, put
        running.shutdown()
        thread.join()


def job_at(port):
    prompt = Prompt(
        (Message("user", "Day 15?"),), Choices("yes grants", ("yes",), ("no",), grant_first=True)
    )
    item = TrainingItem("a", Case("c", "p", "s", text="Day 15?"), granted=True)
    settings = EndpointSettings(
        base_url=f"http://127.0.0.1:{port}", model="m", key_env="HOUSE_KEY", price_training=5
    )
    base = Endpoint("far", settings, OpenAIDialect())
    chats = chats_of([Example(item, prompt, "yes", weight=2)], base)
    return ChatJob("far-labels-0", base, chats, Recipe(), 0)


def test_it_is_at_most_sixty_lines():
    assert len(module().splitlines()) <= 60


def test_its_model_is_asked_at_the_bases_address(house, server, tmp_path, monkeypatch):
    monkeypatch.setenv("HOUSE_KEY", "k")
    port, put = server
    assert isinstance(house, ChatTrainer)
    job, told, models = job_at(port), [], tmp_path / "models"
    notes = {"base": {"model": "far"}}
    models.mkdir()
    hosted = host(job, house, models, notes, lambda found: found.sentence, told.append)
    assert hosted.sentence == f"model house-7, job {job.key}, 12 trained tokens, 0.0001 USD"
    [sent] = put.values()
    assert len(sent["examples"].splitlines()) == 2 and sent["n_epochs"] == 3
    assert [one.loss for one in told] == [0.5]
    asked = tuned_settings(tmp_path, "far-labels-0")
    assert (asked["kind"], asked["model"], asked["key_env"]) == ("openai", "house-7", "HOUSE_KEY")
    assert [path.name for path in models.iterdir()] == ["far-labels-0"]
    assert host(job, house, models, notes, lambda found: "") is None


def test_a_provider_that_cannot_be_asked_leaves_nothing(house, tmp_path, monkeypatch):
    monkeypatch.setenv("HOUSE_KEY", "k")
    with pytest.raises(StoppedError, match="the provider cannot be asked"):
        host(job_at(9), house, tmp_path, {"base": {}}, lambda found: "")
    assert [path.name for path in tmp_path.glob("far*")] == ["far-labels-0.unfinished"]


def test_what_it_does_not_take_is_refused_before(house, tmp_path):
    base = job_at(9).base
    assert trainer_for("house", Recipe(), base) is not None
    with pytest.raises(DiscretionError, match="the provider takes no settings"):
        trainer_for("house", Recipe(more={"x": 1}), base)
    with pytest.raises(DiscretionError, match="trains models in folders, and 'far' is at an"):
        trainer_for("sft", Recipe(), base)
