"""Importing a helpdesk export: rows a second with redaction, memory, and `start` as a whole.

The export is made up: tickets of about 400 letters with names, addresses, phones, cards, order
numbers, dates and amounts in them, one row in twenty a near-duplicate of another, 40 agents. Each
run is a process of its own. Reading is `read_decisions` alone, with and without redaction; memory
is flat where the peak grows by the decisions that are kept and by nothing else, so it is given for
two sizes as bytes a row beside the file's own. `start` is the command: from the file to a report.

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

ROWS = 200_000
AIM_S = 60.0
MAP = "text=message,answer=outcome,explanation=agent_note,rater=agent,value=days,limit=14"
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


def read(path: Path, *, secret: bytes | None) -> dict[str, float]:
    began, spent = time.monotonic(), time.process_time()
    layout = Layout(parse_map(MAP), unit="days")
    imported = read_decisions(path, layout, secret=secret)
    return {
        "rows": imported.rows,
        "wall": time.monotonic() - began,
        "cpu": time.process_time() - spent,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "replaced": sum(imported.replaced.values()),
    }


def begin(path: Path) -> dict[str, float]:
    """`discretion start` on a fresh folder."""
    from discretion import cli

    with tempfile.TemporaryDirectory() as folder:
        sys.argv = ["discretion", "start", str(path), "--yes", "--map", "limit=14", "--into"]
        sys.argv.append(f"{folder}/desk")
        began, spent = time.monotonic(), time.process_time()
        try:
            cli.main()
        except SystemExit as stop:
            assert not stop.code, stop.code
        return {
            "wall": time.monotonic() - began,
            "cpu": time.process_time() - spent,
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }


def in_a_process(what: str, path: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--only", what, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put the figures into README.md")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--only", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        what, path = given.only[0], Path(given.only[1])
        secret = _SECRET if what == "redacted" else None
        print(json.dumps(begin(path) if what == "start" else read(path, secret=secret)))
        return
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for rows in (given.rows // 4, given.rows):
            path = Path(folder) / f"tickets-{rows}.csv"
            make_export(path, rows)
            each = path.stat().st_size / rows
            for what, name in (("plain", "as it is written"), ("redacted", "with redaction")):
                found = in_a_process(what, path)
                lines.append(
                    [
                        f"read, {name}",
                        f"{rows:,}",
                        f"{rows / found['cpu']:,.0f}",
                        f"{found['cpu']:.1f} s",
                        f"{found['peak'] / 1e6:,.0f} MB",
                        f"{each:,.0f} bytes a row in the file",
                    ]
                )
        found = in_a_process("start", path)
        lines.append(
            [
                "`start`, report and all",
                f"{given.rows:,}",
                f"{given.rows / found['wall']:,.0f}",
                f"{found['wall']:.1f} s",
                f"{found['peak'] / 1e6:,.0f} MB",
                f"at most {AIM_S:.0f} s: {met(found['wall'], AIM_S)}",
            ]
        )
    heads = ["", "rows", "rows a second", "time", "peak memory", ""]
    note = "Reading is in processor seconds, `start` by the clock on this shared machine."
    publish("importing", f"{table(heads, lines)}\n\n{note}", write=given.write)


if __name__ == "__main__":
    main()
