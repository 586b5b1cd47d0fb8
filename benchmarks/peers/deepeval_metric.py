"""DeepEval with a metric that decides at once. Run by harness.py, in an environment of its own."""

import json
import sys
import time

from deepeval import evaluate
from deepeval.evaluate import AsyncConfig, CacheConfig, DisplayConfig, ErrorConfig
from deepeval.metrics import BaseMetric
from deepeval.test_case import LLMTestCase


class Instant(BaseMetric):
    """Asks nobody: the model's answer stands in the test case, and the metric compares it."""

    threshold = 0.5
    async_mode = True

    def measure(self, test_case, *args, **kwargs):
        self.score = float(test_case.actual_output == test_case.expected_output)
        self.success = self.score >= self.threshold
        self.reason = ""
        return self.score

    async def a_measure(self, test_case, *args, **kwargs):
        return self.measure(test_case)

    def is_successful(self):
        return self.success

    @property
    def __name__(self):
        return "Instant"


def main(text, count):
    cases = [
        LLMTestCase(input=f"{text} {number}", actual_output="grant", expected_output="grant")
        for number in range(count)
    ]
    before = time.process_time()
    result = evaluate(
        test_cases=cases,
        metrics=[Instant()],
        async_config=AsyncConfig(run_async=True, max_concurrent=64),
        display_config=DisplayConfig(show_indicator=False, print_results=False),
        cache_config=CacheConfig(use_cache=False, write_cache=False),
        error_config=ErrorConfig(ignore_errors=False),
    )
    spent = time.process_time() - before
    assert len(result.test_results) == count
    assert all(one.success for one in result.test_results)
    print(json.dumps({"calls": count, "cpu": spent}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
