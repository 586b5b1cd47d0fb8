"""Agents from the command line: shown, allowed, asked once, and read back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from discretion.runs import find_run
from discretion.storage import Store
from servers.shapes import Scripted
from servers.web import Response

from .conftest import Command

pytestmark = pytest.mark.skipif(os.name != "posix", reason="groups of processes")

AGENT = """import json, sys
case = json.load(sys.stdin)
open("asked", "a").write("x")
print("escalate" if case["value"] > case["limit"] * 2 else "approve")
"""
WORDS = 'grant = ["approve"]\nrefuse = ["deny"]\ndefer = ["escalate"]\n'
SAMPLE = ("--cases", 6)


def describe(desk: Path, name: str, settings: str) -> None:
    with (desk / "discretion.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[models.{name}]\n{settings}\n{WORDS}")


@pytest.fixture
def bot(desk: Path) -> Path:
    """The example's desk with an agent that is a script."""
    (desk / "agent.py").write_text(AGENT, encoding="utf-8")
    describe(
        desk, "bot", f'kind = "command"\ncommand = ["{sys.executable}", "agent.py"]\ndraws = 2'
    )
    return desk


def asked(desk: Path) -> int:
    return len((desk / "asked").read_text()) if (desk / "asked").exists() else 0


@pytest.mark.parametrize("yes", [(), ("--yes",)])
def test_code_does_not_run_before_it_was_shown(
    discretion: Command, bot: Path, yes: tuple[str, ...]
) -> None:
    outcome = discretion("evaluate", "--arm", "bot/as-is", *SAMPLE, *yes)
    assert (outcome.code, asked(bot)) == (2, 0)
    assert "which nobody has allowed" in outcome.err
    assert "discretion models allow bot" in outcome.err


def test_what_would_run_is_shown_with_its_hash(discretion: Command, bot: Path) -> None:
    import hashlib

    outcome = discretion("models", "allow", "bot")
    assert (outcome.code, asked(bot)) == (2, 0)
    assert f"{sys.executable} agent.py" in outcome.err
    assert hashlib.sha256(AGENT.encode()).hexdigest() in outcome.err
    assert "discretion models allow bot --yes" in outcome.err
    rows = {row["name"]: row for row in json.loads(discretion("models", "--json").out)}
    assert rows["bot"] == {
        "name": "bot",
        "kind": "command",
        "where": f"{sys.executable} agent.py",
        "asked_by": "asked as it runs, 2 times a case",
        "allowed": "not yet",
    }


