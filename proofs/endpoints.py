"""Endpoints: what the wire does to a probability, and a run against a server that others wrote.

    python proofs/endpoints.py > docs/reference/endpoints.md

Needs the [local] and [openai] extras, and for `transformers serve` accelerate, fastapi and uvicorn.
Everything stays on loopback.
"""

from __future__ import annotations

import asyncio
import math
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy and torch
os.environ["HF_HUB_OFFLINE"] = "1"
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from scipy.stats import chi2

from discretion import examples
from discretion.core.arms import Decoding, Scored
from discretion.core.prompted import PromptedArm
from discretion.evaluation import Run, evaluate
from discretion.methods import method
from discretion.models import load_model
from discretion.models.endpoint import Endpoint
from discretion.models.probing import Probe
from discretion.storage import Store
from discretion.workspace import Workspace, open_workspace
from servers.shapes import MODEL, Scripted
from servers.tiny import FOLDER, TinyTokens

CASES = 12
DRAWS = 40


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = Path(folder) / "desk"
        examples.copy("returns", desk)
        workspace = open_workspace(desk)
        parts = [
            "# Endpoints: what was seen",
            "The built-in model is asked in this process and over HTTP, on this machine. No\n"
            "hosted service was asked.",
            first_tokens(workspace),
            served(workspace, Path(folder)),
        ]
    sys.stdout.write("\n\n".join(parts) + "\n")


def first_tokens(workspace: Workspace) -> str:
    """p from the likeliest 20 first tokens against p from complete answers, in this process."""
    local = load_model("tiny")
    arm = PromptedArm(local, method("direct"), workspace.contents.policies)
    prompts = [call.prompt for case in workspace.cases for call in arm.calls(case)]
    with Scripted(TinyTokens()) as server:
        one = bot(f"{server.url}/v1", "tiny", Probe(MODEL, "fp_1", 20, 1))
        over_wire = asyncio.run(scored(one, prompts))
    whole = asyncio.run(local.score(prompts))
    pairs = [
        (p_of(a), p_of(b))
        for a, b in zip(over_wire, whole, strict=True)
        if isinstance(a, Scored) and isinstance(b, Scored)
    ]
    distances = [abs(a - b) for a, b in pairs]
    mean = sum(distances) / len(distances)
    return f"""## From first tokens to complete answers

A server in `tests/servers/` gives the built-in model's true log-probabilities of the 20 likeliest
first tokens. That p over the wire is that of the first tokens in this process, within 1e-4, is a
test (`tests/models/test_true_log_probabilities.py`). How far p from first tokens is from p of
complete answers, end token included, is a property of the model, so it is only reported here:

| prompts | decided by first tokens | mean distance to complete answers | largest |
| ---: | ---: | ---: | ---: |
| {len(prompts)} | {len(pairs)} | {mean:.5f} | {max(distances):.5f} |

The others leave more than 0.02 open or 0.2 on neither answer, and would be drawn."""


