"""Inspect AI against an OpenAI-compatible server; run by endpoint.py in its own environment."""

import json
import sys
import tempfile
import time

from inspect_ai import Task
from inspect_ai import eval as evaluate
from inspect_ai.dataset import Sample
from inspect_ai.model import get_model
from inspect_ai.scorer import match
from inspect_ai.solver import generate


def main(text, count, at_once, port):
    with tempfile.TemporaryDirectory() as folder:
        samples = [Sample(input=f"{text} {number}", target="grant") for number in range(count)]
        task = Task(dataset=samples, solver=generate(), scorer=match())
        model = get_model(
            "openai/waiting",
            base_url=f"http://127.0.0.1:{port}/v1",
            api_key="none",
            responses_api=False,
        )
        before, began = time.process_time(), time.monotonic()
        (log,) = evaluate(
            task,
            model=model,
            max_connections=at_once,
            max_samples=at_once,
            logprobs=True,
            top_logprobs=20,
            max_tokens=1,
            display="none",
            log_dir=folder,
            log_realtime=False,
        )
        spent, took = time.process_time() - before, time.monotonic() - began
    assert log.status == "success" and log.results.completed_samples == count, log.error
    print(json.dumps({"cpu": spent, "wall": took}))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
