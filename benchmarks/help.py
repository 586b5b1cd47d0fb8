"""How long `discretion --help` takes, beside Python itself and the library that reads the words.

Run: python benchmarks/help.py [--write]
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from sections import met, publish, table

ROUNDS = 10
AIM_S = 0.4
COMMANDS = {
    "`python -c pass`": [sys.executable, "-c", "pass"],
    "`python -c 'import typer'`": [sys.executable, "-c", "import typer"],
    "`discretion --help`": [str(Path(sys.executable).with_name("discretion")), "--help"],
    "`discretion evaluate --help`": [
        str(Path(sys.executable).with_name("discretion")),
        "evaluate",
        "--help",
    ],
}
AIMED = "`discretion --help`"


def processor() -> float:
    """Processor seconds of the commands so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put the figures into README.md")
    given = parser.parse_args()
    took: dict[str, list[float]] = {name: [] for name in COMMANDS}
    spent: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):
        for name, command in COMMANDS.items():
            began, before = time.monotonic(), processor()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            took[name].append(time.monotonic() - began)
            spent[name].append(processor() - before)
    rows = []
    for name, times in took.items():
        middle, least, cpu = median(times), min(times), median(spent[name])
        aim = f"{AIM_S} s: {met(middle, AIM_S)}" if name == AIMED else ""
        rows.append([name, f"{middle:.2f} s", f"{least:.2f} s", f"{cpu:.2f} s", aim])
    heads = ["", f"median of {ROUNDS}", "least", "CPU", "aim for the median"]
    publish("help", table(heads, rows), write=given.write)


if __name__ == "__main__":
    main()