def test_a_no_runs_nothing(discretion: Command, bot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    outcome = discretion("models", "allow", "bot")
    assert (outcome.code, asked(bot)) == (1, 0)
    assert outcome.err.endswith("nothing was run\n")


def test_an_agent_is_asked_a_few_times_a_case_and_never_twice_for_one_answer(
    discretion: Command, bot: Path
) -> None:
    assert discretion("models", "allow", "bot", "--yes").code == 0
    assert "may be asked already" in discretion("models", "allow", "bot").err
    first = discretion("evaluate", "--arm", "bot/as-is", *SAMPLE)
    assert (first.code, asked(bot)) == (0, 12), first.err
    assert "bot: asked as it runs, 2 times a case" in first.err
    again = json.loads(discretion("evaluate", "--arm", "bot/as-is", *SAMPLE, "--json").out)
    assert (again["calls"], again["cached"], again["failed"], asked(bot)) == (12, 12, 0, 12)


def test_a_deferral_is_told_and_is_neither_a_grant_nor_a_refusal(
    discretion: Command, bot: Path
) -> None:
    discretion("models", "allow", "bot", "--yes")
    outcome = discretion("evaluate", "--arm", "bot/as-is")
    summary = json.loads(discretion("evaluate", "--arm", "bot/as-is", "--json").out)
    deferred = summary["deferred"]["bot/as-is"]
    assert 0 < deferred < summary["calls"]
    assert f"bot/as-is handed a case to a person {deferred:,} times" in outcome.err
    card = json.loads(discretion("report", "--json").out)
    told = [one for one in card["run"]["failures"] if one["arm"] == "bot/as-is"]
    assert [one["count"] for one in told] == [deferred]
    with Store(bot / "discretion.db") as store:
        assert find_run(store).deferrals() == {"bot/as-is": deferred}
    arm = next(one for one in card["arms"] if one["name"] == "bot/as-is")
    # What it deferred is no part of any figure.
    assert arm["calls"] == summary["calls"] - deferred
    assert arm["unanswered"] == deferred / 2
    largest = {one["p"] for one in card["disagreements"] if one["arm"] == "bot/as-is"}
    assert largest == {1.0}


def test_an_agent_that_defers_everything_has_no_figure(discretion: Command, bot: Path) -> None:
    (bot / "agent.py").write_text("print('escalate')", encoding="utf-8")
    discretion("models", "allow", "bot", "--yes")
    arms = ("--arm", "bot/as-is", "--arm", "baseline/always-refuse")
    assert discretion("evaluate", *arms, *SAMPLE).code == 0
    card = json.loads(discretion("report", "--json").out)
    assert card["run"]["failures"][0]["count"] == 12
    arm = next((one for one in card["arms"] if one["name"] == "bot/as-is"), {})
    assert arm.get("calls", 0) == 0


def test_a_dry_run_counts_and_runs_nothing(discretion: Command, bot: Path) -> None:
    outcome = discretion("evaluate", "--arm", "bot/as-is", *SAMPLE, "--dry-run", "--json")
    assert [row["calls"] for row in json.loads(outcome.out)] == [12]
    assert asked(bot) == 0


def test_changed_code_is_asked_about_again(discretion: Command, bot: Path) -> None:
    discretion("models", "allow", "bot", "--yes")
    (bot / "agent.py").write_text(AGENT.replace("approve", "deny"), encoding="utf-8")
    outcome = discretion("evaluate", "--arm", "bot/as-is", *SAMPLE)
    assert (outcome.code, asked(bot)) == (2, 0)
    assert "which nobody has allowed" in outcome.err
    discretion("models", "allow", "bot", "--yes")
    assert discretion("evaluate", "--arm", "bot/as-is", *SAMPLE).code == 0
    assert asked(bot) == 12


@pytest.mark.parametrize(
    ("arm", "what"),
    [
        (
            "bot/direct",
            "'bot' is an agent and takes no method: it is asked as it runs; use bot/as-is",
        ),
        ("tiny/as-is", "'tiny' is a model, and only agents are asked as they run"),
    ],
)
def test_an_agent_takes_no_method_and_a_model_needs_one(
    discretion: Command, bot: Path, arm: str, what: str
) -> None:
    discretion("models", "allow", "bot", "--yes")
    outcome = discretion("evaluate", "--arm", arm, *SAMPLE)
    assert outcome.code == 2
    assert what in outcome.err


def test_agents_are_listed_apart_from_models(discretion: Command, bot: Path) -> None:
    found = json.loads(discretion("arms", "--json").out)
    assert found["agents"] == ["bot/as-is"]
    assert found["models"] == ["tiny"]
    assert "bot/as-is" in discretion("arms").out


def test_an_agent_is_neither_probed_nor_tuned(discretion: Command, bot: Path) -> None:
    assert (
        "'bot' is an agent, and agents are not probed" in discretion("models", "probe", "bot").err
    )
    tuned = discretion("tune", "--model", "bot", "--targets", "labels")
    assert tuned.code == 2
    assert "'bot' is an agent" in tuned.err


def test_calls_of_an_agent_count_as_paid(
    discretion: Command, bot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("discretion.budgets.PAID_CALLS", 11)
    discretion("models", "allow", "bot", "--yes")
    outcome = discretion("evaluate", "--arm", "bot/as-is", *SAMPLE)
    assert (outcome.code, asked(bot)) == (2, 0)
    assert "12 paid calls would be made, more than 11" in outcome.err


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted(lambda request: Response({"reply": {"action": "deny"}})) as running:
        yield running


def test_an_agent_over_http_is_asked_without_a_probe(
    discretion: Command, desk: Path, server: Scripted
) -> None:
    pytest.importorskip("httpx2")
    describe(
        desk,
        "web",
        f'kind = "http"\nurl = "{server.url}/decide"\ndecision = {{ path = "reply.action" }}\n'
        'request = { ticket = "{case}", rule = "{rule}" }',
    )
    outcome = discretion("evaluate", "--arm", "web/as-is", *SAMPLE)
    assert outcome.code == 0, outcome.err
    assert len(server.requests) == 24
    assert all(request.body.keys() == {"ticket", "rule"} for request in server.requests)


def test_the_guides_request_is_sent_and_its_reply_read(
    discretion: Command, desk: Path, server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("httpx2")
    guide = (Path(__file__).parents[2] / "docs" / "guide" / "agents.md").read_text("utf-8")
    settings = guide.split("```toml\n")[1].split("```")[0]
    told = settings.replace("https://agents.example.com", server.url)
    with (desk / "discretion.toml").open("a", encoding="utf-8") as file:
        file.write(told)
    call = {"type": "tool_use", "name": "close_ticket", "input": {"resolution": "refund"}}
    server.otherwise = lambda request: Response({"content": [call]})
    monkeypatch.setenv("BOT_KEY", "sk-hidden")
    outcome = discretion("evaluate", "--arm", "bot/as-is", *SAMPLE, "--budget", "5USD", "--json")
    assert json.loads(outcome.out)["spent"]["money"] == {"USD": "0.4800"}
    assert outcome.code == 0
    assert all(
        request.headers["authorization"] == "Bearer sk-hidden"
        and request.body.keys() == {"ticket", "policy", "dry_run"}
        and request.body["ticket"]["body"]
        for request in server.requests
    )


def test_texts_go_to_no_other_machine_without_a_yes(discretion: Command, desk: Path) -> None:
    pytest.importorskip("httpx2")
    describe(
        desk, "web", 'kind = "http"\nurl = "https://desk.example/a"\ndecision = { path = "a" }'
    )
    outcome = discretion("evaluate", "--arm", "web/as-is", *SAMPLE)
    assert outcome.code == 2
    assert "the texts of 6 cases would leave this machine" in outcome.err
    assert "to        desk.example  (https://desk.example/a)" in outcome.err
    assert discretion("models", "allow", "web", "--yes").code == 0
    assert "may be asked already" in discretion("models", "allow", "web").err


def test_an_agent_that_only_fails_is_given_up_early(discretion: Command, bot: Path) -> None:
    (bot / "agent.py").write_text(AGENT + "raise SystemExit('no stock')", encoding="utf-8")
    discretion("models", "allow", "bot", "--yes")
    outcome = discretion("evaluate", "--arm", "bot/as-is")
    assert outcome.code == 2
    assert "calls all failed: the program ended with exit code 1: “no stock”" in outcome.err
    assert asked(bot) < 40


@pytest.mark.parametrize("kind", ["command", "python"])
def test_an_interrupted_run_leaves_no_process(discretion: Command, desk: Path, kind: str) -> None:
    (desk / "slow.py").write_text(
        "import os, time\n"
        "def decide(case):\n"
        "    open('pid', 'w').write(str(os.getpid()))\n"
        "    time.sleep(600)\n"
        "if __name__ == '__main__':\n"
        "    decide({})\n",
        encoding="utf-8",
    )
    how = f'command = ["{sys.executable}", "slow.py"]'
    if kind == "python":
        how = 'function = "slow:decide"'
    describe(desk, "slow", f'kind = "{kind}"\n{how}\nmax_in_flight = 1')
    assert discretion("models", "allow", "slow", "--yes").code == 0
    command = [
        sys.executable,
        "-m",
        "discretion",
        "evaluate",
        "--arm",
        "slow/as-is",
        "--cases",
        "3",
    ]
    running = subprocess.Popen(command, cwd=desk, stderr=subprocess.PIPE, text=True)
    pid = desk / "pid"
    while not (pid.exists() and pid.read_text()) and running.poll() is None:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 1, said
    assert "what was answered is kept" in said
    # It is reaped before the command ends.
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
