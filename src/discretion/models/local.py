"""A language model in a local folder, asked in this process."""

from __future__ import annotations

import asyncio
import math
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np

from discretion.canonical import digest
from discretion.core.arms import FORMS, CallFailed, Decoding, Form, Prompt, Scored, Written
from discretion.errors import DiscretionError
from discretion.models.adapters import check_base, check_model
from discretion.models.folder import fingerprint_folder
from discretion.models.loading import Loaded, Settings, load, with_adapter
from discretion.models.memory import give_back
from discretion.models.sampling import Beginning, write
from discretion.models.scoring import Continuation, log_masses
from discretion.models.templates import WITHIN_WORD

ANSWER_ROOM = 16
"""Tokens kept free in the context after a reasoning, for the cue and the answer."""
BATCHES = {50_000_000: 256, 1_000_000_000: 64}
"""Prompts at once, by the most bytes of weights with which they take seconds on one core. The more
there are, the less of what they share is computed again in the next batch."""
LEAST = 32
"""Prompts at once of larger models."""

IN_MEMORY = 1_500_000_000
"""Bytes of weights, as they are stored, of models that stay loaded together; one always does."""
_LOADED: list[weakref.ref[LocalModel]] = []
"""Models whose weights are in memory, in the order in which they were loaded."""

_WORKER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="discretion-model")
"""Local models work one at a time: two at once would only share the same processor."""

Outcome = TypeVar("Outcome")


