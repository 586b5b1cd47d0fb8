"""Head tasks: what a head is fitted on, and on which inner folds its settings are chosen."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from discretion.core.arms import Form, Prompt
from discretion.core.cases import Case
from discretion.core.holdouts import OF_JUDGMENTS, TIME, Holdout, history_of
from discretion.core.judgments import Judgment
from discretion.core.selections import RATER
from discretion.errors import DiscretionError
from discretion.training.targets import HeadKind
from discretion.training.training_sets import TrainingSet


@dataclass(frozen=True, slots=True)
class HeadTask:
    """The people's answers to P different prompts."""

    kind: HeadKind
    base: str
    """The frozen model, by its name in the workspace."""
    prompts: tuple[Prompt, ...]
    grants: tuple[int, ...]
    """(P,) how many judgments grant."""
    counts: tuple[int, ...]
    """(P,) of how many."""
    inner: tuple[tuple[int, ...], ...]
    """Which prompts each inner fold holds out."""
    by: str
    """What the inner folds hold out: ``domain``, ``scenario``, ``case``, …"""
    method: str
    """In whose words they are asked."""
    form: Form

    @property
    def share(self) -> float:
        """Of all judgments, how many grant."""
        return sum(self.grants) / sum(self.counts)


def head_task(
    course: TrainingSet,
    base: str,
    method: str,
    folds: int,
    seed: int,
    judgments: Iterable[Judgment],
) -> HeadTask:
    """What a course teaches, prompt by prompt, with inner folds.

    They hold out what the course's own fold does: groups of the same kind, and so nothing is seen
    that a fold holds out. Where only one such group is left, they hold out scenarios, or cases.

    Args:
        base: the frozen model's name.
        folds: how many inner folds.
        seed: draws them.
        judgments: of the panel, which say when; needed where a moment is held out.
    """
    grants: dict[Prompt, float] = {}
    counts: dict[Prompt, int] = {}
    of_case: dict[Prompt, Case] = {}
    for one in course.examples:
        share = float(one.item.granted) if one.share is None else one.share
        grants[one.prompt] = grants.get(one.prompt, 0.0) + share * one.weight
        counts[one.prompt] = counts.get(one.prompt, 0) + one.weight
        of_case.setdefault(one.prompt, one.item.case)
    cases = list({case.id: case for case in of_case.values()}.values())
    by, splits = _splits(course, cases, folds, seed, judgments)
    place = {case.id: row for row, case in enumerate(cases)}
    inner = tuple(
        tuple(at for at, case in enumerate(of_case.values()) if out[place[case.id]])
        for out in splits
    )
    return HeadTask(
        course.target.head,
        base,
        tuple(counts),
        tuple(round(grants[prompt]) for prompt in counts),
        tuple(counts.values()),
        tuple(one for one in inner if 0 < len(one) < len(counts)),
        by,
        method,
        course.form,
    )


def _splits(
    course: TrainingSet, cases: list[Case], folds: int, seed: int, judgments: Iterable[Judgment]
) -> tuple[str, list[np.ndarray]]:
    """By what inner folds are made, and masks over the cases."""
    fold = course.fold
    if fold.by == TIME:
        taught = {item.judgment for item in course.taught.kept}
        known = history_of(one for one in judgments if one.id in taught)
        # Where all were judged at about one time, there is no later part to hold out.
        with suppress(DiscretionError):
            return TIME, Holdout(TIME, folds=folds, history=known).named(cases).splits(cases)
    kinds = [fold.by] if fold.by and fold.by not in OF_JUDGMENTS else []
    kinds += ["case"] if fold.by == RATER else ["scenario", "case"]
    for by in kinds:
        splits = Holdout(by, folds=folds, seed=seed).splits(cases)
        if len(splits) > 1:
            return by, splits
    return "case", []


def shuffled(task: HeadTask, seed: int) -> HeadTask:
    """The same prompts, each with the judgments of another one."""
    order = np.random.default_rng(seed).permutation(len(task.prompts))
    return replace(
        task,
        grants=tuple(task.grants[at] for at in order),
        counts=tuple(task.counts[at] for at in order),
    )
