"""Runs the task in Inspect AI, in an environment that has it, on a model that keeps its word.

    python tests/inspect_run.py DESK LOGS [NAME=VALUE of the task]...

Leaves LOGS/run.eval and LOGS/run.json, and prints what Inspect made of the model's answers.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections import Counter
from pathlib import Path

DRAWS = 4
"""Of each order: the model's promises are in quarters."""


def promise(text: str) -> tuple[int, bool]:
    """How many of four draws grant a case, and whether the first of them cannot be read."""
    first, second = hashlib.sha256(text.encode()).digest()[:2]
    return first % (DRAWS + 1), second % 4 == 0


def share(text: str) -> float:
    """The share of readable draws that grant: the truth that every figure must agree with."""
    grants, silent = promise(text)
    return max(0, grants - 1) / (DRAWS - 1) if silent else grants / DRAWS


def main(desk: str, folder: str, *settings: str) -> None:
    from inspect_ai import eval as evaluate
    from inspect_ai.log import read_eval_log, write_eval_log
    from inspect_ai.model import ModelAPI, ModelOutput, modelapi

    @modelapi(name="promise")
    class Promise(ModelAPI):
        def __init__(self, *arguments, **named):
            super().__init__(*arguments, **named)
            self.asked = Counter()

        async def generate(self, input, tools, tool_choice, config):  # noqa: A002
            whole = "\n".join(message.text for message in input)
            turn = self.asked[whole]
            self.asked[whole] += 1
            asked = input[-1].text
            grants, silent = promise(re.search(r"<case>\s*(.*?)\s*</case>", asked, re.DOTALL)[1])
            said = {
                (True, True): "yes",
                (True, False): "no",
                (False, True): "no",
                (False, False): "yes",
            }["allowed" in asked, turn < grants]
            if "yes" not in asked.splitlines()[-1]:
                said = "grant" if turn < grants else "refuse"
            if silent and turn == 0:
                said = "That depends."
            return ModelOutput.from_content("promise", said)

    given = {
        name: int(value) if value.isdigit() else value
        for name, value in (setting.split("=", 1) for setting in settings)
    }
    (log,) = evaluate(
        "discretion/cases",
        task_args={"workspace": desk, "draws": 2 * DRAWS, **given},
        model="promise/quarters",
        display="none",
        log_dir=folder,
        log_realtime=False,
    )
    if log.status != "success":
        sys.exit(str(log.error))
    write_eval_log(read_eval_log(log.location), str(Path(folder) / "run.json"), format="json")
    Path(log.location).rename(Path(folder) / "run.eval")
    print(
        json.dumps(
            {
                "task": log.eval.task,
                "samples": log.results.total_samples,
                "metrics": {name: one.value for name, one in log.results.scores[0].metrics.items()},
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
