"""Trials: simulated studies in which the stand-in learner is taught explanations and their
controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from discretion.errors import DiscretionError
from discretion.stats.rates import Bools, Floats, Ints, Rates
from discretion.toy.explanations import sources
from discretion.toy.judges import PANELS
from discretion.toy.learner import LEARNER, Learner, fit, predict, seen_through, shaken
from discretion.toy.teaching_studies import TeachingStudy, pool, teaching_study
from discretion.training.shuffled_assignment import shuffled_assignment
from discretion.tuning.power_sizes import StudySize


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """What the learner answers after being taught real explanations or a control, (S, C) each."""

    real: Floats
    shuffled: Floats
    same: float
    """Share of the shuffled explanations that name the same factor as the real ones."""


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedTrial:
    """One study with explanations of every quality, at the same labels.

    S seeds, C held-out cases.
    """

    rates: Rates
    """The people's on the held-out cases, with domains as units."""
    truth: Floats
    """(C,) the chance that one of the panel grants."""
    neutral: Floats
    """(S, C) after explanations that name nothing."""
    by_quality: Mapping[float, Taught]
    items: float
    """Judgments that a training taught, on average: those for which every quality finds a
    control."""


def trial(
    size: StudySize, qualities: Sequence[float], seed: Sequence[int], learner: Learner = LEARNER
) -> SimulatedTrial:
    """One simulated study of that size. The panels take turns by the last number of the seed.

    Each of the study's seeds draws its own judgments and shuffles, as plans do, so that the luck of
    a training includes what it happened to be taught.

    Args:
        seed: the same one gives the same cases, people and judgments, whatever the qualities.
    """
    study, told, rng = told_study(size, qualities, seed)
    held = size.domains * size.cases
    shape = (size.seeds, held)
    neutral = np.empty(shape)
    both = {quality: (np.empty(shape), np.empty(shape)) for quality in qualities}
    same: dict[float, list[float]] = {quality: [] for quality in qualities}
    counts = []
    for draw in range(size.seeds):
        # One order of judgments for all folds of a seed, as in a plan.
        order = rng.permutation(len(study.case))
        for fold in range(size.folds):
            out = held_out(study, size, fold)
            items, given = lessons_of(study, out, told, size.judgments, order, rng)
            counts.append(len(items))
            named = []
            for quality, source in told.items():
                real, shuffled = (study.named[source[one], 0] for one in (items, given[quality]))
                same[quality].append(float(np.mean(real == shuffled)))
                named += [real, shuffled]
            answers = _answers(study, items, np.array(named), out, learner, rng)
            neutral[draw, out[:held]] = answers[0]
            for place, (one, other) in enumerate(both.values()):
                one[draw, out[:held]], other[draw, out[:held]] = answers[2 * place + 1 :][:2]
    return SimulatedTrial(
        people(study, held),
        study.truth[:held],
        neutral,
        {q: Taught(*pair, float(np.mean(same[q]))) for q, pair in both.items()},
        float(np.mean(counts)),
    )


def told_study(
    size: StudySize, qualities: Sequence[float], seed: Sequence[int]
) -> tuple[TeachingStudy, dict[float, Ints], np.random.Generator]:
    """A study, whose explanation stands at each judgment at each quality (see `sources`), and what
    draws the rest."""
    cases, texts, rest = (np.random.default_rng([*seed, part]) for part in range(3))
    panel = pool(list(PANELS)[seed[-1] % len(PANELS)])
    domains = size.domains + size.others
    study = teaching_study(cases, panel, domains=domains, cases=size.cases, raters=size.raters)
    told = sources(study.granted, study.domain[study.case], tuple(qualities), texts)
    return study, told, rest


def held_out(study: TeachingStudy, size: StudySize, fold: int) -> Bools:
    """(C,) the cases that a fold holds out."""
    return np.asarray((study.domain < size.domains) & (study.domain % size.folds == fold))


def lessons_of(
    study: TeachingStudy,
    out: Bools,
    told: Mapping[float, Ints],
    judgments: int,
    order: Ints,
    rng: np.random.Generator,
) -> tuple[Ints, dict[float, Ints]]:
    """The judgments that a fold teaches, and for each quality whose explanation the shuffled target
    gives to each of them.

    A judgment whose decision no other domain explains leaves all qualities, so that the labels are
    the same; then partners are drawn anew.

    Args:
        order: of the judgments; the first that are not held out are taught.
    """
    items = np.sort(order[~out[study.case[order]]][:judgments])
    while True:
        given = {
            quality: shuffled_assignment(
                study.domain[study.case[items]].tolist(),
                study.granted[items].tolist(),
                study.words[source[items]].tolist(),
                rng,
            )
            for quality, source in told.items()
        }
        alone = {at for found in given.values() for at, one in enumerate(found) if one is None}
        if not alone:
            break
        items = np.delete(items, sorted(alone))
    if len(items) < 2:
        raise DiscretionError(
            "no simulated judgment finds a shuffled explanation",
            fix="take more judgments or more domains",
        )
    partner = {quality: np.array(found, dtype=np.int64) for quality, found in given.items()}
    return items, {quality: items[at] for quality, at in partner.items()}


def people(study: TeachingStudy, held: int) -> Rates:
    """What people decided on the first cases, which are those held out."""
    here = study.case < held
    return Rates.of_judgments(
        study.case[here], study.rater[here], study.granted[here], study.domain[:held]
    )


def _answers(
    study: TeachingStudy,
    items: Ints,
    named: Ints,
    out: Bools,
    learner: Learner,
    rng: np.random.Generator,
) -> Floats:
    """(1 + T, held out) what is answered without explanations, and after each of T sets of them.

    Args:
        named: (T, J) the factor that each explanation names.
    """
    features = study.pool.features[study.source]
    known = features[study.case[items]]
    center = known.mean(axis=0)
    known, asked = known - center, features[out] - center
    granted = study.granted[items]
    once = np.ones((1, len(items)))
    bare = fit(known, granted, once)
    through = np.stack([np.concatenate([known, seen_through(known, one)]) for one in named])
    counts = np.concatenate([once, learner.weight * once], axis=1)
    told = fit(
        through,
        np.tile(granted, 2),
        np.repeat(counts, len(named), axis=0),
        np.repeat(bare, len(named), axis=0),
    )
    beta = np.concatenate([bare, told])
    return predict(shaken(beta, known.std(axis=0), learner.noise, 1, rng), asked)[:, 0]
