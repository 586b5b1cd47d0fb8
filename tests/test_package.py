"""The package as a whole: light to import, one version, runnable."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import discretion

ROOT = Path(__file__).parents[1]
HEAVY = {"torch", "transformers", "sklearn", "scipy", "numpy", "pydantic", "sqlalchemy", "ruamel"}


def python(*arguments: str) -> str:
    ran = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return ran.stdout


def modules_after(statement: str) -> set[str]:
    listed = python("-c", f"import sys; {statement}; print(*sys.modules, file=sys.__stdout__)")
    return {name.split(".")[0] for name in listed.split()}


def test_importing_it_imports_nothing_heavy() -> None:
    assert not modules_after("import discretion") & HEAVY


def test_its_help_imports_nothing_heavy() -> None:
    assert not modules_after("import discretion.cli") & HEAVY


def test_python_m_discretion_is_the_command() -> None:
    assert python("-m", "discretion", "--version").strip() == discretion.__version__


def test_the_newest_version_of_the_changelog_is_this_one() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\S+)", changelog, re.MULTILINE)
    assert newest is not None
    assert newest[1] == discretion.__version__


def test_the_citation_names_this_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {discretion.__version__}\n" in citation


def test_every_public_name_can_be_had() -> None:
    assert all(getattr(discretion, name) is not None for name in discretion.__all__)
    assert set(discretion.__all__) <= set(dir(discretion))


def test_what_is_not_there_is_an_attribute_error() -> None:
    assert not hasattr(discretion, "telemetry")


def test_it_says_that_it_is_typed() -> None:
    assert (ROOT / "src" / "discretion" / "py.typed").is_file()


def test_a_class_name_means_one_thing() -> None:
    homes: dict[str, list[str]] = {}
    for path in sorted((ROOT / "src" / "discretion").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert len(homes) > 300
    assert {name: places for name, places in homes.items() if len(places) > 1} == {}
