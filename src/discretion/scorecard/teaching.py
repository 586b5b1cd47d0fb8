"""What was learned: targets, methods and baselines on what was held out from all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from discretion.scorecard.study import Study
from discretion.scorecard.teaching_answers import teaching_answer
from discretion.scorecard.teaching_cards import (
    READINGS,
    FrozenCard,
    Kind,
    Reading,
    TeachingCard,
    TeachingContrast,
    TeachingRow,
    Trial,
)
from discretion.scorecard.teaching_findings import teaching_findings
from discretion.stats.agreement import matthews
from discretion.stats.calibration import auc
from discretion.stats.contrasts import MARGIN, ContrastResult, contrast, holm, verdict
from discretion.stats.gaps import corrected_gap, signed_gap
from discretion.stats.prospects import prospect
from discretion.stats.rates import Bools, Floats, Rates
from discretion.stats.recalibration import moved_variance
from discretion.stats.scores import brier, log_loss
from discretion.stats.seeds import mean_figure, over_seeds, spread
from discretion.stats.weights import Weigh

Pair = tuple[str, str]
BOTH: tuple[Reading, Reading] = ("raw", "after a and b")
"""The readings of a declared contrast: as declared, and what survives recalibration."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What was declared before the figures were seen."""

    families: Sequence[Sequence[Pair]] = ()
    """Contrasts, (name, against) pairs, Holm-adjusted within each family. Each counts in its family
    even where a target was never trained."""
    margin: float = MARGIN
    """The smallest difference in Brier score that matters."""
    frozen: FrozenCard | None = None
    """The plan; without one everything is exploratory."""


