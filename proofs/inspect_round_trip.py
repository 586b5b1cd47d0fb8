"""The round trip through Inspect AI: our task there, its log back here, the same figures.

    python proofs/inspect_round_trip.py > docs/reference/inspect_round_trip.md

Makes the environment .venv-inspect where it is missing: Inspect AI stands apart from what this
package is tested with. The model is tests/inspect_run.py's, whose answers are known beforehand.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PYTHON = ROOT / ".venv-inspect" / "bin" / "python"
RUN = ROOT / "tests" / "inspect_run.py"
FIGURES = {
    "signed_gap": "signed",
    "noise_corrected_gap": "gap",
    "refused_of_granted": "refused_of_granted",
    "granted_of_refused": "granted_of_refused",
}
"""By their name in Inspect, the field of the report's card."""


def make() -> None:
    """The environment, with Inspect AI and this package."""
    subprocess.run([ROOT / "scripts" / "inspect"], check=True, stdout=sys.stderr)


def output(folder: str, *command: object) -> str:
    """What a command prints; an evaluation with unread answers may exit with 1."""
    variables = os.environ | {"HOME": folder, "OMP_NUM_THREADS": "1"}
    words = [str(word) for word in command]
    return subprocess.run(
        words, cwd=folder, env=variables, stdout=subprocess.PIPE, text=True, check=True
    ).stdout.strip()


def round_trip() -> tuple[dict[str, Any], dict[str, Any], list[str], str]:
    """What Inspect shows, the report's card of the log, what the imports printed, the version."""
    with tempfile.TemporaryDirectory() as folder:
        ours = (PYTHON, "-m", "discretion", "-w", "desk")
        output(folder, PYTHON, "-m", "discretion", "init", "desk", "--example", "returns")
        (Path(folder) / "logs").mkdir()
        shown = json.loads(output(folder, PYTHON, RUN, "desk", "logs").splitlines()[-1])
        imports = [
            output(folder, *ours, "import", "logs/run.eval"),
            output(folder, *ours, "import", "logs/run.json", "--inspect"),
        ]
        output(folder, *ours, "evaluate", "--arm", "recorded/promise/quarters")
        report = json.loads(output(folder, *ours, "report", "--json"))
        version = output(folder, PYTHON, "-c", "import inspect_ai; print(inspect_ai.__version__)")
    return shown, report["arms"][0], imports, version


def page() -> str:
    shown, card, imports, version = round_trip()
    rows = [
        f"| {name} | {shown['metrics'][name]:.6f} | {card[field]['value']:.6f} |"
        for name, field in FIGURES.items()
    ]
    return "\n".join(
        [
            "# The round trip through Inspect AI",
            "",
            f"`{shown['task']}` in Inspect AI {version} on the returns example: "
            f"{shown['samples']:,} samples, answered by a model of a provider of our own "
            "(`tests/inspect_run.py`) that grants each case in so many quarters of its draws as a "
            "hash of the case's text says, and leaves some unreadable. Then its log, imported as a "
            "recorded arm, and the report's figures of that.",
            "",
            "| figure | in Inspect | in the report |",
            "|---|---|---|",
            *rows,
            "",
            "All but the second must agree to the last digit shown. A recorded arm's decisions "
            "count as its probability, so the report's noise-corrected gap does not take out the "
            "noise of drawing, as Inspect's does: it is the larger one.",
            "",
            "The packed log, and then the plain one, which holds the same decisions:",
            "",
            "```text",
            *imports,
            "```",
        ]
    )


if __name__ == "__main__":
    make()
    sys.stdout.write(page() + "\n")
