"""Agents that are code: real processes, bounded, and gone when their call is over."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from discretion.budgets import Spending
from discretion.errors import DiscretionError, StoppedError
from discretion.models.agents import AgentArm

from .at_hand import NASTY, arm, ask, case, decision

pytestmark = pytest.mark.skipif(os.name != "posix", reason="groups of processes")


def program(folder: Path, body: str, **settings: Any) -> AgentArm:
    """A command that runs a Python script; it has read its input as `said`."""
    (folder / "agent.py").write_text(
        f"import json, os, sys, time, subprocess\nsaid = sys.stdin.read()\n{body}\n",
        encoding="utf-8",
    )
    command = [sys.executable, "agent.py"]
    return arm({"kind": "command", "command": command, **settings}, folder)


def function(folder: Path, body: str, **settings: Any) -> AgentArm:
    (folder / "desk.py").write_text(body, encoding="utf-8")
    return arm({"kind": "python", "function": "desk:decide", **settings}, folder)


def is_gone(pid: int) -> bool:
    """Whether a process ends; it is waited for, since the system takes a moment to clear it."""
    for _ in range(500):
        try:
            status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if status == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_program_gets_the_case_on_standard_input_and_answers_on_standard_output(
    tmp_path: Path,
) -> None:
    body = "print('approve' if json.loads(said)['value'] > 40 else 'deny')"
    assert decision(ask(program(tmp_path, body))[0]) == "grant"


@pytest.mark.parametrize("text", NASTY)
def test_a_text_is_never_an_argument_and_never_a_command(tmp_path: Path, text: str) -> None:
    body = (
        "open('seen', 'w').write(json.dumps([sys.argv[1:], json.loads(said)['text']]))\n"
        "print('deny')"
    )
    assert decision(ask(program(tmp_path, body), case(text))[0]) == "refuse"
    assert json.loads((tmp_path / "seen").read_text()) == [[], text]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["agent.py", "seen"]


def test_plain_text_can_be_what_a_program_gets(tmp_path: Path) -> None:
    body = "open('seen', 'w').write(said)\nprint('deny')"
    ask(program(tmp_path, body, input="text"))
    seen = (tmp_path / "seen").read_text()
    assert seen.startswith("A coat, brought back late.\n\n")
    assert "43 days" in seen


def test_half_a_character_reaches_a_program_as_a_mark(tmp_path: Path) -> None:
    body = "open('seen', 'w').write(said)\nprint(json.dumps({'word': '\\ud83d'}))"
    one = program(tmp_path, body, input="text", decision={"path": "word"})
    outcome = ask(one, case("half: \ud83d"))[0]
    assert (tmp_path / "seen").read_text().startswith("half: ?\n")
    assert decision(outcome) == "failed: its word is not in the table of words"
    outcome.text.encode()


def test_a_decision_in_what_a_program_prints_is_read_by_the_same_rules(tmp_path: Path) -> None:
    body = "print(json.dumps({'log': ['a'], 'result': {'action': 'approve'}}))"
    one = program(tmp_path, body, decision={"path": "result.action"})
    assert decision(ask(one)[0]) == "grant"
    two = program(tmp_path, "print('I think.\\nDECISION: deny')", decision={"pattern": r": (\w+)"})
    assert decision(ask(two)[0]) == "refuse"


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("print('approve'); sys.exit(3)", "the program ended with exit code 3"),
        ("print('approve', flush=True); os.kill(os.getpid(), 15)", "ended with signal 15"),
        ("print('perhaps')", "its word is not in the table of words"),
        ("pass", "its word is not in the table of words"),
        ("sys.stdout.buffer.write(b'approve\\xff')", "the answer is not UTF-8 text"),
        ("while True: print('approve' * 99)", "the answer is longer than 8 KB"),
        ("print('approve', flush=True); time.sleep(600)", "no answer within 0.5 s"),
    ],
)
def test_what_is_no_answer_fails_with_its_reason(tmp_path: Path, body: str, what: str) -> None:
    late = 0.5 if "sleep" in body else 60
    outcome = ask(program(tmp_path, body, timeout_s=late, max_reply_kb=8))[0]
    assert what in decision(outcome)


def test_a_program_may_answer_without_reading(tmp_path: Path) -> None:
    (tmp_path / "quick.py").write_text("print('deny')", encoding="utf-8")
    command = [sys.executable, "quick.py"]
    one = arm({"kind": "command", "command": command}, tmp_path)
    assert decision(ask(one, case("x" * 1_000_000))[0]) == "refuse"


def test_errors_that_are_written_at_length_neither_block_nor_fill_the_log(tmp_path: Path) -> None:
    body = "sys.stderr.write('x' * 3_000_000 + 'no stock')\nsys.exit(1)"
    outcome = ask(program(tmp_path, body))[0]
    assert outcome.text.endswith("no stock")
    assert len(outcome.text) == 300


@pytest.mark.parametrize("apart", [False, True], ids=["in its group", "in a group of its own"])
def test_a_child_that_holds_the_output_open_delays_nothing(tmp_path: Path, apart: bool) -> None:
    body = (
        f"child = subprocess.Popen(['sleep', '600'], start_new_session={apart})\n"
        "open('child', 'w').write(str(child.pid))\nprint('approve')"
    )
    assert decision(ask(program(tmp_path, body))[0]) == "grant"
    child = int((tmp_path / "child").read_text())
    if apart:
        os.kill(child, 9)
    assert is_gone(child)


def test_what_runs_out_of_time_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    body = (
        "child = subprocess.Popen(['sleep', '600'])\n"
        "open('child', 'w').write(str(child.pid))\ntime.sleep(600)"
    )
    assert "no answer" in decision(ask(program(tmp_path, body, timeout_s=4))[0])
    assert is_gone(int((tmp_path / "child").read_text()))


def test_the_environment_is_what_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_KEY", "sk-hidden")
    monkeypatch.setenv("OTHER_KEY", "other")
    body = "open('seen', 'w').write(json.dumps(dict(os.environ)))\nprint(os.environ['DESK_KEY'])"
    outcome = ask(program(tmp_path, body, env=["DESK_KEY"]))[0]
    seen = json.loads((tmp_path / "seen").read_text())
    assert seen["DESK_KEY"] == "sk-hidden"
    assert "OTHER_KEY" not in seen
    assert "PATH" in seen
    assert "hidden" not in str(outcome)
    monkeypatch.delenv("DESK_KEY")
    with pytest.raises(DiscretionError, match="DESK_KEY is not set"):
        ask(program(tmp_path, body, env=["DESK_KEY"]))


def test_a_script_that_changed_after_it_was_allowed_does_not_run(tmp_path: Path) -> None:
    one = program(tmp_path, "print('approve')")
    with (tmp_path / "agent.py").open("a") as file:
        file.write("open('ran', 'w')\n")
    with pytest.raises(StoppedError, match="has changed since it was allowed"):
        ask(one)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("kind", ["command", "python"])
def test_nothing_runs_that_nobody_allowed(tmp_path: Path, kind: str) -> None:
    (tmp_path / "desk.py").write_text("open('ran', 'w')\ndef decide(case): return 'approve'")
    how = {"command": [sys.executable, "desk.py"]}
    if kind == "python":
        how = {"function": "desk:decide"}
    one = arm({"kind": kind, **how}, tmp_path, allowed=False)
    with pytest.raises(DiscretionError, match="discretion models allow desk"):
        ask(one)
    assert not (tmp_path / "ran").exists()


def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DiscretionError, match=r"there is no program '\./agent'"):
        arm({"kind": "command", "command": ["./agent"]}, tmp_path)


def test_answers_of_changed_code_are_others(tmp_path: Path) -> None:
    before = program(tmp_path, "print('approve')").calls(case())
    again = program(tmp_path, "print('approve')").calls(case())
    changed = program(tmp_path, "print('deny')").calls(case())
    assert [one.key for one in before] == [one.key for one in again]
    assert {one.key for one in before}.isdisjoint(one.key for one in changed)


ECHO = """
import os, sys, json
def decide(case):
    os.write(1, b'{"value": "approve"}\\n'); print('approve'); os.system('echo approve')
    json.dump(case, open('seen', 'w'))
    return 'deny'
