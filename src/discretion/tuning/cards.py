"""Cards: what a tuned folder says of itself, to programs and to people."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from discretion.canonical import digest
from discretion.errors import DiscretionError
from discretion.models.folder import fingerprint_folder
from discretion.models.loading import Settings
from discretion.models.tuned import PREFIX
from discretion.selections import RATER
from discretion.tuning.courses import Course
from discretion.tuning.fits import OwnFit
from discretion.tuning.lineage import Lineage
from discretion.tuning.teaching import LEGAL
from discretion.tuning.trainers import Recipe

LIBRARIES = ("discretion", "torch", "transformers", "tokenizers", "accelerate", "peft")
TRL = "trl"
"""The library, and the trainer that alone uses it."""
RESULTS, LIMITS = "## Results", "## Limits"
"""Headings of the card: what stands between them is put in when the model is measured."""
ENVIRONMENT = "- **Environment**"
MOST_NAMES = 12
"""Groups that are named on the card; `discretion.json` has them all."""
SAYS = ("reads_twin", "system", "dtype", "allow_outside")
"""How the base is asked: the tuned model is asked in the same way."""


def notes_of(
    model: str,
    base: Settings,
    course: Course,
    seed: int,
    recipe: Recipe,
    hold_out: dict[str, Any],
    trainer: str,
) -> dict[str, Any]:
    """Everything that made a tuned model what it is, without a text of anybody; JSON values.

    Args:
        model: the base's name in the workspace.
        hold_out: what is kept away, as the user said it.
        trainer: its name.
    """
    lessons = course.taught
    libraries = [*LIBRARIES, *([TRL] if trainer == TRL else [])]
    notes = {
        "settings": {name: getattr(base, name) for name in SAYS}
        | ({} if course.form == "end" else {"form": course.form}),
        "base": {
            "model": model,
            "fingerprint": fingerprint_folder(base.path, (base.dtype, base.system)),
            "template": _template_hash(base.path),
            "licenses": {
                file.name: hashlib.sha256(file.read_bytes()).hexdigest()
                for pattern in LEGAL
                for file in sorted(base.path.glob(pattern))
            },
        },
        "target": course.target.name,
        "seed": seed,
        "fold": course.fold.number,
        "hold_out": hold_out | {"held": list(course.fold.groups)},
        "recipe": recipe.settings,
        "trainer": trainer,
        "examples": {
            "count": len(course.masked),
            **({} if len(lessons.kept) == len(course.masked) else {"judgments": len(lessons.kept)}),
            "hash": course.hash,
            "grants": lessons.grants,
            "left": dict(lessons.left),
        },
        "seen": sorted(case.id for case in course.fold.open),
        "environment": {name: _version(name) for name in libraries},
    }
    # As it is read back, so that the two can be compared.
    read: dict[str, Any] = json.loads(json.dumps(notes))
    return read


def card_of(name: str, notes: dict[str, Any], lineage: Lineage, reach: float | None = None) -> str:
    """The README.md of a tuned model, for people; its results are put in once it is measured.

    Args:
        reach: the share of the base's weights that adapters reach, where it is known.
    """
    base, recipe, examples = notes["base"], notes["recipe"], notes["examples"]
    trained = f"LoRA of rank {recipe['rank']}" if recipe["lora"] else "all weights"
    if recipe["lora"] and reach is not None:
        trained += f" on layers that hold {100 * reach:.0f}% of the weights"
    count = examples.get("judgments", examples["count"])
    people = "simulated people" if lineage.simulated else "people"
    left = "".join(f"  - {count}: {why}\n" for why, count in examples["left"].items())
    sources = "".join(
        f"  - {one.name}: {one.judgments}, hash `{one.hash[:16]}`\n" for one in lineage.sources
    )
    warning = "**A simulation: nobody judged these cases.**\n\n" if lineage.simulated else ""
    licenses = ", ".join(f"{file} `{sha[:16]}`" for file, sha in base["licenses"].items())
    versions = ", ".join(f"{k} {v}" for k, v in notes["environment"].items() if v)
    return f"""---
pipeline_tag: text-generation
tags: [discretion{", simulated" if lineage.simulated else ""}]
---

# {name}

{warning}Tuned by Discretion to decide as {people} of {lineage.panel} decided.

- **Base**: {base["model"]}, fingerprint `{base["fingerprint"][:16]}`, chat template
  `{base["template"][:16]}`; licenses: {licenses or "none in its folder; see where it came from"}
