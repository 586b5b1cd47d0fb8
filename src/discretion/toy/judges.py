"""Simulated people: judges whose true grant probability on every case is known."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from discretion.canonical import fraction_of, short_id
from discretion.core.cases import Case
from discretion.core.judgments import Decision, Judgment
from discretion.toy.arguments import size_clause
from discretion.toy.dialect import Situation, read_twin
from discretion.toy.phrases import Circumstance

KEPT = 0.0002
"""A kept rule counts as a violation of this size: granted by all, unless it smells."""
SIZE = "size"
"""What the deviation is called among the factors that an explanation can name."""
SAFETY = {"medication": -1.2, "capacity": -0.9}
"""Domains in which everybody is stricter, in logarithms of the tipping point."""
UNSURE = 0.03
"""Share of answers that are unsure, whatever the case; so the true rate of those who decide is the
grant probability itself."""


@dataclass(frozen=True, slots=True)
class Judges:
    """A panel of simulated people.

    A judge grants with probability g + (1 - g - l) logistic(b (mu - log d + u)): mu the logarithm
    of the tipping point, moved by scenario, domain, reason and flags; u the judge's own leniency;
    g and l the lapses. It is the curve of the measures, so its parameters are the truth there.
    """

    name: str
    tipping: float
    """Deviation at which half would grant a bare case, before scenario and domain."""
    weights: Mapping[str, float]
    """What each reason and flag adds to the logarithm of the tipping point."""
    slope: float = 1.1
    """b, per natural logarithm of the deviation."""
    rater_sd: float = 0.5
    """Standard deviation of u over judges."""
    scenario_sd: float = 0.35
    """Standard deviation over scenarios of the logarithm of the tipping point."""
    lapse: float = 0.02
    """Both g and l."""
    raters: int = 24
    """How many people the panel has; the same people see every scenario."""

    def probability(self, case: Case, rater: int) -> float:
        """The chance that this judge, 0 to raters - 1, grants the case."""
        return self._chance(self._leaning(case) + self._leniency(rater))

    def truth(self, case: Case) -> float:
        """The chance that a judge drawn at random from this panel grants the case."""
        return float(np.mean([self.probability(case, rater) for rater in range(self.raters)]))

    def pulls(self, case: Case) -> list[tuple[str, float]]:
        """What draws everybody on this panel towards granting the case, in logarithms of the
        deviation: its size first, 0 without a limit, then its reason and flags as they stand."""
        known = 0.0 if case.deviation is None else max(case.deviation, KEPT)
        size = (SIZE, math.log(self.tipping / known) if known else 0.0)
        named = _circumstances(_situation(case))
        return [size, *((thing.name, self.weights.get(thing.name, 0.0)) for thing in named)]

    def judge(self, case: Case, rater: int, rng: np.random.Generator) -> Judgment:
        """One person's answer. What the explanation names first weighed most in it."""
        chance = self.probability(case, rater)
        granted = bool(rng.random() < chance)
        answer: Decision = "grant" if granted else "refuse"
        if rng.random() < UNSURE:
            answer = "unsure"
        who = f"{self.name}-{rater + 1:02d}"
        firmness = abs(chance - 0.5) * 2
        return Judgment(
            id=short_id(("simulated", self.name, case.id, who)),
            case=case.id,
            panel=self.name,
            answer=answer,
            rater=who,
            explanation=None if answer == "unsure" else self._explain(case, granted, rng),
            confidence=round(min(1.0, max(0.0, 0.25 + 0.7 * firmness + rng.normal(0, 0.1))), 2),
            source=f"simulated:{self.name}",
            shown=case.shown,
        )

    def judge_all(
        self, cases: Iterable[Case], rng: np.random.Generator, each: int | None = None
    ) -> Iterator[Judgment]:
        """Answers of `each` people, drawn anew for every case, or of the whole panel."""
        for case in cases:
            chosen = rng.permutation(self.raters)[: each or self.raters]
            for rater in sorted(int(number) for number in chosen):
                yield self.judge(case, rater, rng)

    def _leaning(self, case: Case) -> float:
        """mu - log d for a judge of average leniency; positive where most would grant."""
        situation = _situation(case)
        mu = math.log(self.tipping) + SAFETY.get(situation.domain, 0.0)
        mu += self.scenario_sd * _normal((self.name, case.scenario))
        mu += sum(pull for name, pull in self.pulls(case) if name != SIZE)
        deviation = case.deviation
        if deviation is None:
            # Nothing is broken that could be large or small: only what else is known counts.
            return mu - math.log(self.tipping)
        return mu - math.log(max(deviation, KEPT))

    def _leniency(self, rater: int) -> float:
        return self.rater_sd * _normal((self.name, "rater", rater))

    def _chance(self, leaning: float) -> float:
        return self.lapse + (1 - 2 * self.lapse) / (1 + math.exp(-self.slope * leaning))

    def _explain(self, case: Case, granted: bool, rng: np.random.Generator) -> str:
        """Two clauses that speak for the answer, the heavier first; the size where none does."""
        sign = 1 if granted else -1
        size = size_clause(case.deviation)
        (_, pull), *pulls = self.pulls(case)
        heaviness = [(sign * pull, size)]
        for thing, (_, pull) in zip(_circumstances(_situation(case)), pulls, strict=True):
            clause = thing.clauses[int(rng.integers(len(thing.clauses)))]
            heaviness.append((sign * pull, clause))
        speaking = sorted((pair for pair in heaviness if pair[0] > 0), reverse=True)
        return " and ".join(clause for _, clause in speaking[:2] or [(0.0, size)]) + "."


STRICT = Judges(
    "strict",
    tipping=0.045,
    weights={
        "fault": 1.6,
        "hardship": 0.9,
        "purpose": 0.3,
        "convenience": -0.6,
        "deception": -2.6,
        "nothing": -0.4,
        "loyal": 0.2,
        "first": 0.3,
        "repeat": -0.7,
        "risk": -1.2,
    },
    slope=1.4,
)
LENIENT = Judges(
    "lenient",
    tipping=0.55,
    weights={
        "fault": 1.2,
        "hardship": 1.4,
        "purpose": 0.8,
        "convenience": -0.3,
        "deception": -2.2,
        "nothing": -0.2,
        "loyal": 0.8,
        "first": 0.5,
        "repeat": -0.3,
        "risk": -1.0,
    },
)
PURPOSEFUL = Judges(
    "purposeful",
    tipping=0.16,
    weights={
        "fault": 2.2,
        "hardship": 1.8,
        "purpose": 2.0,
        "convenience": -1.6,
        "deception": -3.4,
        "nothing": -1.0,
        "loyal": 0.1,
        "first": 0.1,
        "repeat": -0.2,
        "risk": -1.8,
    },
    slope=1.2,
)
PANELS = {judges.name: judges for judges in (STRICT, LENIENT, PURPOSEFUL)}
"""Three panels whose tipping points and weights the built-in model has never read."""


@lru_cache(maxsize=4096)
def _read(twin: str) -> Situation:
    return read_twin(twin)


def _situation(case: Case) -> Situation:
    return _read(case.twin) if case.twin else Situation(case.domain)


def _circumstances(situation: Situation) -> Sequence[Circumstance]:
    reason = (situation.reason,) if situation.reason else ()
    return (*reason, *situation.flags)


@lru_cache(maxsize=4096)
def _normal(seed: tuple[str | int, ...]) -> float:
    """A standard normal number that belongs to a name: the same on every machine."""
    return NormalDist().inv_cdf(min(max(fraction_of(seed), 1e-9), 1 - 1e-9))