def teaching_card(
    study: Study,
    units: Sequence[str],
    trials: Sequence[Trial],
    declared: Declared = Declared(),
    *,
    by: str = "domain",
    seed: int = 0,
    unlearned: Mapping[str, str] | None = None,
) -> TeachingCard:
    """Every way of deciding against the people, on held-out cases alone.

    Args:
        study: the cases that the panel judged.
        units: (C,) the held-out group of each case. Groups weigh the same, as scenarios do
            elsewhere, and intervals are between them.
        trials: what each way of deciding answered, seed by seed; NaN where a case was not held
            out from it.
        declared: the plan, its contrasts and its margin.
        by: what the groups are.
        seed: of the resampling for AUC and Matthews.
        unlearned: why trainings are no outcome, by what they are called among the trials: verdicts
            on them are withheld.
    """
    unlearned = unlearned or {}
    families, margin, frozen = declared.families, declared.margin, declared.frozen
    codes = {unit: code for code, unit in enumerate(sorted(set(units)))}
    unit = np.array([codes[one] for one in units], dtype=np.int64)
    rates = replace(study.rates, scenario=unit)
    ways = {name: _Way.of(name, trials) for name in dict.fromkeys(t.name for t in trials)}
    rows = [
        row
        for way in sorted(ways.values(), key=lambda way: _distance(way, rates, study.weigh))
        for row in _rows(way, rates, study.weigh, seed)
    ]
    compare = _Compare(ways, rates, study.weigh, margin, frozenset(unlearned))
    confirmatory = frozen is not None and not frozen.exploratory
    contrasts = [
        one
        for number, family in enumerate(families, 1)
        for reading in BOTH
        for one in compare.family(family, reading, number, declared=confirmatory)
    ]
    contrasts += compare.with_recalibrated_base()
    raters = len(np.unique(study.panel.rater)) if study.panel.rated else None
    asked = {units[row] for way in ways.values() for row in np.flatnonzero(way.answered).tolist()}
    card = TeachingCard(
        by=by,
        units=tuple(sorted(asked)),
        margin=margin,
        rows=tuple(rows),
        contrasts=tuple(contrasts),
        prospects=tuple(
            prospect(len(asked), family=len(family), margin=margin, raters=raters)
            for family in families
        ),
        frozen=frozen,
        findings=(),
    )
    simulated = study.panel.simulated
    return replace(
        card,
        findings=(*unlearned.values(), *teaching_findings(card, simulated=simulated)),
        answer=(*unlearned.values(), *teaching_answer(card, simulated=simulated)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """One way of deciding, its S seeds in one array for each reading."""

    name: str
    kind: Kind
    seeds: tuple[int | None, ...]
    p: dict[Reading, Floats]
    """(S, C) by reading."""
    variance: dict[Reading, Floats]

    @classmethod
    def of(cls, name: str, trials: Iterable[Trial]) -> _Way:
        own = sorted((t for t in trials if t.name == name), key=lambda t: t.seed or 0)
        p = np.stack([t.p for t in own])
        shifted = np.stack([t.shifted for t in own])
        recalibrated = np.stack([t.recalibrated for t in own])
        variance = np.stack([t.variance for t in own])
        slope = np.stack([np.full(p.shape[1], np.nan) if t.slope is None else t.slope for t in own])
        return cls(
            name,
            own[0].kind,
            tuple(t.seed for t in own),
            dict(zip(READINGS, (p, shifted, recalibrated), strict=True)),
            {
                "raw": variance,
                "after a": moved_variance(p, variance, shifted, 1.0),
                "after a and b": moved_variance(p, variance, recalibrated, slope),
            },
        )

    @property
    def trained(self) -> tuple[int, ...]:
        """The seeds of its trainings; empty where it was not trained."""
        return tuple(seed for seed in self.seeds if seed is not None)

    @property
    def answered(self) -> Bools:
        """(C,) whether some seed answered."""
        return np.isfinite(over_seeds(self.p["raw"]))


def _distance(way: _Way, rates: Rates, weigh: Weigh) -> tuple[bool, float]:
    """Nearest first; without a noise-corrected gap, by Brier score."""
    gap = corrected_gap(way.p["raw"], way.variance["raw"], rates, weigh=weigh).value
    score = brier(way.p["raw"], way.variance["raw"], rates, weigh=weigh).value
    return gap is None, (gap if gap is not None else score) or 0.0


def _rows(way: _Way, rates: Rates, weigh: Weigh, seed: int) -> list[TeachingRow]:
    rows = []
    for reading in READINGS:
        p, variance = way.p[reading], way.variance[reading]
        rng = np.random.default_rng(seed)
        rows.append(
            TeachingRow(
                name=way.name,
                kind=way.kind,
                reading=reading,
                gap=corrected_gap(p, variance, rates, weigh=weigh),
                signed=signed_gap(p, rates, weigh=weigh),
                brier=brier(p, variance, rates, weigh=weigh),
                log_loss=log_loss(p, rates, weigh=weigh).loss,
                auc=mean_figure([auc(one, rates, rng, weigh=weigh) for one in p]),
                matthews=mean_figure([matthews(one, rates, rng, weigh=weigh) for one in p]),
                cases=int((np.isfinite(over_seeds(p)) & np.isfinite(rates.h)).sum()),
                seeds=sum(one is not None for one in way.seeds),
                spread=spread(
                    [
                        corrected_gap(one, own, rates, weigh=weigh).value
                        for one, own in zip(p, variance, strict=True)
                    ]
                ),
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class _Compare:
    """Contrasts between ways of deciding, over held-out groups."""

    ways: dict[str, _Way]
    rates: Rates
    weigh: Weigh
    margin: float
    unlearned: frozenset[str] = frozenset()
    """On which no verdict is given."""

    def family(
        self, pairs: Sequence[Pair], reading: Reading, number: int, *, declared: bool
    ) -> list[TeachingContrast]:
        found = [self._one(one, reading, other, reading) for one, other in pairs]
        adjusted = holm([each.p for each in found])
        return [
            self._withheld(
                replace(
                    each,
                    family=number,
                    declared=declared,
                    adjusted=p,
                    verdict=verdict(_plain(each), p, self.margin),
                )
            )
            for each, p in zip(found, adjusted, strict=True)
        ]

    def with_recalibrated_base(self) -> list[TeachingContrast]:
        """What two numbers, fitted to the untuned base, do not do: never declared."""
        bases = [way.name for way in self.ways.values() if way.kind == "base"]
        return [
            self._one(way.name, reading, base, "after a and b")
            for way in self.ways.values()
            for base in bases
            for reading in BOTH
            if way.kind in ("target", "method")
        ]

    def _one(
        self, name: str, reading: Reading, against: str, against_reading: Reading
    ) -> TeachingContrast:
        one, other = self._paired(name, reading, against, against_reading)
        found = self._contrast(name, against, one, other)
        both = np.isfinite(over_seeds(one[0])) & np.isfinite(over_seeds(other[0]))
        both &= np.isfinite(self.rates.h)
        made = TeachingContrast(
            name=name,
            against=against,
            reading=reading,
            against_reading=against_reading,
            family=0,
            difference=found.difference,
            low_90=found.low_90,
            high_90=found.high_90,
            p=found.p_value,
            adjusted=None,
            verdict=verdict(found, found.p_value, self.margin),
            declared=False,
            spread=self._spread(one, other),
            units=len(np.unique(self.rates.scenario[both])),
            trainings=found.draws,
            randomized=found.randomized,
        )
        return self._withheld(made)

    def _paired(
        self, name: str, reading: Reading, against: str, against_reading: Reading
    ) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
        """(S, C) p and its variance of both. Where both were trained, by the seeds that both have,
        since these share what was drawn; NaN for what was declared and never trained."""
        seeds: dict[str, tuple[int, ...]] = {
            one: self.ways[one].trained for one in (name, against) if one in self.ways
        }
        shared = [seed for seed in seeds.get(name, ()) if seed in seeds.get(against, ())]
        both = all(seeds.get(one) for one in (name, against))

        def read(one: str, how: Reading) -> tuple[Floats, Floats]:
            if one not in self.ways or (both and not shared):
                nothing = np.full((1, len(self.rates.h)), np.nan)
                return nothing, nothing
            way = self.ways[one]
            rows = [way.seeds.index(seed) for seed in shared] if both else slice(None)
            return way.p[how][rows], way.variance[how][rows]

        return read(name, reading), read(against, against_reading)

    def _withheld(self, found: TeachingContrast) -> TeachingContrast:
        if self.unlearned.isdisjoint((found.name, found.against)):
            return found
        return replace(found, p=None, verdict="cannot be told")

    def _contrast(
        self, name: str, against: str, one: tuple[Floats, Floats], other: tuple[Floats, Floats]
    ) -> ContrastResult:
        """With luck in training, where one of the two was trained."""
        trained = any(self.ways[way].trained for way in (name, against) if way in self.ways)
        return contrast(
            one[0],
            one[1],
            other[0],
            other[1],
            self.rates,
            weigh=self.weigh,
            beyond=True,
            trained=trained,
        )

    def _spread(self, one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> float | None:
        """Between seeds; what has one meets each of the other's."""
        count = max(len(one[0]), len(other[0]))
        p, variance, other_p, other_variance = (
            np.broadcast_to(part, (count, part.shape[1])) for part in (*one, *other)
        )
        each = (
            contrast(
                p[row],
                variance[row],
                other_p[row],
                other_variance[row],
                self.rates,
                weigh=self.weigh,
            )
            for row in range(count)
        )
        return spread([found.difference.value for found in each])


def _plain(found: TeachingContrast) -> ContrastResult:
    return ContrastResult(
        found.difference,
        found.p,
        found.low_90,
        found.high_90,
        found.trainings,
        found.randomized,
    )
