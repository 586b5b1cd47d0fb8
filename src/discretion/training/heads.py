"""Fitting heads: logistic regression on people's shares, its settings chosen on inner folds."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, get_args

import numpy as np

from discretion.core.arms import CallFailed
from discretion.core.judgments import Floats
from discretion.errors import DiscretionError
from discretion.models.heads import (
    Head,
    Reads,
    Words,
    described,
    load_head,
    random_features,
    rows_of,
    save_head,
    states_of,
)
from discretion.models.local import LocalModel
from discretion.models.states import DEPTHS, Place, Pooling, Row, States, places
from discretion.training.fits import OwnFit, compare
from discretion.training.head_tasks import HeadTask, shuffled
from discretion.training.jobs import Job
from discretion.training.trainers import Progress, Watch

HEAD = "head"
"""The name of the trainer."""
PENALTIES = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1)
"""Inverse strengths that are tried, the strongest penalty first: scikit-learn's C, where a mean
prompt has weight 1. The words' features are shorter by the root of their number, so theirs are
larger by `OF_WORDS`."""
OF_WORDS = 100.0
USUAL = 1e-2
"""Where there is nothing to choose on."""
SMALLEST = 1e-6
"""A spread below which a feature is the same everywhere, and tells nothing."""


def head_recipe(folds: int) -> dict[str, Any]:
    """What can change a head, for the notes."""
    return {
        "depths": list(DEPTHS),
        "pooling": list(get_args(Pooling)),
        "penalties": list(PENALTIES),
        "inner_folds": folds,
    }


@dataclass(frozen=True, slots=True)
class HeadTrial:
    """One setting on the inner folds."""

    place: Place | None
    """None where the features have none."""
    penalty: float
    brier: float
    """Mean squared error over the single judgments that inner folds held out."""
    mean: float
    """That of the mean of what each inner fold left."""


@dataclass
class HeadTrainer:
    """Fits heads on the hidden states of one base after the other; see `Trainer`."""

    cache: Path | None = None
    """The file in which hidden states are kept."""
    name: str = HEAD
    fits: dict[str, OwnFit] = field(default_factory=dict)
    """How each job's head fits what it was taught, by the job's name."""
    _base: LocalModel | None = None

    def train(self, job: Job, work: Path, watch: Watch) -> Path:
        """Fit a head; its folder has the weights and the facts about them.

        Raises:
            DiscretionError: a prompt cannot be read, or hidden states are not numbers.
        """
        task = _task_of(job)
        base = self._base_of(job)
        rows = _rows(base, task)
        states = states_of(base, self.cache)
        if task.kind == "shuffled-head":
            task = shuffled(task, job.seed)
        tell = _Tell(job.name, watch)
        features = _features(task, rows, states, base, tell)
        place, penalty, tried = choose(features, task)
        x, words = features.at(place, range(len(rows)))
        grants, counts = np.array(task.grants), np.array(task.counts)
        head = _fitted(x, grants, counts, penalty, place, words)
        result = work / "result"
        shutil.rmtree(result, ignore_errors=True)
        result.mkdir()
        save_head(head, _facts(job, task, base, states, penalty, tried), result)
        # As it was stored: rounded to 32 bits.
        stored, _ = load_head(result)
        p = 1 / (1 + np.exp(-stored.log_odds(x).clip(-700, 700)))
        self.fits[job.name] = compare(p, grants, counts)
        return result

    def _base_of(self, job: Job) -> LocalModel:
        """The base, loaded once for all heads on it."""
        if self._base is None or self._base.settings != job.base:
            self._base = LocalModel(_task_of(job).base, job.base)
        return self._base


class Features(Protocol):
    """What a head of one kind is fitted on."""

    @property
    def places(self) -> Sequence[Place | None]:
        """From where they can be taken."""
        ...

    def at(self, place: Place | None, kept: Sequence[int]) -> tuple[Any, Words | None]:
        """(R, D) of all prompts, and the words that they are of, which are those of the prompts
        with the given numbers alone."""
        ...


def choose(features: Features, task: HeadTask) -> tuple[Place | None, float, HeadTrial | None]:
    """The place and penalty with the lowest Brier score on inner folds; shallow places and strong
    penalties first where several are alike. Without inner folds, the usual ones and None."""
    wanted = features.places
    scale = OF_WORDS if task.kind == "words-head" else 1.0
    if not task.inner:
        return wanted[len(wanted) // 2], USUAL * scale, None
    grants, counts = np.array(task.grants, dtype=float), np.array(task.counts, dtype=float)
    h, everything = grants / counts, np.arange(len(counts))
    best: HeadTrial | None = None
    for place in wanted:
        p = np.zeros((len(PENALTIES), len(counts)))
        mean = np.zeros(len(counts))
        held = np.zeros(len(counts), dtype=bool)
        for out in task.inner:
            kept = np.setdiff1d(everything, out)
            rows = list(out)
            x, _ = features.at(place, kept.tolist())
            center, spread = _scale(x[kept])
            for at, penalty in enumerate(PENALTIES):
                weights, intercept = logistic(
                    _scaled(x[kept], center, spread), grants[kept], counts[kept], penalty * scale
                )
                odds = _scaled(x[rows], center, spread) @ weights + intercept
                p[at, rows] = 1 / (1 + np.exp(-odds))
            mean[rows] = grants[kept].sum() / counts[kept].sum()
            held[rows] = True
        noise = h * (1 - h)
        of_mean = float(np.average(((mean - h) ** 2 + noise)[held], weights=counts[held]))
        for penalty, one in zip(PENALTIES, p, strict=True):
            score = float(np.average(((one - h) ** 2 + noise)[held], weights=counts[held]))
            if best is None or score < best.brier:
                best = HeadTrial(place, penalty * scale, score, of_mean)
    assert best is not None
    return best.place, best.penalty, best


def logistic(
    x: Any, grants: np.ndarray, counts: np.ndarray, penalty: float
) -> tuple[Floats, float]:
    """Weights (D,) and intercept of a logistic regression on shares.

    Args:
        x: (R, D)
        grants: (R,) judgments that grant.
        counts: (R,) judgments; a prompt counts as so many, in parts of their mean.
        penalty: inverse strength, scikit-learn's C.
    """
    refusals = counts - grants
    if not grants.sum() or not refusals.sum():
        # Nothing separates the answers: Jeffreys' estimate for every case.
        odds = np.log((grants.sum() + 0.5) / (refusals.sum() + 0.5))
        return np.zeros(x.shape[1]), float(odds)
    from scipy.sparse import issparse, vstack
    from sklearn.linear_model import LogisticRegression

    twice: list[Any] = [x, x]
    stacked: Any = vstack(twice).tocsr() if issparse(x) else np.vstack(twice)
    outcome = np.repeat([1, 0], len(counts))
    weights = np.concatenate([grants, refusals]) / counts.mean()
    known = weights > 0
    model = LogisticRegression(C=penalty, max_iter=1000)
    model.fit(stacked[known], outcome[known], weights[known])
    return np.asarray(model.coef_[0], dtype=np.float64), float(model.intercept_[0])


def _fitted(
    x: Any,
    grants: np.ndarray,
    counts: np.ndarray,
    penalty: float,
    place: Place | None,
    words: Words | None,
) -> Head:
    center, spread = _scale(x)
    weights, intercept = logistic(_scaled(x, center, spread), grants, counts, penalty)
    reads: Reads = "words" if words is not None else "states" if place is not None else "random"
    return Head(reads, weights, intercept, center, spread, place, words)


def _scale(x: Any) -> tuple[Floats, Floats]:
    """Center and spread (D,) of features; words stay as long as they are."""
    if not isinstance(x, np.ndarray):
        return np.zeros(x.shape[1]), np.ones(x.shape[1])
    spread = x.std(0)
    return x.mean(0), np.where(spread < SMALLEST, 1.0, spread)


def _scaled(x: Any, center: Floats, spread: Floats) -> Any:
    return (x - center) / spread if isinstance(x, np.ndarray) else x


@dataclass
class _OfStates:
    """Hidden states; those of one place are in memory."""

    rows: Sequence[Row]
    states: States
    tell: _Tell
    _known: tuple[Place, Floats] | None = None

    @property
    def places(self) -> Sequence[Place | None]:
        return places(self.states.layers)

    def at(self, place: Place | None, kept: Sequence[int]) -> tuple[Any, None]:
        assert place is not None
        if self._known is None or self._known[0] != place:
            self._known = place, self.states.of(self.rows, place, self.tell)
        x = self._known[1]
        if not np.isfinite(x).all():
            raise DiscretionError(
                "the base's hidden states are not numbers",
                where=f"layer {place.layer}",
                fix='set dtype = "float32" for this model',
            )
        return x, None


@dataclass
class _OfChance:
    """Random numbers."""

    numbers: Floats
    places: Sequence[Place | None] = (None,)

    def at(self, place: Place | None, kept: Sequence[int]) -> tuple[Any, None]:
        return self.numbers, None


@dataclass
class _OfWords:
    """Words; which of them count, and how much, is learned from the prompts that are kept."""

    rows: Sequence[Row]
    places: Sequence[Place | None] = (None,)

    def at(self, place: Place | None, kept: Sequence[int]) -> tuple[Any, Words]:
        words = Words.of_taught([self.rows[at] for at in kept])
        return words.features(self.rows), words


def _features(
    task: HeadTask, rows: Sequence[Row], states: States, base: LocalModel, tell: _Tell
) -> Features:
    if task.kind == "words-head":
        return _OfWords(rows)
    if task.kind == "random-head":
        width = int(base.loaded.model.config.get_text_config().hidden_size)
        return _OfChance(random_features(rows, width))
    return _OfStates(rows, states, tell)


def _rows(base: LocalModel, task: HeadTask) -> list[list[int]]:
    texts, rows = rows_of(base, task.prompts)
    for text in texts:
        if isinstance(text, CallFailed):
            raise DiscretionError(text.what, where=base.name, fix="correct it or leave it out")
    return rows


def _task_of(job: Job) -> HeadTask:
    if job.head is None:
        raise TypeError(f"{job.name} is no head")
    return job.head


def _facts(
    job: Job,
    task: HeadTask,
    base: LocalModel,
    states: States,
    penalty: float,
    tried: HeadTrial | None,
) -> dict[str, Any]:
    """For head.json: what it was made for, and how it was chosen."""
    inner = {"by": task.by, "folds": len(task.inner)}
    if tried is not None:
        inner |= {"brier": round(tried.brier, 6), "mean": round(tried.mean, 6)}
    return {
        "base": {"model": task.base, "fingerprint": base.fingerprint},
        "method": task.method,
        "form": task.form,
        "layers": states.layers,
        "penalty": penalty,
        "inner": inner,
        "prompts": len(task.prompts),
        "share": round(task.share, 6),
    }


def chosen_sentence(facts: dict[str, Any]) -> str:
    """Which setting a head has, and on what it was chosen, for its card."""
    inner = facts["inner"]
    said = f"{described(facts)}; C {facts['penalty']:g}"
    if "brier" not in inner:
        return f"{said}. Its setting is the usual one: there was nothing to choose it on"
    return (
        f"{said}. Chosen on {inner['folds']} inner folds by {inner['by']}: Brier score "
        f"{inner['brier']:.3f} there, and always saying the mean scores {inner['mean']:.3f}"
    )


class _Tell:
    """Tells a watcher how many prompts have been read."""

    def __init__(self, name: str, watch: Watch) -> None:
        self._name, self._watch, self._begun = name, watch, time.perf_counter()

    def __call__(self, done: int, count: int) -> None:
        seconds = time.perf_counter() - self._begun
        left = seconds / done * (count - done)
        self._watch(Progress(self._name, done, count, None, seconds, left))
