"""Served fits: whether a training at a provider learned what it was taught. Its weights are not
here, so its model is asked, at the price of asking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from discretion import models
from discretion.budgets import Spending
from discretion.core.answers import Answer, Failure
from discretion.core.arms import Call, Decoding, Prompt
from discretion.core.prompted import PromptedArm
from discretion.coroutines import run_sync
from discretion.errors import StoppedError
from discretion.methods.direct import DIRECT
from discretion.models.endpoint import Endpoint
from discretion.models.served import served, served_settings
from discretion.models.tuned import PREFIX
from discretion.training.chats import BYTES_A_TOKEN, ChatJob, granted
from discretion.training.examples import Example
from discretion.training.fits import JUDGMENTS, PROMPTS, OwnFit, compare

DRAWS = 4
"""Of each prompt, where the server gives no log-probabilities. What they vary is taken off."""
ENOUGH = 0.5
"""Share of the prompts that have to be answered, for anything to be said of all."""


def own_calls(base: Endpoint, examples: Sequence[Example]) -> list[Call]:
    """What a tuned model is asked of what it was taught; nothing where it reasons before it
    decides, since a server cannot be made to go on after a reasoning, or where the base was not
    probed."""
    if base.probed is None:
        return []
    draws = 1 if base.scores else DRAWS
    return [
        Call(f"{number} {draw}", str(number), prompt, draw)
        for number, (prompt, _, _) in enumerate(_taught(examples))
        for draw in range(draws)
    ]


def tokens_of(calls: Sequence[Call]) -> int:
    """About how many tokens these are to read."""
    sent = (
        len(turn.content.encode()) for one in calls if one.prompt for turn in one.prompt.messages
    )
    return sum(sent) // BYTES_A_TOKEN


def served_fit(
    job: ChatJob, examples: Sequence[Example], result: Path, spending: Spending
) -> OwnFit | None:
    """Ask the model that a job made what it was taught; None where that cannot be asked, or too
    little of it was answered.

    Args:
        examples: that the job taught.
        result: the folder that says how the model is asked.

    Raises:
        StoppedError: it cannot be asked now, or too little of the budget is left.
    """
    calls = own_calls(job.base, examples)
    if not calls or job.base.probed is None:
        return None
    said = served(result) or {}
    before = job.base.settings.model_dump(mode="json", exclude_none=True)
    made = models.load_model(PREFIX + job.name, served_settings(said, before), result)
    if not isinstance(made, Endpoint):
        return None
    # It is served as its base is. What the server calls it is not known before it answers.
    probed = replace(job.base.probed, model="", build="")
    arm = PromptedArm(made.knowing(probed, allowed=True), DIRECT, {}, Decoding(samples=DRAWS))
    try:
        answers = run_sync(_asked(arm, calls, spending))
    except KeyboardInterrupt as stop:
        raise StoppedError(
            f"stopped while asking {PREFIX}{job.name} what it was taught",
            where=job.base.settings.host,
            fix="repeat the command: the training is done, and is not paid for again",
        ) from stop
    return _fit(examples, answers)


async def _asked(
    arm: PromptedArm, calls: Sequence[Call], spending: Spending
) -> Sequence[Answer | Failure]:
    await arm.open(spending)
    try:
        return await arm.ask(calls)
    finally:
        await arm.close()


def _fit(examples: Sequence[Example], answers: Sequence[Answer | Failure]) -> OwnFit | None:
    """Answers against those who judged each prompt."""
    taught = _taught(examples)
    drawn: dict[int, list[Answer]] = {}
    for one in answers:
        if isinstance(one, Answer):
            drawn.setdefault(int(one.case), []).append(one)
    kept = sorted(drawn)
    if len(kept) < ENOUGH * len(taught):
        return None
    p, variance = np.array([_mean_of(drawn[number]) for number in kept]).T
    _, grants, counts = zip(*(taught[number] for number in kept), strict=True)
    return compare(p, np.array(grants), np.array(counts), variance)


def _mean_of(answers: Sequence[Answer]) -> tuple[float, float]:
    """p of one prompt, and how far draws alone move it; not known of a single draw, so 0."""
    p = float(np.average([one.p for one in answers], weights=[one.draws for one in answers]))
    draws = sum(one.draws for one in answers)
    sampled = answers[0].how == "sampled" and draws > 1
    return p, p * (1 - p) / (draws - 1) if sampled else 0.0


def _taught(examples: Sequence[Example]) -> list[tuple[Prompt, int, int]]:
    """(prompt, judgments that grant, judgments) of what is asked, in the order in which it was
    taught."""
    if any(one.before for one in examples):
        return []
    found: dict[tuple[object, ...], tuple[Prompt, int, int]] = {}
    judgments = 0
    for one in examples:
        key = (one.prompt.messages, one.prompt.choices)
        if key not in found and len(found) >= PROMPTS and judgments >= JUDGMENTS:
            continue
        judgments += one.weight
        prompt, grants, count = found.get(key, (one.prompt, 0, 0))
        grants += one.weight * granted(one.prompt, one)
        found[key] = (prompt, grants, count + one.weight)
    return list(found.values())