"""


def test_a_function_gets_a_plain_mapping_and_what_it_prints_is_no_answer(tmp_path: Path) -> None:
    assert decision(ask(function(tmp_path, ECHO))[0]) == "refuse"
    seen = json.loads((tmp_path / "seen").read_text())
    assert (seen["text"], seen["value"], seen["policy"]) == (
        "A coat, brought back late.",
        43,
        "returns",
    )
    assert "43 days" in seen["facts"]


def test_a_copy_of_the_process_that_a_function_makes_has_no_say(tmp_path: Path) -> None:
    body = "import os\ndef decide(case):\n    return 'deny' if os.fork() else 'approve'\n"
    outcomes = ask(function(tmp_path, body), draws=4)
    assert [decision(one) for one in outcomes] == ["refuse"] * 4


@pytest.mark.parametrize("text", NASTY)
def test_a_function_gets_every_text_as_it_is(tmp_path: Path, text: str) -> None:
    ask(function(tmp_path, ECHO), case(text))
    assert json.loads((tmp_path / "seen").read_text())["text"] == text


@pytest.mark.parametrize(
    ("returned", "found"),
    [
        ("'approve'", "grant"),
        ("{'decision': 'deny', 'why': 'late'}", "refuse"),
        ("'escalate'", "defer"),
        ("True", "grant"),
        ("None", "failed: the reply has no decision"),
        ("{'outcome': 'deny'}", "failed: the reply has no decision"),
        ("{'error': 'no stock', 'decision': 'deny'}", "failed: the reply reports an error"),
        ("'perhaps'", "failed: its word is not in the table of words"),
        ("object()", "failed: the function raised TypeError"),
        ("1 / 0", "failed: the function raised ZeroDivisionError"),
        ("os._exit(7)", "failed: its process ended with exit code 7"),
        ("os.kill(os.getpid(), 11)", "failed: its process ended with signal 11"),
        ("time.sleep(600)", "failed: no answer within 3 s"),
        ("'approve' * 9999", "failed: the answer is longer than 8 KB"),
    ],
)
@pytest.mark.parametrize("kind", ["def", "async def"])
def test_what_a_function_returns_is_read_or_fails(
    tmp_path: Path, kind: str, returned: str, found: str
) -> None:
    body = f"import os, time\n{kind} decide(case):\n    return {returned}\n"
    late = 3 if "sleep" in returned else 60
    settings = {"grant": ["approve", True], "timeout_s": late, "max_reply_kb": 8}
    assert decision(ask(function(tmp_path, body, **settings))[0]) == found


def test_a_crash_costs_its_own_call_and_no_other(tmp_path: Path) -> None:
    body = """
