"""Chat examples: what a trainer at a provider is sent, and the checks that need no tokenizer.

A fine-tuning API takes conversations, without weights. So what people judged alike stands in the
file as often as they judged it: their share is so many grants and so many refusals.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from discretion.canonical import digest
from discretion.core.arms import Message, Prompt
from discretion.errors import DiscretionError
from discretion.models.endpoint import Endpoint
from discretion.training.examples import Example, Prompts, TrainingItems
from discretion.training.masking import Masked
from discretion.training.recipes import Recipe
from discretion.training.targets import Target

BYTES_A_TOKEN = 4
"""Where nobody counts them."""


@dataclass(frozen=True, slots=True)
class Chat:
    """One conversation to learn from: the assistant's turns are learned."""

    messages: tuple[Message, ...]
    times: int
    """How often it stands in the file."""
    grants: bool

    @property
    def line(self) -> str:
        """As it stands in the file."""
        turns = [{"role": one.role, "content": one.content} for one in self.messages]
        return json.dumps({"messages": turns}, ensure_ascii=False)

    @property
    def tokens(self) -> int:
        """About how many tokens it has."""
        return sum(len(one.content.encode()) for one in self.messages) // BYTES_A_TOKEN + 1


@dataclass(frozen=True)
class ChatJob:
    """One training at a provider: a target, a fold and a seed."""

    name: str
    """Of the folder that its result is described in."""
    base: Endpoint
    chats: Sequence[Chat]
    recipe: Recipe
    seed: int
    """Draws the order of the lines, and is sent with the job."""

    @property
    def rows(self) -> int:
        """Lines of the file: one for each judgment."""
        return sum(one.times for one in self.chats)

    @property
    def tokens(self) -> int:
        """About how many tokens are read in all epochs."""
        epochs = self.hyperparameters["n_epochs"]
        once = sum(one.times * one.tokens for one in self.chats)
        return once * (epochs if isinstance(epochs, int) else self.recipe.epochs)

    @property
    def steps(self) -> int:
        return self.recipe.epochs * -(-self.rows // self.recipe.batch)

    @property
    def hyperparameters(self) -> dict[str, Any]:
        """As the API calls them; what was set by hand goes before the recipe."""
        return hyperparameters(self.recipe)

    @cached_property
    def content(self) -> bytes:
        """The file. The order of its lines is drawn by the seed and is the same in every target of
        a comparison, so that what is alike does not stand together."""
        lines = [
            (digest((self.seed, number, copy)), one.line)
            for number, one in enumerate(self.chats)
            for copy in range(one.times)
        ]
        return "".join(f"{line}\n" for _, line in sorted(lines)).encode()

    @cached_property
    def key(self) -> str:
        """Tells this work from any other: the same file, base, settings and seed."""
        made = (self.base.address, digest(self.content.decode()), self.hyperparameters, self.seed)
        return digest(made)[:24]


def hyperparameters(recipe: Recipe) -> dict[str, Any]:
    """What a recipe says of a job at a provider."""
    given = {name: one for name, one in recipe.more.items() if name != "method"}
    return {"n_epochs": recipe.epochs, "batch_size": recipe.batch, **given}


def chats_of(examples: Sequence[Example], base: Endpoint) -> tuple[Chat, ...]:
    """Examples as conversations, as the endpoint itself is asked: how it takes a system text."""
    return tuple(
        Chat((*base.messages(one.prompt), *answer_of(one)), one.weight, granted(one.prompt, one))
        for one in examples
    )


def answer_of(example: Example) -> tuple[Message, ...]:
    """The assistant's turn, and a second one where the explanation comes after the decision."""
    cue = example.prompt.decision_cue if example.before else ""
    said = Message("assistant", example.before + cue + example.decision)
    if not example.after:
        return (said,)
    return (said, *example.follow_up, Message("assistant", example.after))


def granted(prompt: Prompt, example: Example) -> bool:
    return example.decision in prompt.choices.grant


class Chats:
    """Stands where examples are masked, for a base whose tokenizer is not at hand: it checks them
    as texts, and masks none."""

    def __init__(self) -> None:
        self.prompts = Prompts()

    def __call__(self, target: Target, shown: Sequence[Example]) -> tuple[Masked, ...]:
        """No tokens.

        Raises:
            DiscretionError: something would be taught that should not be.
        """
        check_texts(target.name, shown)
        return ()

    def soft(self, prompt: Prompt) -> bool:
        """No API takes a share as a label."""
        return False


def check_texts(target: str, shown: Sequence[Example]) -> None:
    """Refuse what would not teach exactly the answers of one target, read back from the texts.

    Raises:
        DiscretionError: the first thing that is wrong, in one sentence.
    """
    if not shown:
        raise DiscretionError(
            f"the target {target} has nothing to teach",
            fix="collect more judgments, or hold out less",
        )
    for example in shown:
        choices = example.prompt.choices
        own = choices.grant if example.item.granted else choices.refuse
        turns = answer_of(example)
        said = turns[0].content
        explained = {
            "before": bool(example.before) and said.startswith(example.before),
            "after": bool(example.after) and turns[-1].content == example.after,
            "": not (example.before or example.after) and said == example.decision,
        }
        right = example.decision in own and said.endswith(example.decision)
        right &= explained[target.partition("-")[2]] and example.share is None
        right &= all(turn.content.strip() for turn in (*example.prompt.messages, *turns))
        if not right:
            raise DiscretionError(
                "what would be learned is not exactly the answer",
                where=f"target {target}, judgment {example.item.judgment}",
                fix="report this",
            )


def check_file(job: ChatJob, taught: TrainingItems, target: str) -> None:
    """Refuse a file that teaches other rates than people have, counted line by line as it will be
    read.

    Raises:
        DiscretionError: the file says something else than the judgments.
    """
    granting = {one.line: one.grants for one in job.chats}
    lines = job.content.decode().split("\n")[:-1]
    grants = sum(granting[line] for line in lines)
    if (len(lines), grants) != (len(taught.kept), taught.grants):
        raise DiscretionError(
            f"the file of the target {target} would teach {grants} grants of {len(lines)} "
            f"judgments, and people granted {taught.grants} of {len(taught.kept)}",
            fix="report this: the file must hold one line for each judgment",
        )
