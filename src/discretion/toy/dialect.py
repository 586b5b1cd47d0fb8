"""Situations in the dialect: drawn at random, written as twin texts, read back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import cast

import numpy as np

from discretion.canonical import short_id
from discretion.core.cases import Case
from discretion.core.scenarios import Direction
from discretion.core.units import Unit
from discretion.errors import DiscretionError
from discretion.toy.phrases import ASIDES, DOMAINS, FLAGS, REASONS, Circumstance, Domain

SMALLEST, LARGEST = 0.001, 4.0
"""Deviations are drawn log-uniformly between these."""
BARELY = 0.00025
"""What ``off by 0.0 percent`` is read as: broken by less than the text shows."""

_OFF = re.compile(r"off by (\d+(?:\.\d)?) percent")
_REASON = {sentence: reason for reason in REASONS for sentence in reason.sentences}
_FLAG = {sentence: flag for flag in FLAGS for sentence in flag.sentences}


@dataclass(frozen=True, slots=True)
class Situation:
    """What a twin text says."""

    domain: str
    sentences: tuple[str, ...] = ()
    """Reason, flags and asides in their order, without periods."""
    direction: Direction | None = None
    """None, as the next three, where there is no limit."""
    limit: str = ""
    value: str = ""
    deviation: float | None = None
    """As far as the text says it, in scales; 0 where the rule is kept."""

    @property
    def reason(self) -> Circumstance | None:
        """The class of the first known reason that is given."""
        return next((_REASON[said] for said in self.sentences if said in _REASON), None)

    @property
    def flags(self) -> tuple[Circumstance, ...]:
        return tuple(_FLAG[said] for said in self.sentences if said in _FLAG)

    @property
    def twin(self) -> str:
        """The text, as `cases_of` makes it from a scenario."""
        if self.deviation is None:
            rule = ["no limit"]
        else:
            rule = [f"{self.direction} {self.limit}", f"asked {self.value}", _said(self.deviation)]
        return ". ".join([self.domain, *rule, *self.sentences]) + "."


def read_twin(twin: str) -> Situation:
    """The situation that a twin text describes. Sentences that are not known are kept as they are.

    Raises:
        DiscretionError: the rule stands in the text without a value or a deviation.
    """
    domain, *rest = re.split(r"\.\s+", twin.strip().removesuffix("."))
    rule: dict[str, str] = {}
    sentences: list[str] = []
    for sentence in rest:
        if sentence in _REASON or sentence in _FLAG:
            sentences.append(sentence)
        elif match := re.fullmatch(r"(at most|at least) (.+)", sentence):
            rule["direction"], rule["limit"] = match[1], match[2]
        elif match := re.fullmatch(r"asked (.+)", sentence):
            rule["value"] = match[1]
        elif match := _OFF.fullmatch(sentence):
            rule["deviation"] = match[1]
        elif sentence == "the rule is kept":
            rule["deviation"] = "kept"
        elif sentence != "no limit":
            sentences.append(sentence)
    if not rule:
        return Situation(domain, tuple(sentences))
    if len(rule) < 4:
        raise DiscretionError(
            "a twin text needs limit, value and deviation together",
            where=repr(twin),
            fix="write: <domain>. at most {limit}. asked {value}. {deviation}.",
        )
    said = rule["deviation"]
    return Situation(
        domain,
        tuple(sentences),
        cast("Direction", rule["direction"]),
        rule["limit"],
        rule["value"],
        0.0 if said == "kept" else max(float(said) / 100, BARELY),
    )


def case_of(situation: Situation) -> Case:
    """The situation as a case of a scenario that is its domain, with its deviation as value."""
    broken = situation.deviation
    return Case(
        id=short_id(situation.twin),
        policy=situation.domain,
        scenario=situation.domain,
        domain=situation.domain,
        text=situation.twin,
        twin=situation.twin,
        value=None if broken is None else Decimal(str(broken)),
        limit=None if broken is None else Decimal(0),
        scale=None if broken is None else Decimal(1),
    )


def draws(
    rng: np.random.Generator, count: int, domains: Sequence[Domain] = DOMAINS
) -> Iterator[Situation]:
    """`count` situations, no two with the same text."""
    seen: set[str] = set()
    while len(seen) < count:
        situation = draw(rng, domains)
        if situation.twin not in seen:
            seen.add(situation.twin)
            yield situation


def draw(rng: np.random.Generator, domains: Sequence[Domain] = DOMAINS) -> Situation:
    """One situation: of 100, about 70 break their rule, 22 keep it and 8 have no limit."""
    domain = domains[int(rng.integers(len(domains)))]
    sentences = _draw_sentences(rng)
    form = rng.random()
    if form < 0.08:
        return Situation(domain.name, sentences)
    unit = Unit.named(domain.unit)
    limit, value = _draw_amounts(rng, domain, kept=form < 0.30)
    scale = Decimal(domain.scale or limit)
    beyond = value - limit if domain.direction == "at most" else limit - value
    deviation = max(0.0, float(beyond / scale))
    return Situation(
        domain.name,
        sentences,
        domain.direction,
        unit.show(limit),
        unit.show(value),
        _as_said(deviation),
    )


def _draw_amounts(
    rng: np.random.Generator, domain: Domain, *, kept: bool
) -> tuple[Decimal, Decimal]:
    """A limit and a value that keeps or breaks it, rounded to the domain's step."""
    step = Decimal(domain.step)
    low, high = float(domain.low), float(domain.high)
    if domain.scale:
        limit = Decimal(int(rng.integers(int(low), int(high) + 1)))
    else:
        limit = Decimal(round(low * (high / low) ** rng.random()))
        if step < 1 and rng.random() < 0.3:
            limit = _rounded(limit + Decimal(rng.random()), step)
    scale = float(domain.scale or limit)
    outward = 1 if domain.direction == "at most" else -1
    if kept:
        share = 0.0 if rng.random() < 0.1 else float(rng.random()) * 0.8
        inward = min(share * scale, float(limit)) if outward > 0 else share * scale
        value = _rounded(limit - outward * Decimal(inward), step)
        return limit, limit if (value - limit) * outward > 0 else value
    largest = LARGEST if outward > 0 else 0.95
    deviation = SMALLEST * (largest / SMALLEST) ** rng.random()
    distance = max(_rounded(Decimal(deviation * scale), step), step)
    return limit, limit + outward * distance


