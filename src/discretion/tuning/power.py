"""Power: would a study of this size notice what explanations teach? Counted over simulated studies.

People, learner and explanations are simulated. Controls are drawn and contrasts judged by the very
code that does so for real studies; docs/design/power.md says what is assumed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from discretion.stats.contrasts import MARGIN, SURE, Verdict, contrast, holm, verdict
from discretion.stats.rates import Floats
from discretion.toy.learner import LEARNER, Learner
from discretion.tuning.power_sizes import StudySize
from discretion.tuning.power_trials import SimulatedTrial, trial

QUALITIES = (0.0, 0.25, 0.5, 1.0)
"""How often an explanation names the deciding factor, where nothing else is asked."""


@dataclass(frozen=True, slots=True)
class StudyOutcome:
    """What one study says of real explanations against shuffled ones."""

    said: Verdict
    p_value: float | None
    """Of no difference; None where there is no interval."""
    adjusted: float | None
    """By Holm, within what one order declares: against shuffled, and against neutral."""
    difference: float
    """Real less shuffled in squared error, as the study sees it: below zero real is nearer."""
    true_difference: float
    """The same in squared distance to the true rates."""
    same: float
    """Share of the shuffled explanations that name the same factor as the real one."""
    items: float
    """Judgments that a training taught."""

    @property
    def told(self) -> bool:
        """Whether the difference is significant, however small it is."""
        return self.adjusted is not None and self.adjusted < SURE


@dataclass(frozen=True, slots=True)
class StudyTally:
    """The outcomes of many studies with explanations of one quality."""

    quality: float
    studies: int
    helped: int
    """Studies in which real explanations are significantly nearer, after adjustment."""
    hurt: int
    """Studies in which they are significantly farther."""
    differ: int
    """Studies whose p is below .05 before adjustment, either way."""
    said: Mapping[Verdict, int]
    """The verdicts of real studies, in which a difference within the margin is no relevant one."""
    difference: float
    """Real less shuffled in squared distance to the true rates, on average."""
    same: float
    """On average, as in `StudyOutcome`; so are the items."""
    items: float

    @property
    def told(self) -> int:
        """Either way: wrong, every time, where the quality is 0."""
        return self.helped + self.hurt


def power(
    size: StudySize,
    studies: int,
    seed: int,
    *,
    qualities: Sequence[float] = QUALITIES,
    margin: float = MARGIN,
    learner: Learner = LEARNER,
    watch: Callable[[int], None] = lambda _: None,
) -> list[StudyTally]:
    """Simulate studies of one size, each with explanations of every quality at the same labels.

    Args:
        studies: how many; each has its own seed, so that fewer are the first of more.
        margin: the smallest difference in Brier score that matters.
        watch: told after each study how many are done.
    """
    outcomes: dict[float, list[StudyOutcome]] = {quality: [] for quality in qualities}
    for number in range(studies):
        one = trial(size, qualities, [seed, number], learner)
        for quality in qualities:
            outcomes[quality].append(outcome(one, quality, size.seeds, margin))
        watch(number + 1)
    return [tally(quality, some) for quality, some in outcomes.items()]


def outcome(
    one: SimulatedTrial, quality: float, seeds: int, margin: float = MARGIN
) -> StudyOutcome:
    """What a study says with the first so many of its seeds, exactly as a real one is judged."""
    taught = one.by_quality[quality]
    real, shuffled, neutral = (p[:seeds] for p in (taught.real, taught.shuffled, one.neutral))
    scored = np.zeros_like(real)
    found = [
        contrast(real, scored, other, scored, one.rates, beyond=True, trained=True)
        for other in (shuffled, neutral)
    ]
    adjusted = holm([each.p_value for each in found])[0]
    return StudyOutcome(
        said=verdict(found[0], adjusted, margin),
        p_value=found[0].p_value,
        adjusted=adjusted,
        difference=found[0].difference.value or 0.0,
        true_difference=_square(real, one.truth) - _square(shuffled, one.truth),
        same=taught.same,
        items=one.items,
    )


def tally(quality: float, outcomes: Sequence[StudyOutcome]) -> StudyTally:
    """The outcomes of studies with explanations of that quality, counted."""
    told = [one.difference for one in outcomes if one.told]
    return StudyTally(
        quality=quality,
        studies=len(outcomes),
        helped=sum(one < 0 for one in told),
        hurt=sum(one > 0 for one in told),
        differ=sum(one.p_value is not None and one.p_value < SURE for one in outcomes),
        said=Counter(one.said for one in outcomes),
        difference=float(np.mean([one.true_difference for one in outcomes])),
        same=float(np.mean([one.same for one in outcomes])),
        items=float(np.mean([one.items for one in outcomes])),
    )


def exact_interval(count: int, among: int, level: float = 0.95) -> tuple[float, float]:
    """The Clopper-Pearson interval of a share: it holds the truth at least as often as it says."""
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = float(betaincinv(count, among - count + 1, tail)) if count else 0.0
    high = float(betaincinv(count + 1, among - count, 1 - tail)) if count < among else 1.0
    return low, high


def _square(p: Floats, truth: Floats) -> float:
    return float(np.mean((p - truth) ** 2))
