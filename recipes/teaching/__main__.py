"""Make the teaching table: three simulated panels, every target, each domain held out in turn.

python -m recipes.teaching              hours on two cores; what was stopped goes on from there
python -m recipes.teaching --smoke      the same path in minutes; its figures mean nothing
python -m recipes.teaching --page       put the committed table into docs/reference/teaching.md
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from discretion.toy.judges import PANELS

from .desk import BASE, FULL, SMOKE, Size, made, make
from .pages import page, put_into_page

HERE = Path(__file__).parent
SEED = 20261123
"""Of the cases and people; used nowhere else."""
PLAN = """\
model: {base}
targets: [{targets}]
hold_out: {{by: domain, folds: {domains}}}
every_fold: true
seeds: {seeds}
judgments: {taught}
epochs: {epochs}
learning_rate: {rate}
beside: [direct, precedents]
rehearsed: 60
"""
TARGETS = (
    "labels",
    *(
        f"{what}-{place}"
        for place in ("before", "after")
        for what in ("real", "shuffled", "neutral")
    ),
)
RATE, EPOCHS = 0.001, 6
"""Chosen on the development panel: docs/experiments.md."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m recipes.teaching", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("build/teaching"))
    parser.add_argument("--panel", choices=tuple(PANELS), action="append")
    parser.add_argument("--jobs", type=int, default=3, help="panels at once")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--page", action="store_true")
    options = parser.parse_args()
    results = HERE / "results.json"
    if options.page:
        table = json.loads(results.read_text(encoding="utf-8"))
        put_into_page(Path("docs/reference/teaching.md"), table)
        return
    size = SMOKE if options.smoke else FULL
    panels = options.panel or list(PANELS)
    with ThreadPoolExecutor(options.jobs) as jobs:
        found = list(jobs.map(lambda panel: run(options.output, panel, size), panels))
    table = {
        "commit": _commit(),
        "size": {name: getattr(size, name) for name in size.__slots__},
        "jobs": options.jobs,
        "panels": dict(zip(panels, found, strict=True)),
    }
    kept = options.output / "results.json" if options.smoke else results
    kept.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    kept.with_name("RESULTS.md").write_text(page(table), encoding="utf-8")
    print(page(table))


def run(output: Path, panel: str, size: Size) -> dict[str, Any]:
    """Tune and evaluate on one panel's judgments, by the commands that a user types."""
    folder = output / panel
    begun = time.perf_counter()
    resumed = made(folder)
    if not resumed:
        plan = PLAN.format(
            base=BASE,
            targets=", ".join(TARGETS),
            domains=size.domains,
            seeds=size.seeds,
            taught=size.taught,
            epochs=EPOCHS,
            rate=RATE,
        )
        make(folder, panel, SEED, size, plan)
    _discretion(folder, "plan", "freeze")
    _discretion(folder, "tune")
    report = _discretion(
        folder, "report", "--json", "--output", str(folder / "report.html"), "--title", panel
    )
    teaching: dict[str, Any] = json.loads(report)["teaching"]
    hours = round((time.perf_counter() - begun) / 3600, 2)
    return {"teaching": teaching, "hours": hours, "resumed": resumed}


def _discretion(folder: Path, *words: str) -> str:
    command = [sys.executable, "-m", "discretion", "--workspace", str(folder), *words]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _commit() -> str:
    git = ["git", "rev-parse", "--short=12", "HEAD"]
    return subprocess.check_output(git, text=True).strip()


if __name__ == "__main__":
    main()
