"""A real model: scoring a grid, reading hidden states, a training step and preparing folds.

The model is SmolLM2-135M-Instruct as `discretion models get smollm2` makes it, in a folder of
bfloat16 numbers, loaded as float32 but where it says otherwise. Cases are those of the example
`everyday`. What is compared takes turns in one run, so that other work on the machine hits all of
it alike, and is counted in processor seconds of one thread.

- scoring: prompts of the method `direct`, by ours through `LocalModel.score` in the batches of an
  evaluation, tokenizing included; as two plain sequences a prompt, one forward each; as one forward
  with both as its batch (both from token ids, with logits only where an answer is read); and by
  lm-evaluation-harness through its own model class, on the same folder, contexts and answers. All
  score the same two answers after the cue, end token included. The slow ways score every other
  case. Ours is also asked in bfloat16.
- training: labels, the same examples for ours and for TRL's SFTTrainer, with equal weights, since
  TRL has none; a process each.
- states: hidden states at all places that a head may use, beside one plain forward a prompt.
- preparing: what fourteen folds teach, masked and checked, by this version and by 0.1.0, on one
  workspace that 0.1.0 made.

Run: python benchmarks/real.py [PART ...] [--model FOLDER] [--peers] [--write]; about four minutes
of one slow core. `--peers` makes the peers' environments and unpacks 0.1.0 from the history.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from peers import ROOT, last_line, make_beside
from sections import met, publish, table

import tuning

LM_EVAL = "lm-eval==0.4.13"
PLACE = ROOT / ".venv-lm"
PYTHON = PLACE / "bin" / "python"
SCRIPTS = Path(__file__).parent / "peers"
PARTS = ("scoring", "training", "states", "preparing")
OLD, RELEASE = ROOT / ".venv-0.1.0", "d31e58c"
"""Where version 0.1.0 is unpacked, and its commit."""
CASES, BATCH = 8, 8
"""Cases of four prompts each; the prompts that lm-eval puts in one forward."""
JUDGMENTS, STEP = 6, 3
READ = 24
"""Prompts whose hidden states are read."""
PREPARED = 100
"""Judgments of each fold."""
AIM, CLOSE, READING, PREPARING = 5.0, 1e-4, 1.2, 5.0


def desk_of(place: Path, model: Path) -> Path:
    """A workspace of the example with the model in it."""
    desk = place / "desk"
    quiet([sys.executable, "-m", "discretion", "init", desk, "--example", "everyday"])
    with (desk / "discretion.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'\n[models.real]\npath = "{model}"\n')
    return desk


def prompts_of(desk: Path, cases: int) -> list[list[Any]]:
    """The prompts of the first cases, case by case, in the order of an evaluation's batches."""
    from discretion.core.arms import neighbors
    from discretion.core.plans import Plan
    from discretion.workspace import open_workspace

    here = open_workspace(desk)
    _, case_set = here.settle(Plan(arms=("real/direct",)))
    [arm] = here.arms("real/direct")
    calls = neighbors([call for case in case_set.cases[:cases] for call in arm.calls(case)])
    each: dict[str, list[Any]] = {}
    for call in calls:
        each.setdefault(call.case, []).append(replace(call.prompt, form="cue"))
    return list(each.values())


def two_answers(prompt: Any) -> Any:
    """The prompt with one surface form an answer."""
    asked = prompt.choices
    both = replace(asked, grant=asked.grant[:1], refuse=asked.refuse[:1])
    return replace(prompt, choices=both)


def score(model: Any, prompts: Sequence[Any]) -> list[list[float]]:
    """The logarithms of the masses of both answers, in batches as an evaluation makes them."""
    found: list[list[float]] = []
    for at in range(0, len(prompts), model.batch):
        replies = asyncio.run(model.score(prompts[at : at + model.batch]))
        found += [[one.log_grant, one.log_refuse] for one in replies]
    return found


def whole(model: Any, prompts: Sequence[Any]) -> list[list[tuple[int, ...]]]:
    """The token ids of each prompt with either answer and the end of the turn."""
    from discretion.models.local import answers_in

    template, [end] = model.loaded.template, model.loaded.ends
    found = []
    for prompt in prompts:
        text = str(template.render(prompt))
        [ids] = template.encode([text])
        sides = template.spell(text, ids, *answers_in(prompt))
        found.append([(*side[0].ids, end) for side in sides])
    return found


