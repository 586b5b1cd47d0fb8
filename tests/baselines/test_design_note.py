"""The example in docs/design/baselines.md runs."""

import re
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

from discretion import baselines
from discretion.core.holdouts import default_holdout

from .study import cases, panel

NOTE = (Path(__file__).parents[2] / "docs/design/baselines.md").read_text(encoding="utf-8")


def block(language):
    (found,) = re.findall(rf"```{language}\n(.*?)```", NOTE, re.DOTALL)
    return found


def test_the_example_of_an_own_baseline_works_by_its_entry_point(monkeypatch):
    package = ModuleType("my_package")
    monkeypatch.setitem(sys.modules, "my_package", package)
    exec(block("python"), vars(package))
    name, value = re.findall(r'^([\w-]+) = "(.+)"$', block("toml"), re.MULTILINE)[0]
    point = EntryPoint(name, value, baselines.GROUP)
    monkeypatch.setattr(baselines, "entry_points", lambda *, group: [point])
    some = cases()
    people = panel(some)
    arm = baselines.fit("letter", some, people, default_holdout(some).splits(some))
    kept, broken = (
        [arm.table[case.id] for case in some if (case.deviation > 0) == side]
        for side in (False, True)
    )
    assert min(kept) > max(broken)


@pytest.mark.parametrize("name", baselines.NAMES)
def test_the_note_names_each_baseline(name):
    assert f"`{name}`" in NOTE
