"""Claims about what a kill or an interrupt leaves of a run."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from discretion import examples
from discretion.evaluation import evaluate
from discretion.runs import find_run, runs
from discretion.storage import Store
from stand_in import StandIn, arm, by_case, case_set

# What a kill loses

CHILD = """
import sys
from pathlib import Path
from stand_in import StandIn, arm, by_case, case_set
from discretion.evaluation import evaluate
from discretion.storage import Store

store = Store(Path(sys.argv[1]))
model = StandIn(seconds=0.02, otherwise=lambda prompt: 0.25)
evaluate(case_set(500), [arm(model)], store, in_flight=4)
"""


def in_child(code, *arguments, path, **more):
    """A process of its own that can import what the tests can."""
    tests = str(Path(__file__).parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([tests, str(path)])}
    return subprocess.Popen([sys.executable, "-c", code, *arguments], env=environment, **more)


def wait_for_answers(log, child, least=20):
    """Until the child has some answers on disk."""
    for _ in range(600):
        assert child.poll() is None, "the child ended by itself"
        if log.exists():
            with Store(log) as store:
                if store.count("answer") >= least:
                    return
        time.sleep(0.05)
    raise AssertionError("the child answered nothing in half a minute")


def test_a_killed_run_goes_on_where_it_was(tmp_path):
    log = tmp_path / "log.db"
    child = in_child(CHILD, str(log), path=tmp_path)
    try:
        wait_for_answers(log, child)
    finally:
        child.kill()
        child.wait()
    with Store(log) as store:
        kept = store.count("answer")
        assert 20 <= kept < 1000
        assert store.verify().problems == ()
        model = StandIn(otherwise=lambda prompt: 0.25)
        run = evaluate(case_set(500), [arm(model)], store)
        assert len(model.asked) == 1000 - kept
        assert by_case(run) == pytest.approx({one.id: 0.25 for one in case_set(500)})
        assert [bool(one.finished) for one in runs(store)] == [False, False]
        assert store.count("run end") == 1
        assert store.verify().problems == ()


WITHIN_A_LOOP = """
import asyncio, os, signal, sys
from pathlib import Path
from stand_in import StandIn, arm, by_case, case_set
from discretion.evaluation import evaluate
from discretion.storage import Store

def interrupt_in_the_middle(prompt):
    if len(model.asked) == 20:
        os.kill(os.getpid(), signal.SIGINT)
    return 0.25

model = StandIn(seconds=0.02, otherwise=interrupt_in_the_middle)

async def main():
    # As in a notebook: asyncio's own handler would only cancel this task, which is waiting.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with Store(Path(sys.argv[1])) as store:
        try:
            evaluate(case_set(500), [arm(model)], store, in_flight=4)
        except KeyboardInterrupt:
            await asyncio.sleep(0.2)  # Calls that were under way may still begin on a busy machine.
            asked = len(model.asked)
            await asyncio.sleep(0.2)
            print(asked == len(model.asked), asked < 100, store.count("answer") >= 16)

asyncio.run(main())
"""


def test_an_interrupt_inside_a_running_event_loop_ends_the_asking(tmp_path):
    child = in_child(
        WITHIN_A_LOOP, str(tmp_path / "log.db"), path=tmp_path, stdout=subprocess.PIPE, text=True
    )
    out, _ = child.communicate(timeout=60)
    assert (out, child.returncode) == ("True True True\n", 0)


PACKAGE = {
    "slow.py": """
from stand_in import StandIn

def kind(name, settings, folder):
    return StandIn(name=name, seconds=0.05, otherwise=lambda prompt: 0.25)
""",
    "slow-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: slow\nVersion: 1.0\n",
    "slow-1.0.dist-info/entry_points.txt": "[discretion.models]\nslow = slow:kind\n",
}
COMMAND = "from discretion.cli import main; main()"


def test_an_interrupt_of_the_command_keeps_what_was_answered_and_says_so(tmp_path):
    """With a model that another package brings."""
    site, desk = tmp_path / "site", tmp_path / "desk"
    for name, text in PACKAGE.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text, encoding="utf-8")
    examples.copy("returns", desk)
    with (desk / "discretion.toml").open("a", encoding="utf-8") as file:
        file.write('\n[models.slow]\nkind = "slow"\n')
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = ("-w", str(desk), "evaluate", "--arm", "slow/direct")

    child = in_child(COMMAND, *command, "--in-flight", "2", path=site, **pipes)
    wait_for_answers(desk / "discretion.db", child, least=4)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert (out, child.returncode) == ("", 1)
    assert err.endswith(
        "stopped; what was answered is kept, and the same command goes on from here\n"
    )
    with Store(desk / "discretion.db") as store:
        kept = store.count("answer")
        assert kept >= 4
        assert store.verify().problems == ()
        assert find_run(store).finished == ""

    child = in_child(COMMAND, *command, "--json", path=site, **pipes)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 0, err
    summary = json.loads(out)
    assert (summary["cached"], summary["failed"]) == (kept, 0)
    assert summary["calls"] == 2 * summary["cases"] > kept