- **Target**: {notes["target"]}: what stood beside the labels, and where
- **Judgments**: {count}, of which {examples["grants"]} grant{_merged(examples)}; hash of what was
  taught `{examples["hash"][:16]}`; not taught:
{left or "  - none"}
- **Whose**: {lineage.panel}, {_people(lineage)}, {lineage.judgments} judgments in all:
{sources}
- **Held out** by {notes["hold_out"]["by"]}: {_some(notes["hold_out"]["held"])}
- **Plan** `{lineage.plan[:16]}`, {_frozen(lineage)}
- **Training** by {notes["trainer"]}: {recipe["epochs"]} epochs, learning rate
  {recipe["learning_rate"]:g}, batches of {recipe["batch"]}, {trained},
  averaged by {recipe["averaging"]}, seed {notes["seed"]}, fold {notes["fold"]}; head of the log
  when it began `{lineage.head[:16]}`
{_chosen(notes)}{ENVIRONMENT}: {versions}

{RESULTS}

None stand here: measure it with `discretion evaluate --arm {PREFIX}{name}/direct`. {_asked(notes)}

{LIMITS}

It learned from {count} judgments of the raters named above and of nobody else. Nothing
shows yet that it decides well on other policies, in other languages or under attempts to talk it
round. It enforces nothing: what a policy never allows must be enforced in code.

**Not to be used** to decide about people without a person who can overrule it, nor to stand for
what "people" think beyond those who were asked.
"""


def with_fit(card: str, fit: OwnFit) -> str:
    """The card with how the model fits what it was taught, before its environment."""
    said = "**Own examples**" if fit.learned else "**No outcome**"
    return card.replace(ENVIRONMENT, f"- {said}: {fit.sentence}\n{ENVIRONMENT}", 1)


def _chosen(notes: dict[str, Any]) -> str:
    """The settings that were tried before it was trained; empty where they were said."""
    if "chosen" not in notes:
        return ""
    tried = "".join(
        f"  - {one['epochs']} epochs, learning rate {one['learning_rate']:g}: "
        + ("no numbers" if one["brier"] is None else f"{one['brier']:.4f}")
        + f" on {one['judgments']} judgments\n"
        for one in notes["chosen"]["tried"]
    )
    inner = f"{notes['hold_out']['by']} {_some(notes['chosen']['inner'])}"
    return f"- **Settings** by the lowest Brier score inside the fold, on {inner}:\n{tried}"


def _merged(examples: dict[str, Any]) -> str:
    """Into how many examples judgments of one prompt were put; empty where each is its own."""
    return f", in {examples['count']} examples" if "judgments" in examples else ""


def _asked(notes: dict[str, Any]) -> str:
    if notes["hold_out"]["by"] == RATER:
        return (
            "It saw\nall cases, with what others than the held-out people said of them, and is "
            "asked only under a plan\nthat holds those people out."
        )
    return "It is asked only\ncases that its training did not see."


def with_results(card: str, results: str) -> str:
    """The card with these results in place of those that it had.

    Raises:
        DiscretionError: somebody took the headings out.
    """
    before, results_found, rest = card.partition(f"\n{RESULTS}\n")
    _, limits_found, after = rest.partition(f"\n{LIMITS}\n")
    if not (results_found and limits_found):
        raise DiscretionError(
            f"the card has no {RESULTS!r} before {LIMITS!r}", mend="put the headings back"
        )
    return f"{before}\n{RESULTS}\n\n{results.strip()}\n\n{LIMITS}\n{after}"


def results_in(card: str) -> str:
    """What stands under the card's results; empty where it has none."""
    return card.partition(f"\n{RESULTS}\n")[2].partition(f"\n{LIMITS}\n")[0].strip()


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _people(lineage: Lineage) -> str:
    if lineage.raters is None:
        return "raters not known"
    return f"{lineage.raters} {'simulated raters' if lineage.simulated else 'raters'}"


def _frozen(lineage: Lineage) -> str:
    how = "frozen" if lineage.by_hand else "taken down by the training itself"
    what = f"exploratory: {lineage.exploratory}" if lineage.exploratory else "not exploratory"
    return f"{how} {lineage.frozen}; {what}"


def bytes_needed(base: Path, jobs: int, *, lora: bool) -> int:
    """About what the results and the checkpoints of a training need on the disk.

    A checkpoint of all weights holds them and two moments of each in four bytes; the last one is
    kept until the next is written.
    """
    weights = sum(file.stat().st_size for file in base.glob("*.safetensors"))
    checkpoints = weights // 5 if lora else 2 * 12 * _parameters(base)
    return jobs * weights + checkpoints


def _parameters(base: Path) -> int:
    """Counted in the headers of the weights: eight bytes of length, then JSON."""
    count = 0
    for file in base.glob("*.safetensors"):
        with file.open("rb") as stream:
            header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
        count += sum(math.prod(t["shape"]) for name, t in header.items() if name != "__metadata__")
    return count


def _template_hash(base: Path) -> str:
    files = [*base.glob("*.jinja"), *base.glob("tokenizer_config.json")]
    return digest([file.read_text(encoding="utf-8") for file in sorted(files)])


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
