"""`discretion models get hub:…`, against a hub on loopback."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

hub_library = pytest.importorskip("huggingface_hub")
pytest.importorskip("torch")

from discretion.models.catalog import fetching  # noqa: E402
from discretion.models.catalog import hub as hubs  # noqa: E402
from models.small import build_model, build_tokenizer  # noqa: E402
from servers.hub import COMMIT, REPOSITORY, Hub  # noqa: E402

from .conftest import Command  # noqa: E402

pytestmark = pytest.mark.torch

NAME = f"hub:{REPOSITORY}@{COMMIT}"
WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, bytes]:
    """A model as its maker keeps it, with what is not taken: a pickle, code, a folder."""
    folder = tmp_path_factory.mktemp("maker")
    build_model("llama", max_position_embeddings=2048).save_pretrained(folder)
    build_tokenizer().save_pretrained(folder)
    kept = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    more = {"pytorch_model.bin": b"pickle", "modeling.py": b"code", "onnx/model.onnx": b"x"}
    return {**kept, **more}


@pytest.fixture
def hub(files, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with Hub(files) as one:
        monkeypatch.setenv("HF_ENDPOINT", one.url)
        monkeypatch.setattr(hub_library.constants, "HF_HUB_OFFLINE", False)
        yield one
    hub_library.close_session()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / ".cache" / "discretion" / "models"


def test_a_model_of_a_hub_is_shown_fetched_and_asked_without_a_network(
    discretion: Command, desk: Path, hub: Hub, place: Path, files, monkeypatch: pytest.MonkeyPatch
) -> None:
    got = discretion("models", "get", NAME, "--yes")
    assert (got.code, got.out) == (0, f"small-chat  in {place / 'small-chat'}\n"), got.err
    assert got.err.endswith("next: discretion evaluate --arm small-chat/plain\n")
    for shown in (COMMIT, "mit", REPOSITORY, "on disk"):
        assert shown in got.err
    kept = {path.name for path in (place / "small-chat").iterdir()}
    assert kept == {
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "origin.yaml",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    assert (place / "small-chat" / WEIGHTS).read_bytes() == files[WEIGHTS]
    assert not any("pytorch_model.bin" in path for _, path, _ in hub.asked)

    before = len(hub.asked)
    with (desk / "discretion.toml").open("a", encoding="utf-8") as stream:
        stream.write("\n[models.small-chat]\nallow_outside = true\n")
    asked = discretion("evaluate", "--arm", "small-chat/direct", "--cases", "4")
    assert asked.code == 0, asked.err
    assert len(hub.asked) == before
    assert COMMIT in discretion("models", "list", "--json").out
    assert discretion("models", "remove", "small-chat", "--yes").code == 0
    assert list(place.iterdir()) == []


def test_nothing_is_fetched_before_the_license_is_accepted(
    discretion: Command, hub: Hub, place: Path
) -> None:
    got = discretion("models", "get", NAME)
    assert (got.code, "add --yes to accept it" in got.err) == (2, True)
    assert not any("/resolve/" in path for _, path, _ in hub.asked)
    assert not place.exists()


def test_a_license_that_is_not_stated_is_said(discretion: Command, hub: Hub) -> None:
    hub.license_name = None
    assert "not stated" in discretion("models", "get", NAME).err


def test_half_a_download_is_gone_on_with(
    discretion: Command, hub: Hub, place: Path, files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whole chunks, of 10 MB unless a test makes them smaller."""
    monkeypatch.setattr(hub_library.constants, "DOWNLOAD_CHUNK_SIZE", 1000)
    hub.cut[WEIGHTS] = 1
    assert discretion("models", "get", NAME, "--yes").code == 0
    came = len(files[WEIGHTS]) // 2 // 1000 * 1000
    ranges = [ranged for _, path, ranged in hub.asked if path.endswith(WEIGHTS) and ranged]
    assert ranges == [f"bytes={came}-"]
    assert (place / "small-chat" / WEIGHTS).read_bytes() == files[WEIGHTS]