def read(model: Any, sequences: Sequence[tuple[int, ...]]) -> list[float]:
    """The log probability of the last two tokens of sequences of one length, as one batch."""
    import torch

    ids = torch.tensor(sequences)
    with torch.inference_mode():
        logits = model(ids, use_cache=False, logits_to_keep=3).logits[:, :2].log_softmax(-1)
    return [float(one) for one in logits.gather(2, ids[:, -2:, None]).sum((1, 2))]


def cpu(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.process_time()
    found = work()
    return time.process_time() - began, found


def scoring(folder: Path, desk: Path, cases: int) -> str:
    from discretion.models.loading import Settings
    from discretion.models.local import LocalModel

    single = LocalModel("real", Settings(path=folder, threads=1))
    half = LocalModel("real", Settings(path=folder, threads=1, dtype="bfloat16"))
    each = prompts_of(desk, cases)
    plain = [two_answers(prompt) for one in each for prompt in one]
    some = [index for index in range(len(plain)) if index // len(each[0]) % 2 == 0]
    ids = [whole(single, [plain[index]])[0] for index in some]
    network = single.loaded.model
    score(half, plain[:1]), read(network, ids[0][:1])

    spent = dict.fromkeys(("ours", "bfloat16", "two", "one"), 0.0)
    found: dict[str, list[Any]] = {name: [] for name in spent}

    def timed(name: str, work: Callable[[], list[Any]], count: int) -> None:
        took, logs = cpu(work)
        spent[name] += took / count
        found[name] += logs

    def apart(pairs: list[Any]) -> list[Any]:
        return [read(network, [one]) + read(network, [other]) for one, other in pairs]

    def together(pairs: list[Any]) -> list[Any]:
        return [read(network, pair) for pair in pairs]

    half_way = len(ids) // 2
    for part in (ids[:half_way], ids[half_way:]):
        timed("two", partial(apart, part), len(ids))
        if not found["ours"]:
            timed("ours", partial(score, single, plain), len(plain))
            timed("bfloat16", partial(score, half, plain), len(plain))
        timed("one", partial(together, part), len(ids))
    peer = lm_eval(folder, single, [plain[index] for index in some])
    return _scoring_table(spent, found, some, peer)


def lm_eval(folder: Path, model: Any, prompts: Sequence[Any]) -> dict[str, Any] | None:
    """Seconds and log probabilities by the peer; None where its environment was not made."""
    from discretion.models.local import answers_in

    if not PYTHON.exists():
        return None
    template = model.loaded.template
    end = template.tokenizer.convert_ids_to_tokens(model.loaded.ends[0])
    pairs = [
        [str(template.render(prompt)), f"{side[0]}{end}"]
        for prompt in prompts
        for side in answers_in(prompt)
    ]
    with tempfile.TemporaryDirectory() as place:
        asked = Path(place) / "asked.json"
        asked.write_text(json.dumps(pairs), encoding="utf-8")
        said: dict[str, Any] = last_line(
            [PYTHON, SCRIPTS / "lm_eval_scores.py", folder, asked, BATCH]
        )
    logs = said["logs"]
    return {
        "seconds": said["seconds"] / len(prompts),
        "logs": list(zip(logs[::2], logs[1::2], strict=True)),
    }


def _scoring_table(
    spent: dict[str, float],
    found: dict[str, Any],
    some: list[int],
    peer: dict[str, Any] | None,
) -> str:
    ours, wanted = [found["ours"][index] for index in some], found["two"]
    least = spent["ours"]

    def row(name: str, seconds: float, logs: Any, aim: str = "") -> list[str]:
        cells = [f"{seconds * 1000:,.0f}", f"{seconds / least:.2f}"]
        return [name, *cells, f"{_apart(logs, wanted):.0e}", aim]

    rows = [row("ours", least, ours)]
    if peer:
        faster = met(peer["seconds"] / least, AIM, at_least=True)
        equal = met(_apart(peer["logs"], ours), CLOSE)
        aims = f"at least {AIM:g} times: {faster}; within {CLOSE:.0e} of ours: {equal}"
        rows.append(row(LM_EVAL.replace("==", " "), peer["seconds"], peer["logs"], aims))
    rows += [
        row("two plain sequences a prompt", spent["two"], wanted),
        row("one forward a prompt, both answers", spent["one"], found["one"]),
        row("ours, bfloat16", spent["bfloat16"], [found["bfloat16"][index] for index in some]),
    ]
    heads = ["", "ms a prompt", "times ours", "most in p from two sequences", "aim"]
    both = list(zip(found["ours"], found["bfloat16"], strict=True))
    moved = [abs(a - b) for a, b in zip(*map(_granting, zip(*both, strict=True)), strict=True)]
    note = (
        f'{len(both)} prompts by ours, {len(some)} by the others. The setting `dtype = "bfloat16"` '
        f"of a model makes ours {least / spent['bfloat16']:.2f} times as fast, and moves p by "
        f"{sum(moved) / len(moved):.4f} on average and {max(moved):.4f} at most."
    )
    return f"{table(heads, rows)}\n\n{note}"


def _granting(logs: Sequence[Sequence[float]]) -> list[float]:
    return [1 / (1 + math.exp(refuse - grant)) for grant, refuse in logs]


def _apart(logs: Sequence[Sequence[float]], wanted: Sequence[Sequence[float]]) -> float:
    pairs = zip(_granting(logs), _granting(wanted), strict=True)
    return max(abs(one - other) for one, other in pairs)


def training(desk: Path, place: Path) -> str:
    """Steps of ours and of TRL on the same examples."""
    written = place / "export"
    command = [sys.executable, "-m", "discretion", "-w", desk, "tune", "--model", "real"]
    command += ["--targets", "labels", "--seeds", 1, "--epochs", 1, "--judgments", JUDGMENTS]
    quiet([*command, "--batch", STEP, "--export", written])
    ours = last_line([sys.executable, __file__, "--step", written])
    runs = {"Discretion": ours}
    if tuning.PYTHON.exists():
        peer = [tuning.PYTHON, tuning.SCRIPT, written, "real-labels-0", place / "trl"]
        runs[tuning.TRL.replace("==", " ")] = last_line(peer)
    rows = []
    for who, said in runs.items():
        speed = said["tokens"] / said["cpu"]
        ratio = ours["tokens"] / ours["cpu"] / speed
        cells = [f"{said['tokens']:,.0f}", f"{said['cpu']:.1f} s", f"{speed:,.0f}"]
        rows.append([who, *cells, f"{ratio:.2f}", f"{said['peak']:,.0f} MB"])
    heads = ["", "tokens", "CPU, steps", "tokens a second", "ours to this", "peak"]
    return f"{table(heads, rows)}\n\nSteps of {STEP} examples, all weights, float32."


def step(written: Path) -> dict[str, float]:
    """Train the export's job by the built-in trainer; the processor seconds are of its steps."""
    import resource

    from transformers import TrainerCallback

    from discretion.training.exporting import read_export
    from discretion.training.sft import SupervisedTrainer
    from discretion.training.trainer_mixin import Stepping

    marks: list[float] = []

    class Clock(TrainerCallback):  # type: ignore[misc, unused-ignore]
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            marks.append(time.process_time())

        def on_step_end(self, *_: Any, **__: Any) -> None:
            marks.append(time.process_time())

    set_out = Stepping.set_out

    def with_clock(running: Any, *given: Any) -> None:
        set_out(running, *given)
        running.add_callback(Clock())

    Stepping.set_out = with_clock  # type: ignore[method-assign]
    job = read_export(written, "real-labels-0").job
    masked = [replace(one, weight=1) for one in job.masked]
    job = replace(job, masked=masked)
    with tempfile.TemporaryDirectory() as work:
        SupervisedTrainer().train(job, Path(work), lambda _: None)
    return {
        "tokens": job.recipe.epochs * sum(len(one.ids) for one in job.masked),
        "cpu": marks[-1] - marks[0],
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def states(folder: Path, desk: Path) -> str:
    """Hidden states of prompts beside one plain forward each, a forward of ours after the other."""
    import torch

    from discretion.models.loading import Settings, load
    from discretion.models.states import Place, places, read_states

    loaded = load("real", Settings(path=folder, threads=1))
    prompts = [some[0] for some in prompts_of(desk, READ)]
    rows = loaded.template.encode([str(loaded.template.render(one)) for one in prompts])
    body = loaded.model.base_model
    depth = loaded.model.config.num_hidden_layers
    wanted, top = places(depth), Place(depth, "last")

    def plainly(part: Sequence[int]) -> list[Any]:
        with torch.inference_mode():
            last = [body(torch.tensor([rows[row]]), use_cache=False)[0][0, -1] for row in part]
        return [one.numpy() for one in last]

    plainly([0])
    ours = plain = apart = 0.0
    reading = read_states(loaded.model, rows, wanted)
    while True:
        took, found = cpu(lambda: next(reading, None))
        if found is None:
            break
        ours += took
        part, read_now = found
        took, last = cpu(partial(plainly, part))
        plain += took
        pairs = zip(read_now[:, wanted.index(top)], last, strict=True)
        for mine, other in pairs:
            apart = max(apart, float(abs(mine - other).max() / abs(other).max()))
    count = len(rows)
    lines = [
        ["ours, all places", f"{1000 * ours / count:,.0f}", f"{ours / plain:.2f}"],
        ["one plain forward each, its last state", f"{1000 * plain / count:,.0f}", "1"],
    ]
    note = (
        f"{count} prompts of {sum(map(len, rows)) / count:.0f} tokens on average, {len(wanted)} "
        f"states of each. At most {READING:g} times the plain forwards: "
        f"{met(ours / plain, READING)}; 1,000 prompts take {1000 * ours / count:,.0f} s of one "
        f"core. The last states differ by {apart:.0e} of the largest number in them at most."
    )
    return f"{table(['', 'ms a prompt', 'of the plain'], lines)}\n\n{note}"


def preparing(folder: Path, place: Path) -> str:
    """What fourteen folds teach, by 0.1.0 and by this version, on one workspace."""
    if not OLD.exists():
        return "Version 0.1.0 is not unpacked here: `--peers` does it."
    desk, script = place / "of-0.1.0", SCRIPTS / "preparing.py"
    old = {**os.environ, "PYTHONPATH": str(OLD / "src")}
    init = [sys.executable, "-m", "discretion", "init", desk, "--example", "everyday"]
    quiet(init, old)
    said = {
        "0.1.0": last_line([sys.executable, script, desk, folder, PREPARED], variables=old),
        "this version": last_line([sys.executable, script, desk, folder, PREPARED]),
    }
    least = said["this version"]["cpu"]
    rows = [
        [
            who,
            f"{one['lessons']:,.0f}",
            f"{one['renders']:,.0f}",
            f"{one['cpu']:.2f} s",
            f"{one['cpu'] / least:.1f}",
        ]
        for who, one in said.items()
    ]
    faster = said["0.1.0"]["cpu"] / least
    note = (
        f"Fourteen folds of scenarios, {PREPARED} judgments, the targets labels and real-after. "
        f"At least {PREPARING:g} times faster: {met(faster, PREPARING, at_least=True)}."
    )
    heads = ["", "judgments taught, all folds and targets", "template renders", "CPU", "times this"]
    return f"{table(heads, rows)}\n\n{note}"


def quiet(words: Sequence[Any], variables: dict[str, str] | None = None) -> None:
    done = subprocess.run(
        [str(word) for word in words], env=variables, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(done.stderr)


def make_peers() -> None:
    """lm-evaluation-harness and TRL with what they need beside what is here, and version 0.1.0."""
    for place, package in ((PLACE, LM_EVAL), (tuning.PLACE, tuning.TRL)):
        if not (place / "bin" / "python").exists():
            make_beside(place, package)
    if not OLD.exists():
        OLD.mkdir()
        archive = subprocess.run(
            ["git", "archive", RELEASE, "src"], cwd=ROOT, stdout=subprocess.PIPE, check=True
        )
        subprocess.run(["tar", "-x", "-C", OLD], input=archive.stdout, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; or all")
    parser.add_argument("--model", type=Path, help="folder of the model")
    parser.add_argument("--peers", action="store_true", help="make the peers' environments")
    parser.add_argument("--write", action="store_true", help="put the figures into README.md")
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--step", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        print("\n" + json.dumps(step(given.step)))
        return
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    kept = Path(os.environ.get("DISCRETION_MODELS", "")) / "smollm2"
    folder = (given.model or kept).resolve()
    if not (folder / "config.json").exists():
        raise SystemExit(f"there is no model in {folder}: name a folder, or get smollm2 first")
    if given.peers:
        make_peers()
    with tempfile.TemporaryDirectory() as work:
        place = Path(work)
        desk = desk_of(place, folder)
        works: dict[str, Callable[[], str]] = {
            "scoring": lambda: scoring(folder, desk, given.cases),
            "training": lambda: training(desk, place),
            "states": lambda: states(folder, desk),
            "preparing": lambda: preparing(folder, place),
        }
        # Each is published once it is there: the whole takes minutes.
        for part in given.parts or PARTS:
            publish("real", works[part](), part=part, write=given.write)


if __name__ == "__main__":
    main()
