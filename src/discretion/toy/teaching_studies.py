"""Simulated studies of teaching, as plain arrays: cases of many domains, what people decided, and
what each would say why."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import numpy as np

from discretion.core.cases import Case
from discretion.toy.arguments import size_clause
from discretion.toy.dialect import Situation, case_of, draws
from discretion.toy.explanations import CIRCUMSTANCES, Bools, Floats, Ints, deciding
from discretion.toy.judges import KEPT, PANELS, SAFETY, Judges
from discretion.toy.phrases import DOMAINS

FACTORS = ("size", *(thing.name for thing in CIRCUMSTANCES))
"""What an explanation can name, by code."""
MOST_CASES = 400
"""Cases of each of the dialect's domains, from which studies draw."""


@dataclass(frozen=True, slots=True, eq=False)
class CasePool:
    """Cases that studies draw from, and what draws a panel towards granting each."""

    judges: Judges
    cases: tuple[Case, ...]
    """(P,) as many of each of the dialect's domains, one domain after the other."""
    pulls: Floats
    """(P, F) see `Judges.pulls`; 0 for what the case does not say."""
    features: Floats
    """(P, F + 1) what a learner reads: the logarithm of how near the case is to its limit, 0
    without one; whether each circumstance is named; and whether there is no limit."""


@dataclass(frozen=True, slots=True, eq=False)
class TeachingStudy:
    """C cases, as many of each domain, and J judgments on them, as many on each case."""

    pool: CasePool
    source: Ints
    """(C,) the case, as an index into the pool's."""
    domain: Ints
    """(C,) codes from 0 on."""
    truth: Floats
    """(C,) the chance that a person drawn at random from this panel grants it."""
    case: Ints
    """(J,) index of the case that was judged."""
    rater: Ints
    """(J,)"""
    granted: Bools
    """(J,)"""
    named: Ints
    """(J, 2) the factors that an honest explanation names: see `deciding`."""
    variant: Ints
    """(J, 2) in which of its words each is named."""

    @property
    def words(self) -> Ints:
        """(J,) the length of each honest explanation."""
        lengths = _clause_lengths()[self.named, self.variant]
        joined = self.named[:, 1] >= 0
        return np.asarray(lengths[:, 0] + joined * (1 + lengths[:, 1]))

    def text(self, judgment: int) -> str:
        """The honest explanation of a judgment, in the dialect."""
        case = self.pool.cases[self.source[self.case[judgment]]]
        said = [
            size_clause(case.deviation) if factor == 0 else _clauses(factor)[variant]
            for factor, variant in zip(self.named[judgment], self.variant[judgment], strict=True)
            if factor >= 0
        ]
        return " and ".join(said) + "."


@lru_cache(maxsize=len(PANELS))
def pool(panel: str) -> CasePool:
    """The cases, the same on every machine, as one of the `PANELS` sees them."""
    judges, cases = PANELS[panel], _cases()
    code = {name: place for place, name in enumerate(FACTORS)}
    pulls = np.zeros((len(cases), len(FACTORS)))
    features = np.zeros((len(cases), len(FACTORS) + 1))
    for row, case in enumerate(cases):
        for name, pull in judges.pulls(case):
            pulls[row, code[name]] = pull
            features[row, code[name]] = 1.0
        deviation = case.deviation
        features[row, 0] = 0.0 if deviation is None else -np.log(max(deviation, KEPT))
        features[row, -1] = deviation is None
    return CasePool(judges, cases, pulls, features)


@lru_cache(maxsize=1)
def _cases() -> tuple[Case, ...]:
    """As many of each domain. Those that name a circumstance twice are passed over, so that a
    factor is there or is not."""
    cases = []
    for number, domain in enumerate(DOMAINS):
        drawn = draws(np.random.default_rng(number), 2 * MOST_CASES, (domain,))
        once = (one for one in drawn if len(set(_names(one))) == len(_names(one)))
        cases += [case_of(one) for one in islice(once, MOST_CASES)]
    return tuple(cases)


def _names(situation: Situation) -> list[str]:
    return [thing.name for thing in (situation.reason, *situation.flags) if thing]


def teaching_study(
    rng: np.random.Generator, source: CasePool, *, domains: int, cases: int, raters: int
) -> TeachingStudy:
    """One study: a new panel of people of the pool's kind judges new domains.

    Domains beyond the dialect's number use its words again, with tipping points of their own.

    Args:
        domains: how many; each is one scenario.
        cases: of each domain, at most 400.
        raters: people who judge each case, drawn anew for every case from the whole panel.
    """
    judges = source.judges
    chosen = np.concatenate(
        [
            rng.permutation(MOST_CASES)[:cases] + MOST_CASES * (one % len(DOMAINS))
            for one in range(domains)
        ]
    )
    domain = np.repeat(np.arange(domains), cases)
    strict = np.array([SAFETY.get(one.name, 0.0) for one in DOMAINS])[domain % len(DOMAINS)]
    own = judges.scenario_sd * rng.standard_normal(domains)
    leaning = source.pulls[chosen].sum(axis=1) + strict + own[domain]
    leniency = judges.rater_sd * rng.standard_normal(judges.raters)
    logit = judges.slope * (leaning[:, None] + leniency)
    chance = judges.lapse + (1 - 2 * judges.lapse) / (1 + np.exp(-logit))
    rater = rng.permuted(np.tile(np.arange(judges.raters), (len(chosen), 1)), axis=1)[:, :raters]
    case = np.repeat(np.arange(len(chosen)), raters)
    rater = rater.ravel()
    granted = rng.random(len(case)) < chance[case, rater]
    named = deciding(source.pulls[chosen][case], granted)
    variants = np.array([len(_clauses(factor)) for factor in range(len(FACTORS))])
    return TeachingStudy(
        pool=source,
        source=chosen,
        domain=domain,
        truth=chance.mean(axis=1),
        case=case,
        rater=rater,
        granted=granted,
        named=named,
        variant=np.floor(rng.random(named.shape) * variants[named]).astype(np.int64),
    )


def _clauses(factor: int) -> tuple[str, ...]:
    """How a factor can be named; the size in one way, which depends on the case."""
    return CIRCUMSTANCES[factor - 1].clauses if factor > 0 else (size_clause(0.0),)


@lru_cache(maxsize=1)
def _clause_lengths() -> Ints:
    """(F, variants) words of each clause; 0 where there is none."""
    lengths = np.zeros((len(FACTORS), max(len(one.clauses) for one in CIRCUMSTANCES)), np.int64)
    for factor in range(len(FACTORS)):
        for variant, clause in enumerate(_clauses(factor)):
            lengths[factor, variant] = len(clause.split())
    return lengths
