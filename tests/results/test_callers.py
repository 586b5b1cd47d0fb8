"""Whoever asks for a run's figures gets the same ones: the command line, Python, evidence, the gate
and the pytest plugin."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import discretion as package
from cli.conftest import Command, Outcome
from cli.conftest import desk as desk
from cli.conftest import discretion as discretion
from cli.conftest import judged_desk as judged_desk
from discretion.gates.lines import shown
from discretion.pytest_plugin import AcceptanceFile
from discretion.runs import find_run
from discretion.stats.figure import Figure
from golden import at_hand

ARM = "baseline/nearest"
PLAN = f"arms: [{ARM}, baseline/always-refuse, baseline/always-grant, baseline/logistic]\nseed: 7\n"
MARGINS = {
    "gap": "gap",
    "wrong_refusals": "refused_of_granted",
    "wrong_grants": "granted_of_refused",
    "beyond_second_panel": "beyond_second_panel",
}
"""By demand of an acceptance, the figure of the report that it is about."""
CASES = {"all cases": "", "too few cases": "cases: {at_most: 6}\n"}


@pytest.fixture(params=CASES)
def evaluated(request: pytest.FixtureRequest, discretion: Command, desk: Path) -> Path:
    """A run, after which its prices were edited."""
    (desk / "plans" / "one.yaml").write_text(PLAN + CASES[request.param], encoding="utf-8")
    assert discretion("evaluate", "--plan", "one").code == 0
    policy = desk / "policies" / "returns.yaml"
    written = policy.read_text(encoding="utf-8")
    policy.write_text(written.replace("wrong_refusal: ", "wrong_refusal: 9"), encoding="utf-8")
    assert policy.read_text(encoding="utf-8") != written
    return desk


def without_texts(card: dict[str, Any]) -> dict[str, Any]:
    """What evidence holds where no prompt is shown."""
    return {name: value for name, value in card.items() if name not in ("title", "reasons")}


def reported(discretion: Command, *words: str) -> dict[str, Any]:
    outcome = discretion("report", *words, "--json")
    assert outcome.code == 0, outcome.err
    read: dict[str, Any] = json.loads(outcome.out)
    return read


def test_python_writes_the_page_that_the_command_writes(
    discretion: Command, evaluated: Path
) -> None:
    assert discretion("report", "-o", "command.html").code == 0
    here = package.open(evaluated)
    package.report(find_run(here.store), "python.html", package.ReportOptions(title=here.name))
    here.store.close()
    assert Path("python.html").read_bytes() == Path("command.html").read_bytes()


def test_evidence_states_what_the_report_shows(discretion: Command, evaluated: Path) -> None:
    card = reported(discretion)
    assert discretion("evidence", "--into", "proof").code == 0
    tables = json.loads(Path("proof/tables.json").read_text(encoding="utf-8"))
    assert without_texts(tables) == without_texts(card)
    assert card["prices"] == "run"
    assert card["money"]
    assert discretion("evidence", "verify", "proof").code == 0
    assert reported(discretion, "--prices", "today")["money"] != card["money"]


@pytest.fixture
def demanded(evaluated: Path) -> Path:
    """An acceptance that demands something of every figure that one can be about."""
    path = evaluated / "acceptance.yaml"
    wanted = "".join(f"{name}: 0.1\n" for name in MARGINS)
    more = "should_not_matter: true\nconfidence: 97.5%\n"
    path.write_text(f"arm: {ARM}\nplan: one\n{wanted}{more}", encoding="utf-8")
    return path


def test_the_gate_demands_something_of_the_figures_of_the_report(
    discretion: Command, demanded: Path
) -> None:
    lines = json.loads(discretion("gate", "--json").out)["lines"]
    card = reported(discretion)
    assert {name for name, _ in card["run"]["arms"]} == {ARM}, "it judged this run"
    found = {line["demand"]: line["found"] for line in lines}
    [arm] = [one for one in card["arms"] if one["name"] == ARM]
    for demand, name in MARGINS.items():
        plain = demand in ("gap", "beyond_second_panel")
        same = shown(Figure(**arm[name]), 0.1, 0.975, plain=plain)
        # At 97.5% to each side the whole interval is the report's 95% interval.
        assert found[demand].startswith(same)
    marked = [factor for factor in card["factors"] if factor["margin"] is not None]
    cells = [cell for factor in marked for cell in factor["cells"] if cell["name"] == ARM]
    told = [line["found"] for line in lines if line["demand"] == "should_not_matter"]
    assert cells
    # Its confidence is the gate's own; what was found is the report's.
    assert [one.partition(" ")[0] for one in told] == [
        shown(Figure(**cell["difference"]), factor["margin"], 0.975).partition(" ")[0]
        for cell, factor in zip(cells, marked, strict=True)
    ]


def test_the_pytest_plugin_judges_as_the_gate_does(
    discretion: Command, demanded: Path, request: pytest.FixtureRequest
) -> None:
    lines = json.loads(discretion("gate", "--json").out)["lines"]
    file = AcceptanceFile.from_parent(request.session, path=demanded)
    judged = file.judged.lines
    assert [(one.asked, one.found, one.verdict) for one in judged] == [
        (line["asked"], line["found"], line["verdict"]) for line in lines
    ]


@pytest.fixture
def tuned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A workspace whose newest run judges tuned models."""
    folder = at_hand.unpack("everyday", tmp_path / "everyday")
    monkeypatch.chdir(folder)
    yield folder


def test_what_tuned_models_learned_and_broke_is_the_same_for_all(
    discretion: Command, tuned: Path
) -> None:
    card = reported(discretion)
    assert card["teaching"]["rows"]
    assert card["breakage"]["rows"]
    assert discretion("report", "-o", "command.html").code == 0
    here = package.open(tuned)
    package.report(find_run(here.store), "python.html", package.ReportOptions(title=here.name))
    here.store.close()
    assert Path("python.html").read_bytes() == Path("command.html").read_bytes()
    evidence: Outcome = discretion("evidence", "--into", "proof")
    assert evidence.code == 0, evidence.err
    tables = json.loads(Path("proof/tables.json").read_text(encoding="utf-8"))
    assert without_texts(tables) == without_texts(card)
