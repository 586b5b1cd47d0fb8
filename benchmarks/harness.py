"""What a call costs beyond the model: CPU per call, beside three peers; and what a kill loses.

A model in the same process answers at once, 64 calls are in flight, one call a case. Ours goes
through the public `evaluate` and keeps all that it keeps of any model: prompt, answer, masses,
and the chain of hashes, committed at least every tenth of a second. Time is the process's, user
and system, all threads, around the evaluation alone; each run is a process of its own.

Run: python benchmarks/harness.py [--peers] [--write]. The peers' environments are made where
they are missing: .venv-inspect, .venv-deepeval and .venv-promptfoo (node, npm).
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import random
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path
from statistics import median

import instant
from sections import HERE, met, publish, table

from discretion.evaluation import evaluate
from discretion.methods import method
from discretion.storage import Store

ROOT = HERE.parent
SIZES = {1_000: 3, 10_000: 1}
"""Calls in a run, and how often the peers are run."""
AIM_MS = 0.15
KILLS = 10
TO_KILL = 40_000


def ours(count: int) -> dict[str, float]:
    arm = instant.OneCall(instant.Instant(), method("direct"), {instant.POLICY.id: instant.POLICY})
    cases = instant.cases(count)
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "log.db") as store:
        before, began = time.process_time(), time.monotonic()
        evaluate(cases, [arm], store)
        spent, took = time.process_time() - before, time.monotonic() - began
        assert store.count("answer") == count
    return {"calls": count, "cpu": spent, "wall": took}


def bare(count: int) -> dict[str, float]:
    """The least that keeps answers at all: a loop, one row a call, a commit every 2,000."""
    cases = instant.cases(count)
    with tempfile.TemporaryDirectory() as folder:
        before = time.process_time()
        database = sqlite3.connect(Path(folder) / "rows.db")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE answers (key TEXT PRIMARY KEY, body TEXT)")
        for start in range(0, count, 2_000):
            rows = [
                (case.id, json.dumps({"p": 0.69, "text": case.text}))
                for case in cases[start : start + 2_000]
            ]
            database.executemany("INSERT INTO answers VALUES (?, ?)", rows)
            database.commit()
        database.close()
        return {"calls": count, "cpu": time.process_time() - before}


def in_a_process(what: str, count: int) -> dict[str, float]:
    return _last_line([sys.executable, __file__, f"--{what}", str(count)])


def inspect_ai(count: int) -> dict[str, float]:
    python = environment("inspect", "inspect-ai==0.3.285")
    return _last_line([python, HERE / "peers" / "inspect_task.py", instant.TEXT, count])


def deepeval(count: int) -> dict[str, float]:
    python = environment("deepeval", "deepeval==4.3.1")
    return _last_line([python, HERE / "peers" / "deepeval_metric.py", instant.TEXT, count])


def promptfoo(count: int) -> dict[str, float]:
    folder = ROOT / ".venv-promptfoo"
    if not (folder / "node_modules" / "promptfoo").is_dir():
        folder.mkdir(exist_ok=True)
        (folder / "package.json").write_text('{"private": true}', encoding="utf-8")
        subprocess.run(["npm", "install", "promptfoo@0.123.1"], cwd=folder, check=True)
    text = instant.TEXT.replace("{", "(").replace("}", ")")
    return _last_line(["node", HERE / "peers" / "promptfoo.mjs", text, count], folder)


PEERS: dict[str, tuple[Callable[[int], dict[str, float]], int]] = {
    "Inspect AI 0.3.285": (inspect_ai, 60),
    "promptfoo 0.123.1": (promptfoo, 25),
    "DeepEval 4.3.1": (deepeval, 8),
}
"""Each with how many times less ours should cost."""


def environment(name: str, package: str) -> Path:
    """The Python of a peer's own environment, made where it is missing."""
    folder = ROOT / f".venv-{name}"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", package], check=True)
    return python


def _last_line(command: list[object], folder: Path | None = None) -> dict[str, float]:
    """The JSON that a run prints last; it has a home of its own, and sends nothing anywhere."""
    with tempfile.TemporaryDirectory() as home:
        variables = os.environ | {
            "HOME": home,
            "DEEPEVAL_TELEMETRY_OPT_OUT": "YES",
            "PROMPTFOO_CONFIG_DIR": home,
            "PROMPTFOO_DISABLE_TELEMETRY": "1",
            "PROMPTFOO_DISABLE_UPDATE": "1",
        }
        words = [str(word) for word in command]
        done = subprocess.run(
            words, cwd=folder or home, env=variables, stdout=subprocess.PIPE, text=True, check=True
        )
    return json.loads(done.stdout.strip().splitlines()[-1])


