"""docs/guide/methods.md and own-methods.md say what is so, and their examples run."""

import re
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest

from discretion import methods
from discretion.core.arms import Method
from discretion.core.precedents import Precedent
from discretion.methods.wordings import wordings

from .subjects import ASK, CASE, POLICY

PAGES = Path(__file__).parents[2] / "docs" / "guide"
GUIDE = "\n".join(
    (PAGES / name).read_text(encoding="utf-8") for name in ("methods.md", "own-methods.md")
)


def block(language):
    (found,) = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    return found


@pytest.mark.parametrize("name", [name for name in methods.names() if name != "plain"])
def test_the_guide_shows_the_first_wording_of_each_method(name):
    heading = r"\*\*precedents\*\* and \*\*precedents-why\*\*"
    if not name.startswith("precedents"):
        heading = rf"\*\*{name}\*\*"
    shown = re.search(rf"^{heading}\n\n> (.*)$", GUIDE, re.MULTILINE)
    assert shown, f"docs/guide/methods.md does not show {name}"
    assert shown[1] == wordings().methods[name].english[0]


@pytest.mark.parametrize("name", [*methods.names(), "file:PATH"])
def test_the_guide_lists_each_method(name):
    assert f"`{name}`" in GUIDE.partition("## The whole prompt")[0]


def test_the_whole_prompt_is_the_whole_prompt():
    system, user = methods.method("direct").prompt(CASE, POLICY, ASK).messages
    assert block("text") == f"SYSTEM\n{system.content}\n\nUSER\n{user.content}\n"


def test_the_whole_plain_prompt_is_the_whole_plain_prompt():
    [message] = methods.method("plain").prompt(CASE, POLICY, ASK).messages
    assert block("text plain") == f"USER\n{message.content}\n"


def test_the_example_of_a_prompt_file_works(tmp_path):
    (tmp_path / "careful.txt").write_text(block("prompt"), encoding="utf-8")
    earlier = [Precedent(CASE, 1.0, 3)]
    own = methods.method("file:careful.txt", folder=tmp_path, pool_for=lambda _: earlier)
    unlike = type(CASE)(id="other", policy="returns", scenario="returns", text="A lamp.")
    text = own.prompt(unlike, POLICY, ASK).messages[0].content
    assert POLICY.rule in text
    assert "A lamp." in text
    assert CASE.text in text


def test_the_example_of_an_own_method_works_by_its_entry_point(monkeypatch):
    package = ModuleType("my_package")
    monkeypatch.setitem(sys.modules, "my_package", package)
    exec(block("python"), vars(package))
    name, value = re.findall(r'^([\w-]+) = "(.+)"$', block("toml"), re.MULTILINE)[0]
    point = EntryPoint(name, value, methods.GROUP)
    monkeypatch.setattr(methods, "entry_points", lambda *, group: [point])
    own = methods.method("rule-maker")
    assert isinstance(own, Method)
    for wording in range(own.wordings):
        ask = type(ASK)("yes refuses", grant_first=False, wording=wording)
        system, user = own.prompt(CASE, POLICY, ask).messages
        assert POLICY.rule in system.content
        assert CASE.text in user.content
        assert "yes or no?" in user.content
