"""Heads: a linear classifier on what a frozen model makes of a prompt, or on a control in place of
that; stored in kilobytes, for the one base that it was made for."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from discretion.canonical import digest
from discretion.core.arms import CallFailed, Decoding, Form, Prompt, Scored, Written
from discretion.core.judgments import Floats
from discretion.errors import DiscretionError
from discretion.models.folder import HEAD
from discretion.models.local import LocalModel, in_worker, too_long
from discretion.models.states import Place, Row, States

WEIGHTS = "head.safetensors"
"""What a head's folder holds beside the facts about it, its card and its notes."""
WRITES_NOTHING = "a head only decides; it writes nothing"
Reads = Literal["states", "random", "words"]
"""What a head is fitted on: hidden states; numbers drawn by a hash of the prompt, as many as a
hidden state has; how often tokens stand in the prompt, weighed by how rare they are."""


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """Term frequency times inverse document frequency of V tokens, each prompt of length 1."""

    tokens: np.ndarray
    """(V,) sorted."""
    idf: Floats
    """(V,)"""

    @classmethod
    def of_taught(cls, rows: Sequence[Row]) -> Words:
        """The tokens of R prompts; those that stand in one alone, or in all alike, tell nothing."""
        held, counts = np.unique(
            np.concatenate([np.unique(np.asarray(row)) for row in rows]), return_counts=True
        )
        kept = (counts > 1) & (counts < len(rows))
        if not kept.any():
            kept[:] = True
        return cls(held[kept], np.log((1 + len(rows)) / (1 + counts[kept])) + 1)

    def features(self, rows: Sequence[Row]) -> Any:
        """(R, V), sparse."""
        from scipy.sparse import csr_array

        values, columns, starts = [], [], [0]
        for row in rows:
            held, counts = np.unique(np.asarray(row), return_counts=True)
            at = np.searchsorted(self.tokens, held).clip(max=len(self.tokens) - 1)
            known = self.tokens[at] == held
            found = (1 + np.log(counts[known])) * self.idf[at[known]]
            values.append(found / max(float(np.linalg.norm(found)), 1e-12))
            columns.append(at[known])
            starts.append(starts[-1] + int(known.sum()))
        cells = (np.concatenate(values), np.concatenate(columns), np.array(starts))
        return csr_array(cells, shape=(len(rows), len(self.tokens)))


def random_features(rows: Sequence[Row], width: int) -> Floats:
    """(R, width) standard normal numbers that depend on nothing but which prompt it is."""
    seeds = (hashlib.sha256(np.asarray(row, dtype="<i8").tobytes()).digest() for row in rows)
    return np.stack([np.random.default_rng(list(seed)).standard_normal(width) for seed in seeds])


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A logistic regression on D features."""

    reads: Reads
    weights: Floats
    """(D,)"""
    intercept: float
    center: Floats
    """(D,) taken from the features before they are divided by"""
    spread: Floats
    """(D,)"""
    place: Place | None = None
    """Of the hidden states; None for a control."""
    words: Words | None = None

    def log_odds(self, features: Any) -> Floats:
        """(R,) of granting; features as they are, (R, D)."""
        scaled = self.weights / self.spread
        moved = self.intercept - float(self.center @ scaled)
        return np.asarray(features @ scaled + moved, dtype=np.float64)

    def features(self, rows: Sequence[Row], states: States) -> Any:
        """(R, D) what it reads of prompts."""
        if self.words is not None:
            return self.words.features(rows)
        if self.place is None:
            return random_features(rows, len(self.weights))
        return states.of(rows, self.place)


def save_head(head: Head, facts: Mapping[str, Any], folder: Path) -> None:
    """Write a head into an empty folder.

    Args:
        facts: for head.json: its base, method and form, and how it was chosen.
    """
    from safetensors.numpy import save_file

    tensors: dict[str, np.ndarray] = {
        "weights": head.weights.astype(np.float32),
        "intercept": np.array([head.intercept], dtype=np.float32),
        "center": head.center.astype(np.float32),
        "spread": head.spread.astype(np.float32),
    }
    if head.words is not None:
        tensors |= {
            "tokens": head.words.tokens.astype(np.int64),
            "idf": head.words.idf.astype(np.float32),
        }
    save_file(tensors, folder / WEIGHTS)
    place = {} if head.place is None else {"layer": head.place.layer, "pooling": head.place.pooling}
    said = {"version": 1, "reads": head.reads, **place, **facts}
    text = json.dumps(said, indent=1, sort_keys=True) + "\n"
    (folder / HEAD).write_text(text, encoding="utf-8")


def read_facts(folder: Path) -> dict[str, Any]:
    """What a head's folder says of it.

    Raises:
        DiscretionError: it says nothing, or what it says is of a later version.
    """
    try:
        facts = json.loads((folder / HEAD).read_text(encoding="utf-8"))
        known = isinstance(facts, dict) and facts["version"] == 1
        known = known and {"base", "reads", "method", "form"} <= set(facts)
    except (OSError, ValueError, KeyError):
        known = False
    if not known:
        raise DiscretionError(
            "the facts about this head cannot be read",
            where=str(folder / HEAD),
            fix="train the head again, or update Discretion",
        )
    return dict(facts)


def load_head(folder: Path) -> tuple[Head, dict[str, Any]]:
    """A head and what its folder says of it.

    Raises:
        DiscretionError: a part is missing or broken.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    facts = read_facts(folder)
    try:
        read = {key: value.astype(np.float64) for key, value in load_file(folder / WEIGHTS).items()}
        center, spread = read["center"], read["spread"]
        weights, [intercept] = read["weights"], read["intercept"]
        words = None
        if facts["reads"] == "words":
            words = Words(read["tokens"].astype(np.int64), read["idf"])
        place = Place(int(facts["layer"]), facts["pooling"]) if facts["reads"] == "states" else None
        same = weights.shape == center.shape == spread.shape and weights.ndim == 1
        same = same and (words is None or words.tokens.shape == words.idf.shape == weights.shape)
        finite = all(np.isfinite(value).all() for value in read.values())
    except (OSError, KeyError, ValueError, SafetensorError):
        same = finite = False
    if not (same and finite and (spread > 0).all()):
        raise DiscretionError(
            "the weights of this head are incomplete or broken",
            where=str(folder / WEIGHTS),
            fix="train the head again",
        )
    return Head(facts["reads"], weights, float(intercept), center, spread, place, words), facts