class LocalModel:
    """A `Model` that transformers loads from a folder; see `log_masses` for what a score is.

    The folder is checked and hashed at once, the weights are loaded at the first call; those of a
    base once for all its adapters.

    Raises:
        DiscretionError: the folder is no model, or one that could run code, or the base of an
            adapter is not the one that it was trained on.
    """

    scores = True

    def __init__(self, name: str, settings: Settings) -> None:
        check_model(settings.path)
        if settings.base is not None:
            check_base(settings.path, settings.base)
        self.name = name
        self.settings = settings
        self._kept: Loaded | None = None

    @property
    def loaded(self) -> Loaded:
        """Weights, tokenizer and template, as they are asked; loaded once."""
        return self._loaded

    @property
    def reads_twin(self) -> bool:
        return self.settings.reads_twin

    @property
    def form(self) -> Form | None:
        """The built-in model answers in one word and an end, as it was made to."""
        return "end" if self.reads_twin else self.settings.form

    @cached_property
    def fingerprint(self) -> str:
        asked = (self.settings.dtype, self.settings.system)
        own = fingerprint_folder(self.settings.path, asked)
        if self.settings.base is None:
            return own
        return digest((own, fingerprint_folder(self.settings.base, asked)))

    @cached_property
    def batch(self) -> int:
        if self.settings.device != "cpu":
            return max(BATCHES.values())
        size = sum(self._sizes.values())
        return next((many for most, many in BATCHES.items() if size <= most), LEAST)

    async def score(self, prompts: Sequence[Prompt]) -> Sequence[Scored | CallFailed]:
        return await in_worker(lambda: self._score(prompts))

    async def probe(self, prompts: Sequence[Prompt]) -> Mapping[Form, float]:
        """The mean mass on neither answer in each form; left out are forms that cannot tell the
        answers apart, and prompts that cannot be asked.

        Raises:
            DiscretionError: the model cannot be loaded, or cannot spell the answers.
        """
        return await in_worker(lambda: self._probe(prompts))

    async def generate(
        self, prompts: Sequence[Prompt], decoding: Decoding, samples: Sequence[int]
    ) -> Sequence[Written | CallFailed]:
        return await in_worker(lambda: self._generate(prompts, decoding, samples))

    def _score(self, prompts: Sequence[Prompt]) -> list[Scored | CallFailed]:
        begun = time.perf_counter()
        loaded = self._loaded
        texts, ids = self._read(prompts)
        outcome: dict[int, Scored | CallFailed] = {}
        sides: dict[int, tuple[list[Continuation], list[Continuation]]] = {}
        for index, (prompt, text) in enumerate(zip(prompts, texts, strict=True)):
            if isinstance(text, CallFailed):
                outcome[index] = text
                continue
            grant, refuse = loaded.template.spell(
                text, ids[index], *answers_in(prompt), word=prompt.form.endswith("word")
            )
            longest = max(len(answer.ids) for answer in (*grant, *refuse))
            if longest > loaded.context:
                outcome[index] = too_long(longest, loaded.context)
            else:
                sides[index] = grant, refuse
        answers = [answer for pair in sides.values() for side in pair for answer in side]
        words = any(answer.word for answer in answers)
        masses = iter(
            log_masses(
                loaded.model,
                answers,
                loaded.ends,
                shared=loaded.shared,
                boundaries=loaded.boundaries if words else (),
            )
        )
        of_sides = {
            index: [[next(masses) for _ in side] for side in pair] for index, pair in sides.items()
        }
        seconds = (time.perf_counter() - begun) / max(1, len(prompts))
        for index, (grants, refusals) in of_sides.items():
            outcome[index] = _decided(grants, refusals, str(texts[index]), len(ids[index]), seconds)
        return [outcome[index] for index in range(len(prompts))]

    def _probe(self, prompts: Sequence[Prompt]) -> dict[Form, float]:
        # After a reasoning the prompt's own cue stands already.
        cued = any(prompt.reasoning is not None for prompt in prompts)
        forms = [form for form in FORMS if not (cued and form.startswith("cue"))]
        forms = [form for form in forms if all(_told_apart(prompt, form) for prompt in prompts)]
        # All at once, so that what the forms share is computed once.
        replies = iter(self._score([replace(p, form=form) for form in forms for p in prompts]))
        outside: dict[Form, float] = {}
        for form in forms:
            scored = [one for one in (next(replies) for _ in prompts) if isinstance(one, Scored)]
            if scored:
                outside[form] = float(np.mean([one.outside for one in scored]))
        return outside

    def _generate(
        self, prompts: Sequence[Prompt], decoding: Decoding, samples: Sequence[int]
    ) -> list[Written | CallFailed]:
        begun = time.perf_counter()
        loaded = self._loaded
        texts, ids = self._read(prompts)
        outcome: dict[int, Written | CallFailed] = {}
        beginnings: dict[int, Beginning] = {}
        for index, (prompt, text, sample) in enumerate(zip(prompts, texts, samples, strict=True)):
            room = loaded.context - len(ids[index]) - (ANSWER_ROOM if prompt.reason_first else 0)
            if isinstance(text, CallFailed):
                outcome[index] = text
            elif room < 1:
                outcome[index] = too_long(len(ids[index]), loaded.context)
            else:
                beginnings[index] = Beginning(
                    tuple(ids[index]),
                    min(decoding.max_tokens, room),
                    f"{decoding.seed}/{sample}",
                    prompt.decision_cue if prompt.reason_first else "",
                )
        written = write(
            loaded.model,
            loaded.template.tokenizer,
            list(beginnings.values()),
            loaded.ends,
            decoding.temperature,
        )
        seconds = (time.perf_counter() - begun) / max(1, len(prompts))
        for index, (text, tokens) in zip(beginnings, written, strict=True):
            outcome[index] = Written(text, str(texts[index]), len(ids[index]), tokens, seconds)
        return [outcome[index] for index in range(len(prompts))]

    def _read(self, prompts: Sequence[Prompt]) -> tuple[list[str | CallFailed], list[list[int]]]:
        """Each prompt as text and as tokens; none where it is refused."""
        template = self._loaded.template
        texts = [template.render(prompt) for prompt in prompts]
        encoded = iter(template.encode([text for text in texts if isinstance(text, str)]))
        return texts, [next(encoded) if isinstance(text, str) else [] for text in texts]

    @property
    def _loaded(self) -> Loaded:
        if self._kept is None:
            whole = _in_memory(self.settings.whole)  # Kept while room is made.
            _make_room(self)
            whole = whole or load(self.name, self.settings.whole)
            adapter = self.settings.base is not None
            self._kept = with_adapter(whole, self.settings.path) if adapter else whole
        return self._kept

    @cached_property
    def _sizes(self) -> dict[Path, int]:
        """Bytes of weights, as they are stored, by the folders that hold them."""
        folders = {self.settings.path.resolve(), self.settings.whole.path.resolve()}
        return {
            folder: sum(file.stat().st_size for file in folder.glob("*.safetensors"))
            for folder in folders
        }