import os
def decide(case):
    if 'crash' in case['text']:
        os._exit(1)
    return {'decision': 'approve', 'pid': os.getpid()}
"""
    texts = ["a", "b", "crash", "c"]
    outcomes = ask(function(tmp_path, body), *(case(text) for text in texts))
    assert [decision(one)[:6] for one in outcomes] == ["grant", "grant", "failed", "grant"]
    pids = [json.loads(one.text)["pid"] for one in outcomes if decision(one)[:6] != "failed"]
    assert pids[0] == pids[1] != pids[2]
    assert all(is_gone(pid) for pid in pids)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("raise RuntimeError('no model')", "cannot be loaded: RuntimeError: no model"),
        ("def other(case): pass", "cannot be loaded: AttributeError"),
        ("import sys; sys.exit(3)", "cannot be loaded: SystemExit"),
    ],
)
def test_a_module_that_cannot_be_loaded_ends_the_run(tmp_path: Path, body: str, what: str) -> None:
    with pytest.raises(StoppedError, match=what):
        ask(function(tmp_path, body))


def test_a_module_is_found_in_packages_and_none_of_it_is_imported_to_find_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text("open('imported', 'w')")
    (tmp_path / "shop" / "desk.py").write_text("def decide(case): return 'approve'")
    one = arm({"kind": "python", "function": "shop.desk:decide"}, tmp_path)
    assert not (tmp_path / "imported").exists()
    code = one.agent.code
    assert code is not None
    assert [name for name, _ in code.hashes] == ["shop/__init__.py", "shop/desk.py"]
    assert decision(ask(one)[0]) == "grant"


def test_a_module_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DiscretionError, match="there is no module 'nowhere'"):
        arm({"kind": "python", "function": "nowhere:decide"}, tmp_path)


@pytest.mark.parametrize("kind", ["command", "python"])
def test_a_run_that_is_cancelled_leaves_no_process(tmp_path: Path, kind: str) -> None:
    waits = "open('pid', 'w').write(str(os.getpid()))\n{0}time.sleep(600)"
    if kind == "command":
        one = program(tmp_path, waits.format(""))
    else:
        body = "import os, time\ndef decide(case):\n    " + waits.format("    ")
        one = function(tmp_path, body)

    async def run() -> None:
        await one.open(Spending())
        asked = asyncio.create_task(one.ask(one.calls(case())[:1]))
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            await asyncio.sleep(0.02)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        await one.close()

    asyncio.run(run())
    assert is_gone(int((tmp_path / "pid").read_text()))


def test_a_log_from_elsewhere_allows_nothing_here(tmp_path: Path) -> None:
    consents = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        code = program(tmp_path / name, "print('approve')").agent.code
        assert code is not None
        consents.append((code.hash, code.consent))
    assert consents[0][0] == consents[1][0]
    assert consents[0][1] != consents[1][1]