def described(facts: Mapping[str, Any]) -> str:
    """What a head reads, for a reader of its figures."""
    if facts["reads"] == "states":
        pooling = "last token" if facts["pooling"] == "last" else "mean of the tokens"
        return f"a linear head on layer {facts['layer']} of {facts['layers']}, {pooling}"
    if facts["reads"] == "words":
        return "a linear head on which words stand in the prompt"
    return "a linear head on random numbers"


class HeadModel:
    """A `Model` that decides by a head on a base in this process; it writes nothing.

    Raises:
        DiscretionError: the folder holds no head, or one for another base.
    """

    scores = True

    def __init__(
        self, name: str, folder: Path, base: LocalModel, cache: Path | None = None
    ) -> None:
        self.name = name
        self.folder = folder
        self.base = base
        self.cache = cache
        self._head, self.facts = load_head(folder)
        check_base(self.facts, base, folder)

    @property
    def taught_by(self) -> str:
        """The method in whose prompts it was fitted; in others it would see what it does not
        know."""
        return str(self.facts["method"])

    @property
    def reads_twin(self) -> bool:
        return self.base.reads_twin

    @property
    def form(self) -> Form | None:
        form: Form = self.facts["form"]
        return form

    @cached_property
    def fingerprint(self) -> str:
        weights = hashlib.sha256((self.folder / WEIGHTS).read_bytes()).hexdigest()
        return digest(("head", self.base.fingerprint, weights, self.facts))

    @property
    def batch(self) -> int:
        return self.base.batch

    async def score(self, prompts: Sequence[Prompt]) -> Sequence[Scored | CallFailed]:
        return await in_worker(lambda: self._score(prompts))

    async def probe(self, prompts: Sequence[Prompt]) -> Mapping[Form, float]:
        """Nothing is chosen: it is asked in the form in which it was fitted."""
        return {}

    async def generate(
        self, prompts: Sequence[Prompt], decoding: Decoding, samples: Sequence[int]
    ) -> Sequence[Written | CallFailed]:
        return [CallFailed(WRITES_NOTHING) for _ in prompts]

    def _score(self, prompts: Sequence[Prompt]) -> list[Scored | CallFailed]:
        begun = time.perf_counter()
        outcome: dict[int, Scored | CallFailed] = {}
        texts, ids = rows_of(self.base, prompts)
        asked = []
        for index, (text, row) in enumerate(zip(texts, ids, strict=True)):
            if isinstance(text, CallFailed):
                outcome[index] = text
            elif len(row) > self.base.loaded.context:
                outcome[index] = too_long(len(row), self.base.loaded.context)
            else:
                asked.append(index)
        odds = np.zeros(0)
        if asked:
            rows = [ids[index] for index in asked]
            states = states_of(self.base, self.cache)
            odds = self._head.log_odds(self._head.features(rows, states))
        seconds = (time.perf_counter() - begun) / max(1, len(prompts))
        for index, one in zip(asked, odds.tolist(), strict=True):
            if not math.isfinite(one):
                outcome[index] = CallFailed("the model's hidden states are not numbers")
                continue
            grant, refuse = (-float(np.logaddexp(0.0, sign * one)) for sign in (-1, 1))
            text, tokens = str(texts[index]), len(ids[index])
            outcome[index] = Scored(grant, refuse, None, text, tokens, seconds)
        return [outcome[index] for index in range(len(prompts))]


def states_of(base: LocalModel, cache: Path | None) -> States:
    """The hidden states of a base, whose configuration says how many layers it has."""
    layers = int(base.loaded.model.config.get_text_config().num_hidden_layers)
    return States(base.fingerprint, lambda: base.loaded.model, layers, cache)


def rows_of(
    base: LocalModel, prompts: Sequence[Prompt]
) -> tuple[list[str | CallFailed], list[list[int]]]:
    """Prompts as a base reads them: as texts, and as tokens; none where one is refused."""
    template = base.loaded.template
    texts = [template.render(prompt) for prompt in prompts]
    encoded = iter(template.encode([text for text in texts if isinstance(text, str)]))
    return texts, [next(encoded) if isinstance(text, str) else [] for text in texts]


def check_base(facts: Mapping[str, Any], base: LocalModel, folder: Path) -> None:
    """Whether a head was made for this very base.

    Raises:
        DiscretionError: it was made for another.
    """
    made = facts["base"]
    if made["fingerprint"] == base.fingerprint:
        return
    raise DiscretionError(
        f"this is a head for another base: it was made for {made['model']} "
        f"{made['fingerprint'][:12]}, and {base.name} is now {base.fingerprint[:12]}",
        where=str(folder),
        fix="put the base's files and its settings (dtype, system) back as they were, or train "
        "the head again",
    )