def _in_memory(settings: Settings) -> Loaded | None:
    """The whole model of these settings, where one is loaded, by itself or below an adapter."""
    for model in filter(None, (reference() for reference in _LOADED)):
        if model._kept is not None and _alike(model.settings.whole, settings):
            return model._kept.base or model._kept
    return None


def _alike(one: Settings, other: Settings) -> bool:
    """Whether two whole models are the same once they are loaded."""
    asked = ("dtype", "device", "system")
    return one.path.resolve() == other.path.resolve() and all(
        getattr(one, name) == getattr(other, name) for name in asked
    )


def _make_room(model: LocalModel) -> None:
    """Let go of the weights that were loaded first, until those of one more model fit: a run may
    ask dozens of tuned models, one after the other. What is asked again is loaded again."""
    known = [one for one in (reference() for reference in _LOADED) if one is not None]
    held = [one for one in known if one._kept is not None and one is not model]
    full = False
    while held and _bytes((*held, model)) > IN_MEMORY:
        held.pop(0)._kept = None
        full = True
    _LOADED[:] = [weakref.ref(one) for one in (*held, model)]
    if full:
        give_back()


def _bytes(models: Sequence[LocalModel]) -> int:
    """Of all their weights; those of a base count once."""
    return sum({folder: size for one in models for folder, size in one._sizes.items()}.values())


def answers_in(prompt: Prompt) -> tuple[list[str], list[str]]:
    """The surface forms of both answers in the form in which they are scored.

    Where an answer ends with its word, one that goes on after that word is part of it: "yes." of
    "yes".

    Raises:
        DiscretionError: one answer is the beginning of the other, which only an end can tell apart.
    """
    sides = [list(prompt.choices.grant), list(prompt.choices.refuse)]
    if not _told_apart(prompt, prompt.form):
        raise DiscretionError(
            f"{sides[0][0]!r} and {sides[1][0]!r} begin with the same words",
            fix='set form = "end" for this model, or use other answers',
        )
    if prompt.form.endswith("word"):
        sides = [[one for one in side if not any(_begins(o, one) for o in side)] for side in sides]
    if prompt.form.startswith("cue") and prompt.reasoning is None:
        sides = [[f" {one}" for one in side] for side in sides]
    return sides[0], sides[1]


def _told_apart(prompt: Prompt, form: Form) -> bool:
    """Whether the answers differ where they end in this form."""
    grant, refuse = prompt.choices.grant, prompt.choices.refuse
    return not form.endswith("word") or not any(
        _begins(one, other) or _begins(other, one) for one in grant for other in refuse
    )


def _begins(word: str, longer: str) -> bool:
    """Whether a longer text begins with a word that ends there."""
    after = longer.removeprefix(word)
    return longer != after != "" and WITHIN_WORD.match(after) is None


def _decided(
    grants: list[float], refusals: list[float], text: str, tokens: int, seconds: float
) -> Scored | CallFailed:
    """The masses of the forms of both answers, summed over the forms of each."""
    if not np.isfinite([*grants, *refusals]).all():
        return CallFailed("the model's probabilities are not numbers; try another dtype")
    log_grant = float(np.logaddexp.reduce(grants))
    log_refuse = float(np.logaddexp.reduce(refusals))
    outside = min(1.0, max(0.0, 1.0 - math.exp(log_grant) - math.exp(log_refuse)))
    return Scored(log_grant, log_refuse, outside, text, tokens, seconds)


async def in_worker(work: Callable[[], Outcome]) -> Outcome:
    return await asyncio.get_running_loop().run_in_executor(_WORKER, work)


def too_long(tokens: int, context: int) -> CallFailed:
    return CallFailed(
        f"the prompt and its answer need {tokens} tokens or more, and the model's context is "
        f"{context}; shorten the text, or use a model with a longer context"
    )
