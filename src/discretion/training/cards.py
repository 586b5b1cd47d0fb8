"""Cards: what a tuned folder says of itself, to programs and to people."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from discretion.canonical import digest
from discretion.core.selections import RATER
from discretion.errors import DiscretionError
from discretion.models.endpoint import Endpoint
from discretion.models.folder import LEGAL, fingerprint_folder
from discretion.models.loading import Settings
from discretion.models.tuned import PREFIX
from discretion.training.chats import hyperparameters
from discretion.training.fits import OwnFit
from discretion.training.lineage import Lineage
from discretion.training.targets import HEADS
from discretion.training.trainers import RANK, Base, Recipe
from discretion.training.training_sets import TrainingSet

PROVIDED = ("discretion", "openai")
"""Where a provider trains."""
LIBRARIES = ("discretion", "torch", "transformers", "tokenizers", "accelerate", "peft")
TRL = "trl"
"""The library, and the trainer that alone uses it."""
RESULTS, LIMITS = "## Results", "## Limits"
"""Headings of the card: what stands between them is put in when the model is measured."""
ENVIRONMENT, ADAPTED = "- **Environment**", "- **Adapter**"
MOST_NAMES = 12
"""Groups that are named on the card; `discretion.json` has them all."""
SAYS = ("reads_twin", "system", "dtype", "allow_outside")
"""How the base is asked: the tuned model is asked in the same way."""
_HEADS = {
    "head": "a linear head on the base's hidden states",
    "shuffled-head": "a control: the same, with people's shares shuffled among the prompts",
    "random-head": "a control: a linear head on random numbers",
    "words-head": "a control: a linear head on which words stand in the prompt",
}


def notes_of(
    model: str,
    base: Base,
    course: TrainingSet,
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
    items = course.taught
    here = isinstance(base, Settings)
    libraries = [*(LIBRARIES if here else PROVIDED), *([TRL] if trainer == TRL else [])]
    notes = {
        **(_folder(model, base, course) if isinstance(base, Settings) else _endpoint(model, base)),
        "target": course.target.name,
        "seed": seed,
        "fold": course.fold.number,
        "hold_out": hold_out | {"held": list(course.fold.groups)},
        "recipe": recipe.settings if here else hyperparameters(recipe),
        "trainer": trainer,
        "examples": {
            "count": len(course.examples),
            **({} if len(items.kept) == len(course.examples) else {"judgments": len(items.kept)}),
            "hash": course.hash,
            "grants": items.grants,
            "left": dict(items.left),
        },
        "seen": sorted(case.id for case in course.fold.open),
        "environment": {name: _version(name) for name in libraries},
    }
    # As it is read back, so that the two can be compared.
    read: dict[str, Any] = json.loads(json.dumps(notes))
    return read


def _folder(model: str, base: Settings, course: TrainingSet) -> dict[str, Any]:
    """What notes say of a base in a folder, and of how its tuned model is asked."""
    return {
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
    }


def _endpoint(model: str, base: Endpoint) -> dict[str, Any]:
    """What notes say of a base at a provider, whose weights nobody here can see."""
    settings = base.settings
    at = {"host": settings.host, "served": settings.model, "kind": base.kind}
    return {"base": {"model": model, "fingerprint": base.address, **at}}


def card_of(
    name: str,
    notes: dict[str, Any],
    lineage: Lineage,
    reach: float | None = None,
    method: str = "direct",
) -> str:
    """The README.md of a tuned model, for people; its results are put in once it is measured.

    Args:
        reach: the share of the base's weights that adapters reach, where it is known.
        method: by which it is asked as it was taught.
    """
    base, examples = notes["base"], notes["examples"]
    head = notes["target"] in HEADS
    count = examples.get("judgments", examples["count"])
    people = "simulated people" if lineage.simulated else "people"
    left = "".join(f"  - {count}: {why}\n" for why, count in examples["left"].items())
    sources = "".join(
        f"  - {one.name}: {one.judgments}, hash `{one.hash[:16]}`\n" for one in lineage.sources
    )
    warning = "**A simulation: nobody judged these cases.**\n\n" if lineage.simulated else ""
    versions = ", ".join(f"{k} {v}" for k, v in notes["environment"].items() if v)
    measure = f"discretion evaluate --arm {PREFIX}{name}/{method}"
    kind = "text-classification" if head else "text-generation"
    taught = _HEADS[notes["target"]] if head else "what stood beside the labels, and where"
    return f"""---
pipeline_tag: {kind}
tags: [discretion{", simulated" if lineage.simulated else ""}]
---

# {name}

{warning}Tuned by Discretion to decide as {people} of {lineage.panel} decided.

- **Base**: {_base(base)}
- **Target**: {notes["target"]}: {taught}
- **Judgments**: {count}, of which {examples["grants"]} grant{_merged(examples)}; hash of what was
  taught `{examples["hash"][:16]}`; not taught:
{left or "  - none"}
- **Whose**: {lineage.panel}, {_people(lineage)}, {lineage.judgments} judgments in all:
{sources}
- **Held out** by {notes["hold_out"]["by"]}: {_some(notes["hold_out"]["held"])}
- **Plan** `{lineage.plan[:16]}`, {_frozen(lineage)}
- **Training** by {notes["trainer"]}: {_trained(notes, reach)},
  seed {notes["seed"]}, fold {notes["fold"]}; head of the log when it began `{lineage.head[:16]}`
{_chosen(notes)}{ENVIRONMENT}: {versions}

