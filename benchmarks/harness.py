"""What a call costs beyond the model: CPU per call, beside three peers; and what a kill loses.

A model in the same process answers at once, 64 calls are in flight, one call a case. Ours goes
through the public `evaluate` and keeps all that it keeps of any model: prompt, answer, masses,
and the chain of hashes, committed at least every tenth of a second. Time is the process's, user
and system, all threads, around the evaluation alone; each run is a process of its own.

Run: python benchmarks/harness.py [--peers] [--write]. With --peers their environments are made
where they are missing: .venv-inspect, .venv-deepeval, and .venv-promptfoo (needs node and npm).
Those that are there are always run.
"""

from __future__ import annotations

import argparse
import json
import mmap
import random
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import instant
from peers import PEERS, Peer, last_line
from sections import met, publish, table

from discretion.evaluation import evaluate
from discretion.methods import method
from discretion.storage import Store

SIZES = {1_000: 3, 10_000: 1}
"""Calls in a run, and how often the peers are run."""
AIM_MS = 0.15
KILLS = 10
TO_KILL = 40_000
MARK = struct.Struct("dd")
"""When an answer was given: by the clock, and in the process's own processor seconds."""


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
    return last_line([sys.executable, __file__, f"--{what}", str(count)])


def costs(peers: Sequence[Peer]) -> str:
    """CPU per call, side by side: the runs of each round follow one another."""
    found: dict[tuple[str, int], list[float]] = {}
    walls: dict[int, list[float]] = {}
    for size, rounds in SIZES.items():
        for turn in range(3):
            runs = {name: in_a_process(name, size) for name in ("ours", "bare")}
            if turn < rounds:
                runs |= {peer.name: peer.run(size) for peer in peers}
            walls.setdefault(size, []).append(1e3 * runs["ours"]["wall"] / size)
            for name, run in runs.items():
                found.setdefault((name, size), []).append(1e3 * run["cpu"] / size)
    rows = []
    for size in SIZES:
        own = median(found["ours", size])
        aim = f"at most {AIM_MS} ms: {met(own, AIM_MS)}"
        rows.append(["Discretion", f"{size:,}", f"{own:.3f}", "1", aim])
        bare_cost = median(found["bare", size])
        rows.append(["a bare loop", f"{size:,}", f"{bare_cost:.3f}", f"{bare_cost / own:.2f}", ""])
        for peer in peers:
            cost = median(found[peer.name, size])
            verdict = met(cost / own, peer.wanted, at_least=True)
            aim = f"at least {peer.wanted:g} times: {verdict}"
            rows.append([peer.name, f"{size:,}", f"{cost:.2f}", f"{cost / own:.1f}", aim])
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
        MARK.pack_into(memory, 8 + MARK.size * given, time.monotonic(), time.process_time())
        given += 1
        struct.pack_into("q", memory, 0, given)

    arm = instant.OneCall(
        instant.Instant(note), method("direct"), {instant.POLICY.id: instant.POLICY}
    )
    with Store(path) as store:
        evaluate(instant.cases(TO_KILL), [arm], store)


def kill(moment: float) -> tuple[int, int, float, float, bool]:
    """Kill an evaluation so many seconds after its first answer: answers given, answers stored,
    how old the oldest one lost was in ms by the clock and in processor time, and whether what is
    left verifies."""
    with tempfile.TemporaryDirectory() as folder:
        path, marks = Path(folder) / "log.db", Path(folder) / "marks"
        marks.write_bytes(bytes(8 + MARK.size * TO_KILL))
        child = subprocess.Popen([sys.executable, __file__, "--killed", path, marks])
        while not struct.unpack_from("q", marks.read_bytes())[0]:
            time.sleep(0.01)
        time.sleep(moment)
        # Linux: the clock of another process's processor time.
        now = time.monotonic(), time.clock_gettime((~child.pid << 3) | 2)
        child.send_signal(signal.SIGKILL)
        child.wait()
        seen = marks.read_bytes()
        (given,) = struct.unpack_from("q", seen)
        with Store(path) as store:
            stored, whole = store.count("answer"), store.verify().ok
        oldest = MARK.unpack_from(seen, 8 + MARK.size * stored) if stored < given else now
        clock, processor = (1e3 * max(0.0, a - b) for a, b in zip(now, oldest, strict=True))
        return given, stored, clock, processor, whole


def kills() -> str:
    """SIGKILL at random moments."""
    rng = random.Random(0)
    found = [kill(rng.uniform(0.1, 2.5)) for _ in range(KILLS)]
    rows = [
        [
            str(turn),
            f"{given:,}",
            f"{stored:,}",
            f"{given - stored:,}",
            f"{clock:.0f} ms",
            f"{processor:.0f} ms",
            "yes" if whole else "**no**",
        ]
        for turn, (given, stored, clock, processor, whole) in enumerate(found, start=1)
    ]
    heads = ["kill", "given", "stored", "lost", "by the clock", "of its processor time", "verifies"]
    worst, busy = max(one[2] for one in found), max(one[3] for one in found)
    note = (
        f"How old the oldest answer lost was: {worst:.0f} ms at most by the clock (aim 100 ms: "
        f"{met(worst, 100)}), {busy:.0f} ms of the process's own processor time. Answers wait at "
        "most 50 ms for company; the rest is writing them, which takes as long as the machine is "
        "busy. The same command run again asks only what is not stored."
    )
    return f"{table(heads, rows)}\n\n{note}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--peers", action="store_true", help="make the peers' environments where missing"
    )
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
        for peer in PEERS:
            if given.peers and not peer.ready():
                peer.make()
        present = [peer for peer in PEERS if peer.ready()]
        text = f"{costs(present)}\n\n### What SIGKILL loses\n\n{kills()}"
        publish("harness", text, write=given.write)


if __name__ == "__main__":
    main()
