"""Training beside a bare TRL script, and asking a tuned model beside scoring without a trie.

Both trainings read the same examples from one export (explanation, then label, in one turn), with
the same epochs, batch, learning rate and schedule, in float32 on one thread, each in a process of
its own, in turns. TRL's loss is a mean over all supervised tokens, ours has weights; TRL keeps no
checkpoint here, ours keeps one an epoch. Peak memory is the process's, with all it imports.

The second part asks the tiny model 1,000 held-out cases in both orders of the answers, through the
public `evaluate`, and again by two whole sequences for every prompt, one forward for each answer.

Run: python benchmarks/tuning.py [--peers] [--write]. With --peers the environment .venv-trl is made
where it is missing; it shares torch with the one in which this runs.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from peers import ROOT, last_line, make_beside
from sections import publish, table

os.environ.setdefault("OMP_NUM_THREADS", "1")

TRL = "trl==1.16.0"
PLACE = ROOT / ".venv-trl"
PYTHON = PLACE / "bin" / "python"
SCRIPT = Path(__file__).parent / "peers" / "trl_training.py"
ROUNDS, CASES = 3, 1_000
LARGE = {
    "vocab_size": 32_000,
    "hidden_size": 512,
    "intermediate_size": 1408,
    "num_hidden_layers": 6,
    "num_attention_heads": 8,
    "num_key_value_heads": 8,
    "max_position_embeddings": 512,
}
SIZES = {
    "tiny, 0.6M": ("tiny", 200, 3),
    "Llama, 52M, 32,000 words": ("large", 40, 1),
}
"""The model, how many judgments it learns from, and how often."""


def make_environment() -> None:
    """TRL and what it needs beside the libraries that are here already."""
    make_beside(PLACE, TRL)


def export(folder: Path, model: str, judgments: int, epochs: int) -> Path:
    """What one target teaches a model, as files."""
    desk, written = folder / "desk", folder / model
    discretion = [sys.executable, "-m", "discretion"]
    if not desk.exists():
        _quiet([*discretion, "init", desk, "--example", "everyday"])
        make_large(folder / "large-base")
        with (desk / "discretion.toml").open("a", encoding="utf-8") as settings:
            settings.write('\n[models.large]\npath = "../large-base"\nreads_twin = true\n')
    _quiet(
        [
            *(*discretion, "-w", desk, "tune", "--model", model, "--targets", "real-before"),
            *("--judgments", judgments, "--epochs", epochs, "--seeds", 1),
            *("--learning-rate", 1e-3, "--export", written),
        ]
    )
    return written


def make_large(folder: Path) -> None:
    """Random weights with the tiny model's tokenizer, and many words that nobody says."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    LlamaForCausalLM(LlamaConfig(**LARGE)).save_pretrained(folder)
    for file in tiny().glob("*token*"):
        shutil.copyfile(file, folder / file.name)


def tiny() -> Path:
    from discretion import models

    return Path(models.__file__).parent / "tiny"


