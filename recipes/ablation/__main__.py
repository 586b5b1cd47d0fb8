"""What teaches a real model: one training a cell, each differing from the first in one thing.

python -m recipes.ablation make FOLDER         workspaces of simulated people in it
python -m recipes.ablation run FOLDER OUTPUT   all cells, one after the other; what is done is kept
python -m recipes.ablation run FOLDER OUTPUT --only aim     those whose names begin so
python -m recipes.ablation keep OUTPUT         the figures of what is done, and their table, in here

The model is real, and must have been fetched: discretion models get smollm2. The people of three
workspaces are simulated. Those of FOLDER/bluehouse are real; recipes/README.md says how to make it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .cells import CELLS, PANELS
from .pages import gathered, page

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m recipes.ablation", description=__doc__)
    parser.add_argument("what", choices=("make", "run", "keep"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("output", type=Path, nargs="?")
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--only", default="", help="the beginning of cells' names")
    parser.add_argument("--cell", help="this one, in this process")
    options = parser.parse_args()
    if options.what == "make":
        for panel in PANELS:
            command = [
                "init",
                str(options.folder / panel),
                "--example",
                "everyday",
                "--judges",
                panel,
            ]
            subprocess.run(["discretion", *command], check=True)
    elif options.what == "keep":
        results = gathered(options.folder)
        (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        (HERE / "RESULTS.md").write_text(page(results), encoding="utf-8")
    elif options.cell:
        from .training import trained

        with tempfile.TemporaryDirectory() as work:
            cell = CELLS[options.cell]
            print(json.dumps(trained(cell, options.folder / cell.panel, options.model, Path(work))))
    else:
        run(options.folder, options.output, options.model, options.only)


def run(folder: Path, output: Path, model: str, only: str) -> None:
    """Every cell that is not there yet, in a process of its own: no training is slowed, or changed,
    by what another left in memory."""
    output.mkdir(parents=True, exist_ok=True)
    for name in CELLS:
        result = output / f"{name}.json"
        if not name.startswith(only) or result.exists():
            continue
        print(f"{time.strftime('%H:%M:%S')} {name}", file=sys.stderr, flush=True)
        words = ["run", str(folder), str(output), "--model", model, "--cell", name]
        command = [sys.executable, "-m", "recipes.ablation", *words]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        result.write_bytes(done.stdout.splitlines()[-1] + b"\n")


if __name__ == "__main__":
    main()
