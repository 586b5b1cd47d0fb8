"""Inspect AI with a model that answers at once. Run by harness.py, in an environment of its own."""

import json
import sys
import tempfile
import time

from inspect_ai import Task
from inspect_ai import eval as evaluate
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelAPI, ModelOutput, modelapi
from inspect_ai.scorer import match
from inspect_ai.solver import generate


@modelapi(name="instant")
class Instant(ModelAPI):
    def max_connections(self):
        return 64

    async def generate(self, input, tools, tool_choice, config):  # noqa: A002
        return ModelOutput.from_content("instant", "grant")


def main(text, count):
    with tempfile.TemporaryDirectory() as folder:
        samples = [Sample(input=f"{text} {number}", target="grant") for number in range(count)]
        task = Task(dataset=samples, solver=generate(), scorer=match())
        before = time.process_time()
        (log,) = evaluate(
            task,
            model="instant/instant",
            max_connections=64,
            max_samples=64,
            display="none",
            log_dir=folder,
            log_realtime=False,
        )
        spent = time.process_time() - before
    assert log.status == "success" and log.results.completed_samples == count
    print(json.dumps({"calls": count, "cpu": spent}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
