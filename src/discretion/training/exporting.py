"""Exports: masked examples and what to do with them, as files for a trainer of any kind."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from discretion.errors import DiscretionError
from discretion.models.folder import fingerprint_folder
from discretion.models.tuned import UNFINISHED
from discretion.training.chats import answer_of
from discretion.training.examples import Example
from discretion.training.jobs import (
    Job,
    job_from_json,
    job_to_json,
    masked_from_json,
    masked_to_json,
)
from discretion.training.masking import Masked
from discretion.training.training_sets import TrainingSet

EXAMPLES, JOBS, README = "examples", "jobs", "README.md"
VERSION = 1
"""Of how an export is written; one of another version is refused."""


@dataclass(frozen=True, slots=True)
class Exported:
    """One training of an export, as it is read back."""

    job: Job
    fingerprint: str
    """Of the base when it was exported."""
    notes: dict[str, Any]
    """What a result is to say of itself."""
    card: str
    """Its README.md."""
    log: dict[str, Any]
    """What the log is to say of it."""
    plan: str
    """Hash of the tuning plan."""


@dataclass(frozen=True, slots=True)
class Part:
    """One training that is to be exported."""

    job: Job
    course: TrainingSet
    notes: Mapping[str, Any]
    card: str
    log: Mapping[str, Any]
    """What the log is to say of the result."""


def export(folder: Path, parts: Sequence[Part], plan: str) -> None:
    """Write trainings into a new folder, complete or not at all.

    Args:
        plan: hash of the tuning plan, which is in the log.

    Raises:
        DiscretionError: something is there already.
    """
    if folder.exists():
        raise DiscretionError(
            "something is there already", where=str(folder), fix="name a new folder"
        )
    unfinished = folder.with_name(folder.name + UNFINISHED)
    shutil.rmtree(unfinished, ignore_errors=True)
    for part in (EXAMPLES, JOBS):
        (unfinished / part).mkdir(parents=True)
    written: dict[str, str] = {}
    for one in parts:
        job, course = one.job, one.course
        drawn = "" if course.draw is None else f"-seed{course.draw}"
        path = f"{EXAMPLES}/{course.target.name}-fold{course.fold.number}{drawn}.jsonl"
        if path not in written:
            lines = [
                json.dumps(row(job, masked, example), ensure_ascii=False) + "\n"
                for masked, example in zip(course.masked, course.examples, strict=True)
            ]
            text = "".join(lines).encode()
            (unfinished / path).write_bytes(text)
            written[path] = hashlib.sha256(text).hexdigest()
        said = job_to_json(job) | {
            "version": VERSION,
            "fingerprint": base_fingerprint(job),
            "examples": path,
            "sha256": written[path],
            "orders": [job.order(epoch) for epoch in range(job.recipe.epochs)],
            "steps": job.steps,
            "notes": dict(one.notes),
            "card": one.card,
            "log": dict(one.log),
            "plan": plan,
        }
        page = json.dumps(said, indent=1, ensure_ascii=False) + "\n"
        (unfinished / JOBS / f"{job.name}.json").write_text(page, encoding="utf-8")
    (unfinished / README).write_text(_readme(folder, [one.job for one in parts]), encoding="utf-8")
    unfinished.rename(folder)


def row(job: Job, masked: Masked, example: Example) -> dict[str, Any]:
    """One example: its tokens with their weights, and the same as a conversation."""
    said = (*example.prompt.messages, *answer_of(example))
    return masked_to_json(masked) | {
        "weights": masked.weights(job.recipe.averaging),
        "messages": [{"role": one.role, "content": one.content} for one in said],
    }


def read_export(folder: Path, name: str = "") -> Exported:
    """One training of an export, by its name, or the only one.

    Raises:
        DiscretionError: it is not there, not whole, or of another version.
    """
    jobs = {path.stem: path for path in sorted((folder / JOBS).glob("*.json"))}
    if not name and len(jobs) == 1:
        [name] = jobs
    if name not in jobs:
        raise DiscretionError(
            f"the export has no training {name!r}" if name else "the export has several trainings",
            where=str(folder),
            fix=f"say which with --job: {', '.join(jobs)}" if jobs else "name an export's folder",
        )
    try:
        said = json.loads(jobs[name].read_text(encoding="utf-8"))
        if said["version"] != VERSION:
            raise DiscretionError(
                f"the export is of version {said['version']}, and this program reads {VERSION}",
                where=str(jobs[name]),
                fix="export again",
            )
        data = (folder / said["examples"]).read_bytes()
        if hashlib.sha256(data).hexdigest() != said["sha256"]:
            raise DiscretionError(
                "the examples are not those that were exported",
                where=str(folder / said["examples"]),
                fix="export again, and train on what was written",
            )
        masked = [masked_from_json(json.loads(line)) for line in data.decode().split("\n")[:-1]]
        kept = {key: said[key] for key in ("fingerprint", "notes", "card", "log", "plan")}
        return Exported(job_from_json(said, masked), **kept)
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise DiscretionError(
            f"the export cannot be read: {error}", where=str(jobs[name]), fix="export again"
        ) from error


def base_fingerprint(job: Job) -> str:
    """Of every file of the base, however it is loaded."""
    return fingerprint_folder(job.base.path, None)


def _shares(job: Job) -> str:
    """How decisions are learned as shares; empty where none is."""
    if all(one.share is None for one in job.masked):
        return ""
    return f"""
