"""Importing a helpdesk export: rows a second with redaction, memory, and `start` as a whole.

The export is made up: tickets of about 400 letters with names, addresses, phones, cards, order
numbers, dates and amounts in them, one row in twenty a near-duplicate of another, 40 agents. Each
run is a process of its own. Reading is `read_decisions` alone: as it is written, with redaction in
one process, and as the commands do it, with a process for each processor. `start` is the command:
from the file to a report. Memory is the peak of the process itself; the others are counted beside
it. Everything is run at two sizes, and what memory grows by between them is given a row.

Run: python benchmarks/importing.py [--write] [--rows 200000]
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sections import met, publish, table

from discretion.importing import Layout, parse_map, read_decisions
from discretion.importing.redactors import processors

ROWS = 200_000
AIM_S = 60.0
MAP = "text=message,answer=outcome,explanation=agent_note,rater=agent,value=days,limit=14"
NAMES = {
    "plain": "read, as it is written",
    "redacted": "read, with redaction, one process",
    "shared": "read, with redaction, as the commands do",
    "start": "`start`, report and all",
}
WHOSE = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
_SECRET = bytes(32)
_WORDS = (  # noqa: SIM905  # as a list it takes forty lines
    "coat shoes lamp parcel box label courier warehouse window policy return exchange size color "
    "late broken wrong gift birthday holiday hospital travel moved neighbor driver street missing "
    "button zip fabric seam stain receipt bank statement store online app account please help"
).split()


def make_export(path: Path, rows: int) -> None:
    """A CSV file of made-up tickets; the same for the same number of rows."""
    rng = random.Random(rows)
    texts: list[str] = []
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["ticket_id", "message", "outcome", "agent_note", "agent", "days"])
        for number in range(rows):
            days = rng.randint(10, 40)
            if texts and rng.random() < 0.05:
                text = rng.choice(texts) + " Any news?"
            else:
                text = ticket(rng, days)
                if len(texts) < 1_000:
                    texts.append(text)
            granted = rng.random() < 1 / (1 + (max(days - 13, 1) / 8) ** 2)
            note = f"Order {rng.randint(10**6, 10**7)}: {' '.join(rng.choices(_WORDS, k=6))}"
            outcome = "approved" if granted else "denied"
            agent = f"agent{rng.randint(1, 40)}@desk.example"
            writer.writerow([number, text, outcome, note, agent, days])


def ticket(rng: random.Random, days: int) -> str:
    story = " ".join(rng.choices(_WORDS, k=45))
    name = rng.choice(["Anna Berg", "John Smith", "Li Wei", "Maria Lopez"])
    parts = [
        "Hi team,",
        f"my order #{rng.randint(10**6, 10**7)} came on 2026-03-{rng.randint(10, 28)} and cost",
        f"${rng.randint(10, 400)}.50. I am on day {days}. {story}.",
        f"Write to {name.split()[0].lower()}{rng.randint(1, 99)}@mail.example" * (number_of(rng)),
        f"or call 415-555-{rng.randint(1000, 9999)}.\nThanks,\n{name}",
    ]
    return " ".join(parts)


def number_of(rng: random.Random) -> int:
    return int(rng.random() < 0.5)


def read(path: Path, *, secret: bytes | None, processes: int) -> dict[str, float]:
    before = spent()
    layout = Layout(parse_map(MAP), unit="days")
    imported = read_decisions(path, layout, secret=secret, processes=processes)
    return since(before) | {"replaced": sum(imported.replaced.values())}


def begin(path: Path) -> dict[str, float]:
    """`discretion start` on a fresh folder."""
    from discretion import cli

    with tempfile.TemporaryDirectory() as folder:
        sys.argv = ["discretion", "start", str(path), "--yes", "--map", "limit=14", "--into"]
        sys.argv.append(f"{folder}/desk")
        before = spent()
        try:
            cli.main()
        except SystemExit as stop:
            assert not stop.code, stop.code
        return since(before)


def spent() -> tuple[float, float]:
    """The clock, and the processor's time of this process and of those it ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic(), time.process_time() + children.ru_utime + children.ru_stime


def since(before: tuple[float, float]) -> dict[str, float]:
    wall, cpu = (now - then for now, then in zip(spent(), before, strict=True))
    peaks = (resource.getrusage(who).ru_maxrss * 1024 for who in WHOSE)
    return {"wall": wall, "cpu": cpu, **dict(zip(("peak", "beside"), peaks, strict=True))}


def in_a_process(what: str, path: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--only", what, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


RUNS = {
    "plain": lambda path: read(path, secret=None, processes=1),
    "redacted": lambda path: read(path, secret=_SECRET, processes=1),
    "shared": lambda path: read(path, secret=_SECRET, processes=processors()),
    "start": begin,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put the figures into README.md")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--only", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        what, path = given.only[0], Path(given.only[1])
        print(json.dumps(RUNS[what](path)))
        return
    lines = []
    found: dict[tuple[str, int], dict[str, float]] = {}
    sizes = given.rows // 4, given.rows
    with tempfile.TemporaryDirectory() as folder:
        for rows in sizes:
            path = Path(folder) / f"tickets-{rows}.csv"
            make_export(path, rows)
            for what in RUNS:
                run = found[what, rows] = in_a_process(what, path)
                lines.append(line(what, rows, run))
            each = path.stat().st_size / rows
    few, many = sizes
    grown = {
        what: (found[what, many]["peak"] - found[what, few]["peak"]) / (many - few) for what in RUNS
    }
    last = found["start", many]
    note = (
        f"`start` on {many:,} rows: {last['wall']:.0f} s by the clock (aim {AIM_S:.0f} s: "
        f"{met(last['wall'], AIM_S)}). A row takes {each:,.0f} bytes in the file; from {few:,} to "
        f"{many:,} rows memory grows by "
        + ", ".join(f"{grown[what]:,.0f} bytes a row ({NAMES[what]})" for what in RUNS)
        + ". Processor time is that of all processes together. Each process beside the first had "
        f"{last['beside'] / 1e6:,.0f} MB at most, whatever the file's length."
    )
    heads = ["", "rows", "by the clock", "rows a second", "processor", "peak memory"]
    publish("importing", f"{table(heads, lines)}\n\n{note}", write=given.write)


def line(what: str, rows: int, run: dict[str, float]) -> list[str]:
    return [
        NAMES[what],
        f"{rows:,}",
        f"{run['wall']:.1f} s",
        f"{rows / run['wall']:,.0f}",
        f"{run['cpu']:.1f} s",
        f"{run['peak'] / 1e6:,.0f} MB",
    ]


if __name__ == "__main__":
    main()