def costs(*, peers: bool) -> str:
    """CPU per call, side by side: the runs of each round follow one another."""
    found: dict[tuple[str, int], list[float]] = {}
    walls: dict[int, list[float]] = {}
    for size, rounds in SIZES.items():
        for turn in range(3):
            run = in_a_process("ours", size)
            walls.setdefault(size, []).append(1e3 * run["wall"] / size)
            found.setdefault(("Discretion", size), []).append(1e3 * run["cpu"] / size)
            cpu = in_a_process("bare", size)["cpu"]
            found.setdefault(("a bare loop", size), []).append(1e3 * cpu / size)
            if peers and turn < rounds:
                for name, (peer, _) in PEERS.items():
                    found.setdefault((name, size), []).append(1e3 * peer(size)["cpu"] / size)
    rows = []
    for size in SIZES:
        own = median(found["Discretion", size])
        rows.append(
            [
                "Discretion",
                f"{size:,}",
                f"{own:.3f}",
                "1",
                f"at most {AIM_MS} ms: {met(own, AIM_MS)}",
            ]
        )
        for name in ["a bare loop", *(PEERS if peers else ())]:
            cost = median(found[name, size])
            aim = ""
            if name in PEERS:
                wanted = PEERS[name][1]
                aim = f"at least {wanted}: {met(cost / own, wanted, at_least=True)}"
            rows.append([name, f"{size:,}", f"{cost:.3f}", f"{cost / own:.3g}", aim])
    wall = ", ".join(f"{median(times):.2f} ms at {size:,}" for size, times in walls.items())
    heads = ["", "calls", "CPU ms a call", "times ours", "aim"]
    note = (
        f"Median of 3 runs; peers at 10,000: one run. By the clock, on this shared machine, ours "
        f"took {wall} a call."
    )
    return f"{table(heads, rows)}\n\n{note}"


def to_be_killed(path: Path, marks: Path) -> None:
    """Evaluate, noting in shared memory when each answer was given; a kill cannot take that."""
    with marks.open("r+b") as file:
        memory = mmap.mmap(file.fileno(), 0)
    given = 0

    def note() -> None:
        nonlocal given
        struct.pack_into("d", memory, 8 + 8 * given, time.monotonic())
        given += 1
        struct.pack_into("q", memory, 0, given)

    arm = instant.OneCall(
        instant.Instant(note), method("direct"), {instant.POLICY.id: instant.POLICY}
    )
    with Store(path) as store:
        evaluate(instant.cases(TO_KILL), [arm], store)


def kills() -> str:
    """SIGKILL at random moments: answers given and answers stored."""
    rng = random.Random(0)
    rows, ages = [], []
    for turn in range(1, KILLS + 1):
        with tempfile.TemporaryDirectory() as folder:
            path, marks = Path(folder) / "log.db", Path(folder) / "marks"
            marks.write_bytes(bytes(8 + 8 * TO_KILL))
            child = subprocess.Popen([sys.executable, __file__, "--killed", path, marks])
            while not struct.unpack_from("q", marks.read_bytes())[0]:
                time.sleep(0.01)
            time.sleep(rng.uniform(0.1, 2.5))
            killed = time.monotonic()
            child.send_signal(signal.SIGKILL)
            child.wait()
            seen = marks.read_bytes()
            (given,) = struct.unpack_from("q", seen)
            with Store(path) as store:
                stored, whole = store.count("answer"), store.verify().ok
            first_lost = struct.unpack_from("d", seen, 8 + 8 * stored)[0] if stored < given else 0.0
            age = 1e3 * (killed - first_lost) if first_lost else 0.0
        ages.append(age)
        rows.append(
            [
                str(turn),
                f"{given:,}",
                f"{stored:,}",
                f"{given - stored:,}",
                f"{age:.0f} ms",
                "yes" if whole else "**no**",
            ]
        )
    heads = ["kill", "given", "stored", "lost", "age of the oldest lost", "chain verifies"]
    note = (
        f"Answers wait at most 50 ms for company; the rest is the commit itself. The oldest answer "
        f"lost was {median(ages):.0f} ms old (median), {max(ages):.0f} ms at most "
        f"(aim 100 ms: {met(max(ages), 100)}). The same command run again asks only what is not "
        "stored."
    )
    return f"{table(heads, rows)}\n\n{note}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", action="store_true", help="run the peers too")
    parser.add_argument("--write", action="store_true", help="put the figures into README.md")
    parser.add_argument("--ours", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--bare", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--killed", type=Path, nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.killed:
        to_be_killed(*given.killed)
    elif given.ours or given.bare:
        print(json.dumps(ours(given.ours) if given.ours else bare(given.bare)))
    else:
        text = f"{costs(peers=given.peers)}\n\n### What SIGKILL loses\n\n{kills()}"
        flags = " --peers" if given.peers else ""
        publish("harness", f"python benchmarks/harness.py{flags}", text, write=given.write)


if __name__ == "__main__":
    main()