Where an example has a `share`, its decision is learned as that share of people who grant. Let g
and r be the probability of the tokens in `answers[0]` and in `answers[1]`, summed, at token
`parts`. Add to the sum `weight` times

    - share * log(g / (g + r)) - (1 - share) * log(r / (g + r))
    - {job.recipe.outside:g} * log(g + r)
"""


def _readme(folder: Path, jobs: Sequence[Job]) -> str:
    job = jobs[0]
    names = "\n".join(f"- `{one.name}`: {len(one.masked):,} examples" for one in jobs)
    averaged = (
        "the sum over a batch's tokens of weight times cross-entropy, over its examples' `weight`"
        if job.recipe.averaging == "example"
        else "the sum over a batch's tokens of weight times cross-entropy, over the sum of weights"
    )
    return f"""# Examples to train on

People's decisions, and what they said of them: treat these files as you treat the judgments.

{names}

## What is here

`{JOBS}/NAME.json` is one training: the base's folder and fingerprint, the recipe, the seed,
`orders` (which examples are read one after the other in each epoch, counted from 0), `steps`, the
tokens that end a turn, and notes for the result. Its `{EXAMPLES}` names a file with one example a
line:

- `ids`: all tokens, as the base's own template and tokenizer make them;
- `weights`: of each token's cross-entropy given those before it; 0 where nothing is learned;
- `weight`: how many judgments the example stands for; `weights` holds it already;
- `decision`, `explanation`: from which token to before which each lies;
- `messages`: the same as a conversation, for a trainer that renders by itself. Only the assistant's
  turns are learned, each with the token that ends it; whoever renders must see to that.

## How to train

Load the base from its folder, all in float32. The loss of a step is
{averaged}.{_shares(job)}
Batches are of {job.recipe.batch}, in the order of `orders`, for {job.recipe.epochs} epochs; AdamW
without weight decay, gradients clipped to a norm of 1; the learning rate rises to
{job.recipe.learning_rate:g} over the first twentieth of the steps, rounded up, and falls to zero in
a straight line. `lora` and `more` in the recipe come on top where they are set. Targets can be
compared only where all are trained in the same way.

## How to bring the result back

Save it as a folder in Hugging Face's layout: `config.json` and weights as safetensors. An adapter
can stay one, as peft saves it: `adapter_config.json`, `adapter_model.safetensors`. No pickles. In
the workspace:

    discretion models add RESULT --export {folder.name} --job NAME

It checks that base, template, tokenizer and vocabulary are those of the export and that every
weight is a number, adds notes and card, and puts it into `models/NAME`. It prints how
the model is then asked, and asks it only cases that these examples do not show.
"""
