"""A million answers: evaluated and reported, in memory and time.

Ten arms draw ten answers to each case, from a model that answers at once; ten people judged each
case. Memory is the most that was resident, above what a study of twenty cases takes: that loads
whatever is imported on the way. Time is the process's, user and system.

Run: python benchmarks/million.py [--write]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import instant
from sections import met, publish, table

from discretion import reports
from discretion.canonical import fraction_of
from discretion.core.arms import Decoding
from discretion.core.cases import Case, CaseSet
from discretion.core.judgments import Judgment
from discretion.core.prompted import PromptedArm
from discretion.evaluation import evaluate
from discretion.methods import method
from discretion.storage import Store, records

ARMS, DRAWS, RATERS, CROWD = 10, 10, 10, 500
SIZES = (100_000, 300_000, 1_000_000)
AIM_MB = 300
LINEAR = 1.2
"""A time per answer that grows by less from the smallest to the largest size counts as linear."""


def study(count: int) -> list[Case]:
    """Cases of 20 scenarios, each at one of ten days past the limit."""
    return [
        replace(
            case,
            value=Decimal(15 + 2 * (number // 20 % 10)),
            limit=Decimal(14),
            scale=Decimal(14),
            unit="days",
        )
        for number, case in enumerate(instant.cases(count))
    ]


def judgments(cases: list[Case]) -> list[Judgment]:
    return [
        Judgment(
            id=f"{case.id}-{turn}",
            case=case.id,
            panel="people",
            answer="grant" if fraction_of((case.id, turn)) < 1 / (1 + case.deviation) else "refuse",
            rater=f"rater {(number * RATERS + turn * 7) % CROWD}",
            source="simulated",
        )
        for number, case in enumerate(cases)
        for turn in range(RATERS)
    ]


def whole(count: int, folder: Path) -> dict[str, float]:
    """Evaluate and report a study of so many cases."""
    case_set = CaseSet(tuple(study(count)), {instant.POLICY.id: instant.POLICY})
    arms = [
        PromptedArm(
            instant.Instant(name=f"model-{number}", fingerprint=f"model-{number}", scores=False),
            method("direct"),
            case_set.policies,
            Decoding(samples=DRAWS),
        )
        for number in range(ARMS)
    ]
    with Store(folder / f"{count}.db") as store:
        store.append(records.judgment_entry(one) for one in judgments(list(case_set)))
        before = time.process_time()
        run = evaluate(case_set, arms, store)
        evaluated, peak = time.process_time(), most_resident()
        answers = store.count("used", run.id)
        between = time.process_time()
        reports.report(run, folder / "report.html")
        reported = time.process_time()
        return {
            "answers": answers,
            "evaluate": evaluated - before,
            "report": reported - between,
            "evaluate_mb": peak,
            "report_mb": most_resident(),
            "file_mb": store.path.stat().st_size / 1e6,
        }


def most_resident() -> float:
    """MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line) / 1e3


def measure(count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        whole(20, Path(folder))
        base = most_resident()
        found = whole(count, Path(folder))
    return {**found, "base_mb": base}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put the figures into README.md")
    parser.add_argument("--cases", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.cases:
        print(json.dumps(measure(given.cases)))
        return
    rows, costs, above = [], [], 0.0
    for size in SIZES:
        command = [sys.executable, __file__, "--cases", str(size // (ARMS * DRAWS))]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(done.stdout)
        seconds = found["evaluate"] + found["report"]
        costs.append(1e3 * seconds / found["answers"])
        above = max(above, found["report_mb"] - found["base_mb"])
        rows.append(
            [
                f"{found['answers']:,}",
                f"{found['evaluate']:.1f}",
                f"{found['report']:.1f}",
                f"{costs[-1]:.3f}",
                f"{found['base_mb']:.0f}",
                f"{found['evaluate_mb'] - found['base_mb']:.0f}",
                f"{found['report_mb'] - found['base_mb']:.0f}",
                f"{found['file_mb']:.0f}",
            ]
        )
    growth = costs[-1] / costs[0]
    heads = [
        "answers",
        "evaluate, CPU s",
        "report, CPU s",
        "both, ms an answer",
        "imports, MB",
        "evaluate, MB above",
        "report, MB above",
        "database, MB",
    ]
    note = (
        f"Most memory above the imports: {above:.0f} MB (aim {AIM_MB}: {met(above, AIM_MB)}). "
        f"An answer among the most costs {growth:.2f} times one among the fewest "
        f"(linear: at most {LINEAR}: {met(growth, LINEAR)})."
    )
    text = f"{table(heads, rows)}\n\n{note}"
    publish("million", text, write=given.write)


if __name__ == "__main__":
    main()
