"""A report beside the one of version 0.1.0, and what other panels in the log cost it.

The built-in everyday example: 597 cases, 14,328 judgments, 29,253 answers of 22 models that answer
at once and five baselines; version 0.1.0 made the workspace, and each version reads a copy of it.
Both take turns. Time is the command's processor time, user and system, imports and all, modules
compiled before.

Run: python benchmarks/reporting.py [--write] [--workspaces FOLDER]
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from sections import HERE, met, publish, table

RELEASE = "d31e58c"
"""What 0.1.0 stores, as in tests/golden/make.py."""
MODELS, OTHERS, TURNS = 22, 20, 3
PANEL = "staff (simulated)"
FASTER = 1.7
SAME = 1.15
"""A time with other panels in the log of at most so many times that without them hardly changes."""


def make(folder: Path) -> None:
    """Evaluate the models and baselines in a workspace; run with 0.1.0 on the path."""
    import instant

    from discretion.core.prompted import PromptedArm
    from discretion.evaluation import evaluate
    from discretion.methods import method
    from discretion.workspace import open_workspace

    here = open_workspace(folder)
    models = [
        PromptedArm(
            instant.Instant(name=f"model-{number}", fingerprint=f"model-{number}"),
            method("direct"),
            here.cases.policies,
        )
        for number in range(MODELS)
    ]
    names = ("always-refuse", "always-grant", "mean", "logistic", "nearest")
    baselines = here.arms(*(f"baseline/{name}" for name in names))
    evaluate(here.cases, [*models, *baselines], here.store)


def add_panels(folder: Path) -> None:
    """Other panels, each as large as the first; run with 0.1.0 on the path."""
    from discretion.storage import Store, records

    with Store(folder / "discretion.db") as store:
        mine = list(records.judgments(store))
        for number in range(OTHERS):
            other = (replace(one, id=f"{one.id}-{number}", panel=f"p{number}") for one in mine)
            store.append(records.judgment_entry(one) for one in other)


def python(source: Path, *arguments: str) -> float:
    """Processor seconds of Python with that source on its path."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(source)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def report(source: Path, folder: Path) -> float:
    page = str(folder / "report.html")
    command = ("-m", "discretion", "-w", str(folder), "report", "--panel", PANEL, "-o", page)
    return python(source, *command)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put the figures into README.md")
    parser.add_argument(
        "--workspaces",
        type=Path,
        metavar="FOLDER",
        help="keep the two workspaces here, or take those that an earlier call kept",
    )
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--add-panels", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make or given.add_panels:
        make(given.make) if given.make else add_panels(given.add_panels)
        return
    with tempfile.TemporaryDirectory() as folder:
        # Compiled modules are kept, as where the project was installed.
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(folder) / "compiled")
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        rows, note = measure(Path(folder), given.workspaces or Path(folder))
    heads = ["", "0.1.0, CPU s", "now, CPU s", "times faster"]
    publish("reporting", f"{table(heads, rows)}\n\n{note}", write=given.write)


def measure(folder: Path, workspaces: Path) -> tuple[list[list[str]], str]:
    release, now = folder / "release", HERE.parent / "src"
    release.mkdir()
    packed = folder / "release.tar"
    archive = ("git", "archive", "-o", str(packed), RELEASE, "src")
    subprocess.run(archive, cwd=HERE.parent, check=True)
    shutil.unpack_archive(packed, release, filter="data")
    old = release / "src"
    plain, many = workspaces / "plain", workspaces / "many"
    draft = workspaces / "draft"
    if not plain.exists():
        python(old, "-m", "discretion", "init", str(draft), "--example", "everyday")
        python(old, __file__, "--make", str(draft))
        draft.rename(plain)
    if not many.exists():
        shutil.copytree(plain, draft)
        python(old, __file__, "--add-panels", str(draft))
        draft.rename(many)
    with closing(sqlite3.connect(plain / "discretion.db")) as log:
        [answers] = log.execute("SELECT count(*) FROM entries WHERE kind = 'used'").fetchone()
    places = {}
    for name, made in (("plain", plain), ("many", many)):
        for version, source in (("old", old), ("now", now)):
            places[name, version] = (source, folder / f"{name}-{version}")
            shutil.copytree(made, places[name, version][1])
            # Modules are compiled once, and the index made when a log is opened first.
            if version == "now" or name == "plain":
                report(*places[name, version])
    spent: dict[tuple[str, str], list[float]] = {which: [] for which in places}
    for _ in range(TURNS):
        for which, (source, place) in places.items():
            spent[which].append(report(source, place))
    time = {which: statistics.median(each) for which, each in spent.items()}
    labels = {
        "plain": f"{answers:,} answers",
        "many": f"the same, {OTHERS} other panels in the log",
    }
    rows = [
        [
            label,
            f"{time[name, 'old']:.2f}",
            f"{time[name, 'now']:.2f}",
            f"{time[name, 'old'] / time[name, 'now']:.2f}",
        ]
        for name, label in labels.items()
    ]
    faster = time["plain", "old"] / time["plain", "now"]
    grown = {version: time["many", version] / time["plain", version] for version in ("old", "now")}
    note = (
        f"The first is {faster:.2f} times faster (aim {FASTER}: "
        f"{met(faster, FASTER, at_least=True)}). Other panels make a report take "
        f"{grown['now']:.2f} times as long (aim at most {SAME}: {met(grown['now'], SAME)}), in "
        f"0.1.0 {grown['old']:.2f} times. Median of {TURNS} runs, in turns. A report now "
        "shows more than one of 0.1.0 did."
    )
    return rows, note


if __name__ == "__main__":
    main()