def ours(written: Path, name: str) -> dict[str, float]:
    """Train one job of an export by the built-in trainer, once all libraries are there."""
    import accelerate  # noqa: F401
    from transformers import Trainer  # noqa: F401

    from discretion.training.exporting import read_export
    from discretion.training.sft import SupervisedTrainer
    from discretion.training.trainers import Progress

    job = read_export(written, name).job
    last: list[Progress] = []
    with tempfile.TemporaryDirectory() as work:
        began = time.perf_counter()
        SupervisedTrainer().train(job, Path(work), last.append)
        whole = time.perf_counter() - began
    return {
        "tokens": job.recipe.epochs * sum(len(one.ids) for one in job.masked),
        "steps": last[-1].seconds,
        "whole": whole,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def training(rounds: int, sizes: dict[str, tuple[str, int, int]]) -> str:
    rows = []
    with tempfile.TemporaryDirectory() as place:
        for size, (model, judgments, epochs) in sizes.items():
            written, name = export(Path(place), model, judgments, epochs), f"{model}-real-before-0"
            found: dict[str, list[dict[str, float]]] = {"Discretion": [], TRL: []}
            for _ in range(rounds):
                mine = [sys.executable, __file__, "--ours", written, name]
                found["Discretion"].append(last_line(mine))
                if PYTHON.exists():
                    with tempfile.TemporaryDirectory() as work:
                        found[TRL].append(last_line([PYTHON, SCRIPT, written, name, work]))
            own = found["Discretion"]
            for who, runs in found.items():
                if runs:
                    rows.append([size, who.replace("==", " "), *_figures(runs, own)])
    heads = [
        "model",
        "",
        "tokens",
        "tokens a second, steps",
        "with loading and saving",
        "peak memory",
        "ours to this, speed",
        "memory",
    ]
    return table(heads, rows)


def _figures(runs: list[dict[str, float]], own: list[dict[str, float]]) -> list[str]:
    def speed(among: list[dict[str, float]], part: str) -> float:
        return median(one["tokens"] / one[part] for one in among)

    def peak(among: list[dict[str, float]]) -> float:
        return median(one["peak"] for one in among)

    return [
        f"{runs[0]['tokens']:,.0f}",
        f"{speed(runs, 'steps'):,.0f}",
        f"{speed(runs, 'whole'):,.0f}",
        f"{peak(runs):,.0f} MB",
        f"{speed(own, 'steps') / speed(runs, 'steps'):.2f}",
        f"{peak(own) / peak(runs):.2f}",
    ]


def evaluating(cases: int) -> str:
    """Ours and two whole sequences for every prompt, on the same prompts in one process."""
    import numpy as np
    import torch

    from discretion.core.policies import Policy
    from discretion.core.prompted import PromptedArm
    from discretion.evaluation import evaluate
    from discretion.methods import method
    from discretion.models.loading import Settings, load
    from discretion.models.local import LocalModel
    from discretion.storage import Store
    from discretion.toy.dialect import case_of, draws

    drawn = [case_of(one) for one in draws(np.random.default_rng(0), cases)]
    policies = {case.policy: Policy(id=case.policy, rule=".", domain=case.domain) for case in drawn}
    settings = Settings(path=tiny(), reads_twin=True)
    arm = PromptedArm(LocalModel("tiny", settings), method("direct"), policies)
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "log.db") as store:
        before, began = time.process_time(), time.perf_counter()
        run = evaluate(drawn, [arm], store)
        spent, took = time.process_time() - before, time.perf_counter() - began
        mine = {case: one.p for case, one in run.estimates()[arm.name].items()}
    loaded = load("tiny", settings)
    before, began = time.process_time(), time.perf_counter()
    plain = {case.id: two_sequences(arm, loaded, case, torch) for case in drawn}
    theirs, clock = time.process_time() - before, time.perf_counter() - began
    apart = max(abs(mine[case.id] - plain[case.id]) for case in drawn)
    rows = [
        ["Discretion, kept in a log", f"{spent:.1f} s", f"{took:.1f} s", f"{cases / spent:.0f}"],
        ["two whole sequences", f"{theirs:.1f} s", f"{clock:.1f} s", f"{cases / theirs:.0f}"],
    ]
    note = f"Ours takes {spent / theirs:.2f} of the time; p differs by {apart:.1e} at most."
    return f"{table(['', 'CPU', 'by the clock', 'cases a CPU second'], rows)}\n\n{note}"


def two_sequences(arm: Any, loaded: Any, case: Any, torch: Any) -> float:
    """p of a case as anybody would score it: a forward for each answer, logits at the end."""
    logits = []
    for call in arm.calls(case):
        prompt = call.prompt
        text = str(loaded.template.render(prompt))
        [ids] = loaded.template.encode([text])
        sides = loaded.template.spell(
            text, ids, prompt.choices.grant[:1], prompt.choices.refuse[:1]
        )
        scores = []
        for [answer] in sides:
            whole = [*answer.ids, loaded.ends[0]]
            with torch.inference_mode():
                said = loaded.model(torch.tensor([whole])).logits[0].log_softmax(-1)
            places = range(answer.start, len(whole))
            scores.append(sum(float(said[at - 1, whole[at]]) for at in places))
        logits.append(scores[0] - scores[1])
    return 1 / (1 + math.e ** -(sum(logits) / len(logits)))


def _quiet(words: list[Any]) -> None:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", action="store_true", help="make .venv-trl where it is missing")
    parser.add_argument("--write", action="store_true", help="put the figures into README.md")
    parser.add_argument("--small", action="store_true", help="a short run, to see that it works")
    parser.add_argument("--ours", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.ours:
        print("\n" + json.dumps(ours(Path(given.ours[0]), given.ours[1])))
        return
    if given.peers and not PYTHON.exists():
        make_environment()
    sizes = {size: (model, 16, 1) for size, (model, *_) in SIZES.items()} if given.small else SIZES
    text = (
        f"### Training\n\n{training(1 if given.small else ROUNDS, sizes)}\n\n"
        f"### Asking {CASES:,} held-out cases\n\n{evaluating(50 if given.small else CASES)}"
    )
    publish("tuning", text, write=given.write)


if __name__ == "__main__":
    main()
