"""`discretion doctor`, `arms` and `schema`: what there is, for people and for programs."""

from __future__ import annotations

import json
import platform
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from discretion.cli import doctor
from discretion.core.plans import Plan
from discretion.core.policies import Policy
from discretion.core.scenarios import Scenario
from discretion.documents import read_yaml
from discretion.errors import install_command

from .conftest import Command


def test_it_says_version_python_and_extras(discretion: Command) -> None:
    found = json.loads(discretion("doctor", "--json").out)
    assert found["python"] == platform.python_version()
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    assert found["extras"].keys() == project["project"]["optional-dependencies"].keys() - {"all"}


def test_a_missing_extra_is_said_with_the_command_that_installs_it(
    discretion: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "find_spec", lambda name: None)
    outcome = discretion("doctor")
    assert outcome.code == 0
    assert "missing; " + install_command("local") in outcome.out


def test_arms_lists_what_evaluate_takes(discretion: Command, desk: Path) -> None:
    found: dict[str, Any] = json.loads(discretion("arms", "--json").out)
    assert found["models"] == ["tiny"]
    assert "direct" in found["methods"] and "always-refuse" in found["baselines"]
    words = [word for name in found["baselines"] for word in ("--arm", f"baseline/{name}")]
    assert discretion("evaluate", *words, "--dry-run").code == 0


@pytest.mark.parametrize(
    ("document", "folder", "shape"),
    [("policy", "policies", Policy), ("scenario", "scenarios", Scenario), ("plan", "plans", Plan)],
)
def test_a_schema_knows_every_key_that_the_examples_use(
    discretion: Command, desk: Path, document: str, folder: str, shape: type[BaseModel]
) -> None:
    schema = json.loads(discretion("schema", document).out)
    assert schema["$schema"].startswith("https://json-schema.org/")
    for path in (desk / folder).glob("*.yaml"):
        assert set(read_yaml(path).data) <= set(schema["properties"])
        assert shape.model_fields.keys() == schema["properties"].keys()
