"""How much of an endpoint's own time a run takes: 2,000 calls, 64 at once, 200 ms each.

The server is a process of its own on this machine and answers after a fixed time, so the ideal is
calls x 0.2 s / 64. Ours goes through `evaluate`, the official SDK and the log: each answer is kept
with its prompt and both masses. The peers ask the same server through their own OpenAI providers.
Wall time is around the evaluation alone, the first connections included; processor time is of the
process that asks. Importing the SDK, which takes under a second once, is done before.

Run: python benchmarks/endpoint.py [--rounds 3] [--peers] [--alone] [--write]. With --peers, those
whose environments benchmarks/harness.py has made are run once each. With --alone, the
server and all who ask it have the processor before any other work (`chrt --rr 10`, as root):
without it a busy machine measures its other work.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import instant
from peers import HERE, ROOT, last_line
from sections import met, publish, table

from discretion.evaluation import evaluate
from discretion.methods import method
from discretion.models import load_model
from discretion.models.probing import Probe
from discretion.storage import Store

CALLS, AT_ONCE, SECONDS = 2_000, 64, 0.2
IDEAL = CALLS * SECONDS / AT_ONCE
AIM = 1.15
PROBED = Probe(model="waiting", build="fp_1", logprobs=20, choices=1)


@contextmanager
def waiting(before: Sequence[str] = ()) -> Iterator[int]:
    """The port of a server in a process of its own."""
    command = [*before, sys.executable, HERE / "waiting.py", str(SECONDS)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        yield int(server.stdout.readline())
        server.stdin.close()


def ours(port: int) -> dict[str, float]:
    import openai  # noqa: F401

    settings = {"kind": "openai", "base_url": f"http://127.0.0.1:{port}/v1", "model": "waiting"}
    model = load_model("bot", settings).knowing(PROBED, allowed=True)
    arm = instant.OneCall(model, method("direct"), {instant.POLICY.id: instant.POLICY})
    # Only the wording whose answers are the server's two likeliest tokens.
    cases = [case for case in instant.cases(8 * CALLS) if says_grant(arm, case)][:CALLS]
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "log.db") as store:
        before, began = time.process_time(), time.monotonic()
        run = evaluate(cases, [arm], store, in_flight=AT_ONCE)
        spent, took = time.process_time() - before, time.monotonic() - began
        assert store.count("answer") == CALLS and not run.failures()
    return {"cpu": spent, "wall": took}


def says_grant(arm: instant.OneCall, case: object) -> bool:
    return arm.calls(case)[0].prompt.choices.vocabulary == "grant/refuse"


PEERS = {
    "Inspect AI 0.3.285": [ROOT / ".venv-inspect" / "bin" / "python", HERE / "inspect_endpoint.py"],
    "promptfoo 0.123.1": ["node", HERE / "promptfoo_endpoint.mjs"],
}
FOLDERS = {"promptfoo 0.123.1": ROOT / ".venv-promptfoo"}


def peer(name: str, port: int, before: Sequence[str] = ()) -> dict[str, float] | None:
    """None where its environment is missing."""
    command, folder = PEERS[name], FOLDERS.get(name)
    if not Path(folder or command[0]).exists():
        return None
    return last_line([*before, *command, instant.TEXT, CALLS, AT_ONCE, port], folder)


def row(name: str, rounds: list[dict[str, float]], aim: str = "") -> list[str]:
    wall = median(one["wall"] for one in rounds)
    least = min(one["wall"] for one in rounds)
    cpu = median(one["cpu"] for one in rounds)
    ratio = f"{wall / IDEAL:.2f}"
    return [name, f"{wall:.2f} s", f"{least:.2f} s", ratio, f"{cpu / CALLS * 1000:.2f} ms", aim]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", action="store_true", help="run the peers that are installed")
    parser.add_argument("--alone", action="store_true", help="go before the machine's other work")
    parser.add_argument("--write", action="store_true", help="put the figures into README.md")
    parser.add_argument("--ours", type=int, metavar="PORT", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.ours:
        print(json.dumps(ours(given.ours)))
        return
    before = ["chrt", "--rr", "10"] if given.alone else []
    with waiting(before) as port:
        command = [*before, sys.executable, __file__, "--ours", port]
        found = {"ours": [last_line(command) for _ in range(given.rounds)]}
        for name in PEERS if given.peers else ():
            if (once := peer(name, port, before)) is not None:
                found[f"{name}, once"] = [once]
    ratio = median(one["wall"] for one in found["ours"]) / IDEAL
    aims = {"ours": f"{AIM}: {met(ratio, AIM)}"}
    rows = [["ideal", f"{IDEAL:.2f} s", f"{IDEAL:.2f} s", "1.00", "", ""]]
    rows += [row(name, rounds, aims.get(name, "")) for name, rounds in found.items()]
    heads = ["", f"median of {given.rounds}", "least", "of the ideal", "CPU per call", "aim"]
    how = "\n\nWith the processor before any other work." if given.alone else ""
    publish("endpoint", table(heads, rows) + how, write=given.write)


if __name__ == "__main__":
    main()