def test_files_that_came_whole_are_used_by_the_next_attempt(
    discretion: Command, hub: Hub, place: Path, files
) -> None:
    hub.announced["tokenizer.json"] = b"another"
    failed = discretion("models", "get", NAME, "--yes")
    assert failed.code == 2
    hub.announced.clear()
    assert discretion("models", "get", NAME, "--yes").code == 0
    fetched = [path for method, path, _ in hub.asked if method == "GET" and "/resolve/" in path]
    assert sum(path.endswith("/config.json") for path in fetched) == 1


@pytest.mark.parametrize("name", [WEIGHTS, "config.json"])
def test_a_file_that_is_not_the_announced_one_is_refused(
    discretion: Command, hub: Hub, place: Path, name: str
) -> None:
    hub.announced[name] = bytes(len(hub.files[name]))
    got = discretion("models", "get", NAME, "--yes")
    assert got.code == 2
    assert f"{name} is not the file that the hub announced" in got.err
    assert not (place / "small-chat").exists()


def test_code_of_its_own_is_refused(discretion: Command, hub: Hub, place: Path) -> None:
    config = json.loads(hub.files["config.json"]) | {"auto_map": {"AutoModel": "modeling.X"}}
    hub.files["config.json"] = json.dumps(config).encode()
    got = discretion("models", "get", NAME, "--yes")
    assert (got.code, "run code of its own" in got.err) == (2, True)
    assert not (place / "small-chat").exists()


def test_pickles_alone_are_no_model(discretion: Command, hub: Hub) -> None:
    del hub.files[WEIGHTS]
    got = discretion("models", "get", NAME, "--yes")
    assert (got.code, "choose a model that is stored as safetensors" in got.err) == (2, True)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (f"hub:{REPOSITORY}", "no commit is named"),
        (f"hub:{REPOSITORY}@main", "'main' can change"),
        (f"hub:{REPOSITORY}@{COMMIT[:12]}", "can change"),
        ("hub:small", "write hub:ORG/NAME@COMMIT"),
        (f"hub:maker/other@{COMMIT}", "the hub has no such model or commit"),
    ],
)
def test_a_name_that_is_none_is_said(
    discretion: Command, hub: Hub, written: str, said: str
) -> None:
    got = discretion("models", "get", written, "--yes")
    assert (got.code, said in got.err) == (2, True), got.err


def test_a_model_behind_a_gate_says_where_it_opens(discretion: Command, hub: Hub) -> None:
    hub.gated = True
    got = discretion("models", "get", NAME, "--yes")
    assert (got.code, "set HF_TOKEN" in got.err) == (2, True), got.err


def test_a_hub_that_does_not_answer_is_said(
    discretion: Command, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
    got = discretion("models", "get", NAME, "--yes")
    assert (got.code, "check the connection" in got.err) == (2, True), got.err


def test_an_offline_setting_is_said(
    discretion: Command, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_library.constants, "HF_HUB_OFFLINE", True)
    got = discretion("models", "get", NAME, "--yes")
    assert (got.code, "HF_HUB_OFFLINE is set" in got.err) == (2, True), got.err


def test_a_missing_extra_is_said(
    discretion: Command, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "find_spec", lambda name: None)
    got = discretion("models", "get", NAME, "--yes")
    assert (got.code, "needs the [hub] extra" in got.err) == (2, True), got.err


def test_too_little_disk_is_said_before_anything_is_asked(
    discretion: Command, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = fetching.shutil.disk_usage("/")._replace(free=5)
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda path: usage)
    got = discretion("models", "get", NAME)
    assert (got.code, "the disk is too full" in got.err) == (2, True), got.err


def test_it_may_be_given_a_name_but_not_one_that_is_taken(
    discretion: Command, hub: Hub, place: Path
) -> None:
    for name in ("tiny", "smollm2", "Small Chat", "../up"):
        got = discretion("models", "get", NAME, "--yes", "--as", name)
        assert (got.code, "cannot be the name" in got.err) == (2, True), got.err
    assert discretion("models", "get", NAME, "--yes", "--as", "chat").code == 0
    assert (place / "chat" / WEIGHTS).is_file()
    later = NAME[:-1] + "8"
    got = discretion("models", "get", later, "--yes", "--as", "chat")
    assert (got.code, f"version {COMMIT}" in got.err) == (2, True), got.err
