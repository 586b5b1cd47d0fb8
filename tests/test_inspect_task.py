"""Our task in Inspect AI, run in the environment that has it, on a model whose answers we know."""

from __future__ import annotations

import json
import math
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from discretion import cli
from discretion.importing.inspect_logs import read_log
from discretion.workspace import Workspace, open_workspace
from inspect_run import DRAWS, promise, share

PYTHON = Path(__file__).parents[1] / ".venv-inspect" / "bin" / "python"
RUN = Path(__file__).with_name("inspect_run.py")
CASES = 24

_READY = "import discretion.inspect_task"


def in_inspect(*words: object, folder: Path) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "HOME": str(folder), "NO_COLOR": "1"}
    command = [str(PYTHON), *map(str, words)]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("inspect")
    if not PYTHON.exists() or in_inspect("-c", _READY, folder=made).returncode:
        pytest.skip(f"{PYTHON.parents[1].name} does not have Inspect AI and this package")
    result = CliRunner().invoke(cli.app, ["init", str(made / "desk"), "--example", "returns"])
    assert result.exit_code == 0, result.output
    return made


@pytest.fixture(scope="module")
def told(folder: Path) -> dict[str, Any]:
    """What Inspect printed of one run of the task."""
    (folder / "logs").mkdir()
    ran = in_inspect(RUN, folder / "desk", folder / "logs", f"at_most={CASES}", folder=folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


@pytest.fixture
def desk(folder: Path, told: dict[str, Any]) -> Workspace:
    return open_workspace(folder / "desk")


@pytest.fixture
def truth(desk: Workspace, folder: Path) -> dict[str, np.ndarray]:
    """Of the cases asked, in arrays: what the model promised, and what the people decided."""
    log = json.loads((folder / "logs" / "run.json").read_text(encoding="utf-8"))
    asked = {sample["metadata"]["case"] for sample in log["samples"]}
    assert len(asked) == CASES
    cases = [case for case in desk.cases if case.id in asked]
    panel = desk.panel().at([case.id for case in cases])
    return {
        "p": np.array([share(case.text) for case in cases]),
        "h": panel.rate,
        "n": panel.n,
        "m": np.array([DRAWS - promise(case.text)[1] for case in cases]),
        "scenario": np.array([case.scenario for case in cases]),
    }


def over_scenarios(truth: dict[str, np.ndarray], values: np.ndarray) -> float:
    """The mean over scenarios of each one's mean."""
    each = [values[truth["scenario"] == name].mean() for name in np.unique(truth["scenario"])]
    return float(np.mean(each))


def test_each_case_is_asked_in_both_orders_and_each_order_drawn(told: dict[str, Any]) -> None:
    assert told["task"] == "discretion/cases"
    assert told["samples"] == CASES * 2 * DRAWS


def test_inspect_shows_the_signed_gap(told: dict[str, Any], truth: dict[str, np.ndarray]) -> None:
    expected = over_scenarios(truth, truth["p"] - truth["h"])
    assert told["metrics"]["signed_gap"] == pytest.approx(expected)


def test_inspect_shows_the_gap_without_either_side_s_noise(
    told: dict[str, Any], truth: dict[str, np.ndarray]
) -> None:
    p, h, n, m = (truth[name] for name in ("p", "h", "n", "m"))
    # Each order's draws are a share of m; p is the mean of two such shares.
    drawing = 2 * (p * (1 - p) / (m - 1)) / 4
    square = over_scenarios(truth, (p - h) ** 2 - h * (1 - h) / (n - 1) - drawing)
    expected = math.copysign(math.sqrt(abs(square)), square)
    assert told["metrics"]["noise_corrected_gap"] == pytest.approx(expected)


def test_inspect_shows_wrong_refusals_and_wrong_grants_as_deployed(
    told: dict[str, Any], truth: dict[str, np.ndarray]
) -> None:
    granted = (truth["p"] > 0.5).astype(float)
    for name, mass, wrong in (
        ("refused_of_granted", truth["h"], 1 - granted),
        ("granted_of_refused", 1 - truth["h"], granted),
    ):
        expected = over_scenarios(truth, mass * wrong) / over_scenarios(truth, mass)
        assert told["metrics"][name] == pytest.approx(expected)


def test_a_log_comes_back_as_the_same_decisions(desk: Workspace, folder: Path) -> None:
    log = read_log(folder / "logs" / "run.json", desk.cases)
    asked = {one.case for one in log.recorded}
    silent = sum(2 * promise(case.text)[1] for case in desk.cases if case.id in asked)
    assert (log.arm, log.unknown) == ("promise/quarters", 0)
    assert log.undecided == silent
    assert len(log.recorded) == CASES * 2 * DRAWS - silent
    for case in desk.cases:
        decided = [one.p for one in log.recorded if one.case == case.id]
        if decided:
            assert np.mean(decided) == pytest.approx(share(case.text))


def test_the_packed_log_says_what_the_plain_one_does(
    desk: Workspace, folder: Path, told: dict[str, Any]
) -> None:
    words = ("-m", "discretion", "-w", "desk", "import")
    plain = in_inspect(*words, "logs/run.json", "--inspect", "--arm", "same", folder=folder)
    assert f"; {told['samples'] - _undecided(plain.stdout)} new, as recorded/same" in plain.stdout
    packed = in_inspect(*words, "logs/run.eval", "--arm", "same", folder=folder)
    assert "; 0 new, as recorded/same" in packed.stdout, packed.stderr


def _undecided(printed: str) -> int:
    return int(printed.split(" undecided")[0].rsplit(" ", 1)[1])


@pytest.mark.parametrize("method", ["purpose", "chain-of-thought"])
def test_other_methods_put_the_same_cases(folder: Path, method: str) -> None:
    logs = folder / method
    logs.mkdir()
    settings = ("at_most=2", f"method={method}", "draws=4")
    ran = in_inspect(RUN, folder / "desk", logs, *settings, folder=folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    log = json.loads((logs / "run.json").read_text(encoding="utf-8"))
    assert len(log["samples"]) == 2 * 2 * 2
    assert log["eval"]["metadata"]["method"] == method


def test_a_workspace_without_people_is_one_sentence(folder: Path) -> None:
    made = CliRunner().invoke(cli.app, ["init", str(folder / "empty")])
    assert made.exit_code == 0
    ran = in_inspect(RUN, folder / "empty", folder, folder=folder)
    assert ran.returncode
    assert "nobody's judgments are here yet" in ran.stdout + ran.stderr


_SAMPLES = """
import json
from discretion.inspect_task import cases
print(json.dumps([sample.input for sample in cases(workspace="tickets").dataset]))
"""


def test_samples_of_imported_tickets_hold_the_number_that_decides(folder: Path) -> None:
    table = folder / "tickets.csv"
    rows = [f"About parcel {name}: may it go back?" for name in "abcdefgh"]
    lines = [f"{text},{at % 2},{31 + at}" for at, text in enumerate(rows)]
    table.write_text("\n".join(["request,decision,days", *lines]), encoding="utf-8")
    known = "text=request,answer=decision,value=days,limit=30"
    for words in (
        ("init", folder / "tickets"),
        ("-w", folder / "tickets", "import", table, "--map", known, "--unit", "days"),
    ):
        result = CliRunner().invoke(cli.app, [*map(str, words)])
        assert result.exit_code == 0, result.output
    ran = in_inspect("-c", _SAMPLES, folder=folder)
    assert ran.returncode == 0, ran.stderr
    inputs = json.loads(ran.stdout.splitlines()[-1])
    assert len(inputs) == 16
    assert [one for one in inputs if "Checked in our system:\n- Value: 3" not in one] == []