def _draw_sentences(rng: np.random.Generator) -> tuple[str, ...]:
    """At most one reason, then flags and now and then an aside; now and then in another order."""
    said: list[str] = []
    for flag in FLAGS:
        if flag.name == "repeat" and any(first in said for first in FLAGS[1].sentences):
            continue
        roll = rng.random()
        # Now and then a flag is said twice, in other words.
        times = 2 if roll < 0.03 else 1 if roll < 0.2 else 0
        said += [flag.sentences[i] for i in rng.permutation(len(flag.sentences))[:times]]
    if rng.random() < 0.15:
        said.append(_choose(rng, ASIDES))
    said = [said[i] for i in rng.permutation(len(said))]
    if rng.random() < 0.88:
        reason = REASONS[int(rng.integers(len(REASONS)))]
        place = 0 if rng.random() < 0.85 else int(rng.integers(len(said) + 1))
        said.insert(place, _choose(rng, reason.sentences))
    return tuple(said)


def _choose(rng: np.random.Generator, among: Sequence[str]) -> str:
    return among[int(rng.integers(len(among)))]


def _rounded(amount: Decimal, step: Decimal) -> Decimal:
    return (amount / step).quantize(Decimal(1), ROUND_HALF_UP) * step


def _said(deviation: float) -> str:
    if deviation <= 0:
        return "the rule is kept"
    percent = 100 * deviation
    return f"off by {percent:.1f} percent" if percent < 10 else f"off by {percent:.0f} percent"


def _as_said(deviation: float) -> float:
    match = _OFF.fullmatch(_said(deviation))
    return max(float(match[1]) / 100, BARELY) if match else 0.0