def served(workspace: Workspace, folder: Path) -> str:
    case_set = workspace.cases
    cases = case_set.only(list(case_set)[:: len(case_set) // CASES][:CASES])
    policies = workspace.contents.policies
    decoding = Decoding(samples=DRAWS, max_tokens=8)
    local = PromptedArm(load_model("tiny"), method("direct"), policies)
    port = free_port()
    with Store(folder / "log.db") as store:
        exact = by_order(evaluate(cases, [local], store))
        with serving(port) as seconds:
            one = bot(f"http://127.0.0.1:{port}/v1", str(FOLDER), None)
            probed = asyncio.run(one.probe())
            one = one.knowing(probed, allowed=True)
            arm = PromptedArm(one, method("direct"), policies, decoding)
            drawn = evaluate(cases, [arm], store, in_flight=8)
            hurried = bot(one.settings.base_url, str(FOLDER), probed, timeout_s=0.001, attempts=2)
            few = Decoding(samples=8)
            late = evaluate(
                cases.only(list(cases)[:1]),
                [PromptedArm(hurried, method("direct"), policies, few, fresh="late")],
                store,
            )
        interrupted = restart(cases, policies, decoding, store, port, probed)
    shares = by_order(drawn)
    draws = DRAWS // 2
    cells = {cell: p for cell, (p,) in exact.items() if 0 < p < 1 and len(shares[cell]) == draws}
    statistic = sum(
        (sum(shares[cell]) / draws - p) ** 2 / (p * (1 - p) / draws) for cell, p in cells.items()
    )
    read = sum(map(len, shares.values()))
    tail = chi2.sf(statistic, len(cells))
    what = {failure.what.split(" ", 1)[1] for _, failure in late.failures()}
    return f"""## `transformers serve` {version("transformers")}

Started on the folder of the built-in model; it answered after {seconds:.0f} s.

| | |
| --- | --- |
| says that it is | {probed.model.replace(str(FOLDER), "…/tiny")} |
| log-probabilities, though asked for | {probed.logprobs or "none"} |
| answers, of 2 asked for | {probed.choices} |
| refused | {", ".join(probed.refused) or "nothing"} |
| so it is asked by | {"log-probabilities" if probed.logprobs else "sampling"} |

**Sampling.** {len(cases)} cases, {DRAWS} draws each, half in each order: {read} draws were read and
{len(drawn.failures())} calls failed. Against the exact p of complete answers in this process, the
squared differences in units of their binomial variance sum to {statistic:.1f} over {len(cells)}
pairs of case and order (chi-squared, p = {tail:.2f}).

**Retries.** {interrupted}

**Time-outs.** With 1 ms for an answer, {len(late.failures())} of {few.samples} calls failed, each
with: "… {" / ".join(sorted(what))}"."""


def by_order(run: Run) -> dict[tuple[str, bool | None], list[float]]:
    """The p of each answer, by case and order."""
    found: dict[tuple[str, bool | None], list[float]] = {}
    for _, case, answers in run.answers():
        for answer in answers:
            found.setdefault((case, answer.grant_first), []).append(answer.p)
    return found


def restart(
    cases: Any, policies: Any, decoding: Decoding, store: Store, port: int, probed: Probe
) -> str:
    """A run during which the server goes away and comes back."""
    one = bot(f"http://127.0.0.1:{port}/v1", str(FOLDER), probed, attempts=9, timeout_s=30)
    arm = PromptedArm(one, method("direct"), policies, decoding, fresh="restart")
    runs: list[Run] = []
    with serving(port):
        run = threading.Thread(
            target=lambda: runs.append(evaluate(cases, [arm], store, in_flight=8))
        )
        run.start()
        before = store.count("answer")
        while store.count("answer") < before + 40:
            time.sleep(0.05)
    away = store.count("answer") - before
    with serving(port):
        run.join()
    answered = sum(len(answers) for _, _, answers in runs[0].answers())
    return (
        f"The server was stopped after {away} answers of a run and started again: {answered} of\n"
        f"{len(cases) * DRAWS} calls were answered in the end, {len(runs[0].failures())} failed."
    )


@contextmanager
def serving(port: int) -> Iterator[float]:
    """Seconds until it answered."""
    command = [Path(sys.executable).with_name("transformers"), "serve", FOLDER]
    options = ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    begun = time.monotonic()
    with subprocess.Popen(
        [*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            while not is_open(port):
                if server.poll() is not None:
                    sys.exit("transformers serve stopped; are accelerate, fastapi, uvicorn there?")
                time.sleep(0.1)
            yield time.monotonic() - begun
        finally:
            server.terminate()


def is_open(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def bot(url: str, model: str, probed: Probe | None, **settings: Any) -> Endpoint:
    given = {"kind": "openai", "base_url": url, "model": model, "reads_twin": True, **settings}
    made = load_model("bot", given)
    assert isinstance(made, Endpoint)
    return made.knowing(probed, allowed=True)


async def scored(one: Endpoint, prompts: Sequence[Any]) -> Sequence[Any]:
    try:
        return await one.score(prompts)
    finally:
        await one.close()


def p_of(answer: Scored) -> float:
    return 1 / (1 + math.exp(answer.log_refuse - answer.log_grant))


if __name__ == "__main__":
    main()
