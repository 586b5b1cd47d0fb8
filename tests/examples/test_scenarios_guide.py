"""The pages of the guide on scenarios: their examples are shipped, their sentences are real."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from discretion.core.policies import Policy
from discretion.documents import parse_yaml
from discretion.toy.phrases import ASIDES, DOMAINS, FLAGS, REASONS
from discretion.workspace import read_folder

from .shipped import cases, policies, scenarios

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
PAGES = ("scenarios.md", "hard-limits.md", "toy-language.md", "check.md")
TEXT = "\n".join((GUIDE / name).read_text(encoding="utf-8") for name in PAGES)
POLICY, SCENARIO, NEVER, COSTS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
VALUES = "values: [9.50, 10, 10.01, 10.10, 10.50, 11, 12.50, 16, 25, 40]"
FIRST_WORDING = re.search(r"wordings:\n  - >-\n(.*?)  - >-", SCENARIO, re.DOTALL)

MISTAKES = {
    "`wordngs:`": ("wordings:", "wordngs:"),
    "no value above 10": (VALUES, "values: [9.50, 10]"),
    "`9.50, 9.5`": ("9.50, 10,", "9.50, 9.5, 10,"),
    "`limit: ten`": ("limit: 10", "limit: ten"),
    "`{freind}` in a wording": ("{name} wrote", "{freind} wrote"),
    "`{cause}` missing in a wording": (
        FIRST_WORDING[1] if FIRST_WORDING else "",
        "    Flour for {limit}?\n",
    ),
    "`limit:` twice": ("limit: 10\n", "limit: 10\nlimit: 11\n"),
    "`unit: clock` without `scale`": (
        f"unit: USD\ndirection: at most\nlimit: 10\n{VALUES}",
        'unit: clock\ndirection: at most\nlimit: "12:00"\nvalues: ["12:00", "12:05"]',
    ),
    "`policy: grocery`": ("policy: groceries", "policy: grocery"),
}


def rows() -> dict[str, str]:
    """The rows of the table of mistakes: the mistake, and what `discretion check` says to it."""
    table = TEXT.split("| mistake in `flour.yaml` | what it says |\n|---|---|\n")[1]
    return dict(re.findall(r"^\| (.+?) \| `(.+)` \|$", table, re.MULTILINE))


def problems(folder: Path, scenario: str) -> list[str]:
    for name in ("policies", "scenarios"):
        (folder / name).mkdir()
    (folder / "discretion.toml").write_text("", encoding="utf-8")
    (folder / "policies" / "groceries.yaml").write_text(POLICY, encoding="utf-8")
    (folder / "scenarios" / "flour.yaml").write_text(scenario, encoding="utf-8")
    return [str(problem).removeprefix(f"{folder}/") for problem in read_folder(folder).problems]


def test_the_complete_example_is_complete_and_the_shipped_one(tmp_path: Path) -> None:
    assert problems(tmp_path, SCENARIO) == []
    contents = read_folder(tmp_path)
    assert contents.policies["groceries"] == policies("everyday")["groceries"]
    assert contents.scenarios["flour"] == scenarios("everyday")["flour"]


def test_the_text_and_the_twin_it_quotes_are_those_of_one_case() -> None:
    text = " ".join(re.findall(r"^> (.*)$", TEXT, re.MULTILINE))
    twin = re.findall(r"```text\n(.*?)\n```", TEXT, re.DOTALL)[0]
    assert (text, twin) in {(case.text, case.twin) for case in cases("everyday")["flour"]}


def test_it_counts_the_cases_right() -> None:
    assert "make 40 cases" in TEXT
    assert len(cases("everyday")["flour"]) == 40


def test_the_lines_on_what_is_never_allowed_are_those_of_the_shipped_policy() -> None:
    quoted, mistakes = parse_yaml(NEVER, GUIDE).describe(Policy)
    assert quoted is not None, mistakes
    shipped = policies("everyday")["medicine"]
    assert (quoted.rule, quoted.never) == (shipped.rule, shipped.never)


def test_the_costs_are_those_of_the_shipped_policy() -> None:
    quoted, mistakes = parse_yaml(COSTS, GUIDE).describe(Policy)
    assert quoted is not None, mistakes
    shipped = policies("returns")["receipts"]
    assert (quoted.rule, quoted.costs) == (shipped.rule, shipped.costs)


def test_every_sentence_of_the_dialect_is_listed_and_no_other() -> None:
    listed = dict(re.findall(r"^\| ([\w ]+) \| (.+ · .+) \|$", TEXT, re.MULTILINE))
    wanted = {thing.name: thing.sentences for thing in (*REASONS, *FLAGS)}
    wanted["should not matter"] = ASIDES
    assert {name: tuple(said.split(" · ")) for name, said in listed.items()} == wanted
    taught = re.search(r"Domains it was taught: (.+?)\.", TEXT, re.DOTALL)
    assert taught
    assert re.split(r",\s+", taught[1]) == [domain.name for domain in DOMAINS]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_check_says_what_the_guide_says_it_does(mistake: str, tmp_path: Path) -> None:
    right, wrong = MISTAKES[mistake]
    assert SCENARIO.count(right) == 1
    assert rows()[mistake] in problems(tmp_path, SCENARIO.replace(right, wrong))


def test_every_mistake_in_the_table_is_made_here() -> None:
    assert rows().keys() == MISTAKES.keys()