{RESULTS}

None stand here: measure it with `{measure}`. {_asked(notes)}

{LIMITS}

It learned from {count} judgments of the raters named above and of nobody else. Nothing
shows yet that it decides well on other policies, in other languages or under attempts to talk it
round. It enforces nothing: what a policy never allows must be enforced in code.

**Not to be used** to decide about people without a person who can overrule it, nor to stand for
what "people" think beyond those who were asked.
"""


def _base(base: dict[str, Any]) -> str:
    """What was tuned, in the words of the card."""
    if "host" in base:
        return (
            f"{base['model']}, which is {base['served']} at {base['host']};\n  its weights are not "
            "known here, and its license is the provider's"
        )
    licenses = ", ".join(f"{file} `{sha[:16]}`" for file, sha in base["licenses"].items())
    return (
        f"{base['model']}, fingerprint `{base['fingerprint'][:16]}`, chat template\n"
        f"  `{base['template'][:16]}`; licenses: "
        f"{licenses or 'none in its folder; see where it came from'}"
    )


def _trained(notes: dict[str, Any], reach: float | None) -> str:
    """How it was trained, in the words of the card."""
    recipe = notes["recipe"]
    if notes["target"] in HEADS:
        return (
            "logistic regression on people's shares; it works only\n"
            "  beside the base, which stays as it is"
        )
    if "n_epochs" in recipe:
        return "at the provider, " + ", ".join(f"{name} {one}" for name, one in recipe.items())
    trained = f"LoRA of rank {recipe['rank']}" if recipe["lora"] else "all weights"
    if recipe["lora"] and reach is not None:
        trained += f" on layers that hold {100 * reach:.0f}% of the weights"
    return (
        f"{recipe['epochs']} epochs, learning rate\n"
        f"  {recipe['learning_rate']:g}, batches of {recipe['batch']}, {trained},\n"
        f"  averaged by {recipe['averaging']}"
    )


def with_head(card: str, chosen: str) -> str:
    """The card with how a head's settings were chosen, before its environment."""
    return card.replace(ENVIRONMENT, f"- **Head**: {chosen}\n{ENVIRONMENT}", 1)


def with_hosted(card: str, said: str) -> str:
    """The card with what the provider says of the model, before its environment."""
    return card.replace(ENVIRONMENT, f"- **At the provider**: {said}\n{ENVIRONMENT}", 1)


def with_fit(card: str, fit: OwnFit) -> str:
    """The card with how the model fits what it was taught, before its environment."""
    said = "**Own examples**" if fit.learned else "**No outcome**"
    return card.replace(ENVIRONMENT, f"- {said}: {fit.sentence}\n{ENVIRONMENT}", 1)


def with_adapter(card: str, name: str) -> str:
    """The card of what is kept as an adapter, with what that means, before its environment."""
    said = (
        f"{ADAPTED}: small matrices on top of the base, which must be in place to ask it; to write "
        f"a\n  whole model: `discretion models merge {PREFIX}{name} FOLDER`\n"
    )
    return card.replace(ENVIRONMENT, said + ENVIRONMENT, 1)


def without_adapter(card: str) -> str:
    """The card of an adapter, for the whole model that was made of it."""
    said = re.compile(rf"{re.escape(ADAPTED)}.*?\n(?=- )", re.DOTALL)
    return said.sub("- **Merged** into its base\n", card, count=1)


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
            f"the card has no {RESULTS!r} before {LIMITS!r}", fix="put the headings back"
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


def bytes_needed(base: Path, jobs: int, *, lora: bool, rank: int = RANK) -> int:
    """About what the results and the checkpoints of a training need on the disk.

    A checkpoint holds what is trained and two moments of each number in four bytes; the last one is
    kept until the next is written. An adapter is kept in four bytes a number, without its base.

    Args:
        rank: of adapters.
    """
    shapes = _shapes(base)
    if lora:
        trained = _adapter_numbers(shapes, rank)
        return 4 * trained * jobs + 2 * 12 * trained
    weights = sum(file.stat().st_size for file in base.glob("*.safetensors"))
    return weights * jobs + 2 * 12 * sum(map(math.prod, shapes))


def memory_needed(base: Path, *, lora: bool, rank: int = RANK) -> int:
    """Bytes of memory that a training takes at the least: each number that is trained, its gradient
    and its two moments in four bytes, and for adapters the base as it is stored."""
    if not lora:
        return 16 * sum(map(math.prod, _shapes(base)))
    weights = sum(file.stat().st_size for file in base.glob("*.safetensors"))
    return weights + 16 * _adapter_numbers(_shapes(base), rank)


def _adapter_numbers(shapes: Sequence[Sequence[int]], rank: int) -> int:
    return sum(math.prod(one[:-2]) * rank * sum(one[-2:]) for one in shapes if len(one) > 1)


def _shapes(base: Path) -> list[list[int]]:
    """Of all weights, from their headers: eight bytes of length, then JSON."""
    found = []
    for file in base.glob("*.safetensors"):
        with file.open("rb") as stream:
            header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
        found += [one["shape"] for name, one in header.items() if name != "__metadata__"]
    return found


def _template_hash(base: Path) -> str:
    files = [*base.glob("*.jinja"), *base.glob("tokenizer_config.json")]
    return digest([file.read_text(encoding="utf-8") for file in sorted(files)])


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
