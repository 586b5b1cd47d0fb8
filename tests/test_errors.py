"""Errors: one sentence that says where, what, and how to fix it."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from discretion import errors
from discretion.errors import DiscretionError, install_command, missing_extra


def test_a_full_error_reads_where_what_mend() -> None:
    error = DiscretionError("120% is no rate", where="a.csv:3", fix="give a share from 0 to 1")
    assert str(error) == "a.csv:3: 120% is no rate; give a share from 0 to 1"


def test_what_is_not_known_leaves_no_gap() -> None:
    assert str(DiscretionError("is empty")) == "is empty"
    assert str(DiscretionError("is empty", fix="fill it")) == "is empty; fill it"
    assert str(DiscretionError("is empty", where="a.yaml")) == "a.yaml: is empty"


def test_a_missing_extra_is_one_sentence_that_names_it() -> None:
    assert str(missing_extra("local", "the model 'tiny'")) == (
        "the model 'tiny' needs the [local] extra; install it with: " + install_command("local")
    )


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        ({"url": "file://{place}/a.whl", "archive_info": {}}, "pip install '{place}/a.whl[local]'"),
        ({"url": "file://{place}/gone.whl"}, "pip install 'discretion[local]'"),
        (
            {"url": "https://example.org/d.git", "vcs_info": {"vcs": "git"}},
            "pip install 'discretion[local] @ git+https://example.org/d.git'",
        ),
        (None, "pip install 'discretion[local]'"),
    ],
)
def test_an_extra_is_installed_from_where_the_package_came_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, origin: dict[str, Any] | None, command: str
) -> None:
    """In a folder of packages, beside which no pyproject.toml lies."""
    place = tmp_path / "my packages"
    place.mkdir()
    (place / "a.whl").touch()
    written = json.dumps(origin).replace("{place}", str(place).replace(" ", "%20"))

    class Distribution:
        def read_text(self, name: str) -> str | None:
            return written if name == "direct_url.json" else None

    monkeypatch.setattr(errors, "__file__", str(place / "discretion" / "errors.py"))
    monkeypatch.setattr(metadata, "distribution", lambda name: Distribution())
    assert errors.install_command("local") == command.replace("{place}", str(place))


def test_in_a_clone_an_extra_is_installed_from_the_clone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.setattr(errors, "__file__", str(tmp_path / "src" / "discretion" / "errors.py"))
    monkeypatch.chdir(tmp_path)
    assert errors.install_command("xlsx") == "pip install -e '.[xlsx]'"
    monkeypatch.chdir("/")
    assert errors.install_command("xlsx") == f"pip install -e '{tmp_path}[xlsx]'"
