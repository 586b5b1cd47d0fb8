"""Paths: whether a conclusion holds under every other defensible way to read the same answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from discretion.scorecard.conclusion_cards import AnalysisChoice, Conclusion, PathCard
from discretion.scorecard.study import Replies, Study
from discretion.stats.rates import Bools, Floats

ORDERS = (
    "both orders",
    "both orders, probabilities averaged",
    "grant named first",
    "grant named second",
)
"""Scored orders are averaged as logits; for what was drawn the first two are the same."""
READINGS = ("as a probability", "as deployed")
UNSURE = ("unsure apart", "unsure as grants", "unsure as refusals")
_NOTHING = 1e-12
"""A difference that adding up in floating point leaves of none."""


def path_cards(
    study: Study, arms: Sequence[Replies], pairs: Sequence[tuple[Replies, Replies]] = ()
) -> tuple[PathCard, ...]:
    """Each arm's lean, and which of each pair is nearer, on every path.

    A path is one choice each of the order of the answers, how they are read, how unsure judgments
    count, the wording, and what weighs the same. A choice that changes nothing is none, and a path
    without any case is left out. Point values only: nothing is asked and nothing resampled.
    """
    rates = _unsure_rates(study)
    found = [
        _card(
            study,
            [(way.name, way.only(_lean(way.arms[0], rates))) for way in _ways([arm])],
            arm.name,
        )
        for arm in arms
    ]
    for arm, other in pairs:
        apart = [
            (way.name, way.only(_squares(way.arms[0], rates) - _squares(way.arms[1], rates)))
            for way in _ways([arm, other])
        ]
        found.append(_card(study, apart, arm.name, other.name))
    return tuple(card for card in found if card is not None)


def _lean(arm: Replies, rates: Floats) -> Floats:
    """p - h, (orders, readings, unsure, C)."""
    away: Floats = _read(arm)[:, :, None] - rates
    return away


def _squares(arm: Replies, rates: Floats) -> Floats:
    """(p - h)^2 without p's sampling variance, (orders, readings, unsure, C).

    One order has half of the calls, and about twice the variance.
    """
    noise = np.zeros((len(ORDERS), 2, 1, len(arm.p)))
    single = 2.0 if _has_orders(arm) else 1.0
    noise[:, 0, 0] = arm.variance * np.array([[1.0], [1.0], [single], [single]])
    square: Floats = _lean(arm, rates) ** 2 - noise
    return square


def _read(arm: Replies) -> Floats:
    """(orders, readings, C); an arm that has no orders says the same in each."""
    orders = (arm.grant_first, arm.grant_second) if _has_orders(arm) else (arm.p, arm.p)
    middle = (orders[0] + orders[1]) / 2
    p = np.stack([arm.p, np.where(np.isnan(middle), arm.p, middle), *orders])
    return np.stack([p, np.where(np.isnan(p), np.nan, (p > 0.5).astype(float))], axis=1)


def _has_orders(arm: Replies) -> bool:
    return bool(np.isfinite(arm.grant_first).any())


def _unsure_rates(study: Study) -> Floats:
    """h with unsure judgments apart, as grants and as refusals, (3, C)."""
    h, n, unsure = study.rates.h, study.panel.n, study.panel.unsure
    granted, all_of = np.where(n > 0, h * n, 0.0), n + unsure
    told = np.isfinite(all_of) & (unsure > 0)
    rates = np.stack([h, h, h])
    rates[1, told] = (granted + unsure)[told] / all_of[told]
    rates[2, told] = granted[told] / all_of[told]
    return rates


@dataclass(frozen=True, slots=True)
class _WordedWay:
    """One choice of wording."""

    name: str
    arms: tuple[Replies, ...]
    """As they answered in that wording, where they were asked in all."""
    cases: Bools
    """(C,) those that were asked in it."""

    def only(self, terms: Floats) -> Floats:
        return np.where(self.cases, terms, np.nan)


def _ways(arms: Sequence[Replies]) -> list[_WordedWay]:
    """All wordings; the cases that an arm was asked in one of them; and where it was asked every
    case in all, its answers in one."""
    every = np.ones(len(arms[0].p), dtype=bool)
    found = [_WordedWay("all wordings", tuple(arms), every)]
    worded = [arm for arm in arms if len(np.unique(arm.wording[arm.wording >= 0])) > 1]
    if len(worded) > 1 and np.array_equal(worded[0].wording, worded[1].wording):
        worded = worded[:1]  # one method: the same words for the same cases
    for arm in worded:
        whose = f" of {arm.name}" if len(worded) > 1 else ""
        met = np.unique(arm.wording[arm.wording >= 0]).tolist()
        found += [
            _WordedWay(f"wording {one + 1}{whose}", tuple(arms), arm.wording == one) for one in met
        ]
    crossed = [arm for arm in arms if arm.worded]
    together = len({(_method(arm), *sorted(arm.worded)) for arm in crossed}) == 1
    for arm in crossed[:1] if together else crossed:
        whose = f" of {arm.name}" if len(crossed) > 1 and not together else ""
        for one in sorted(arm.worded):
            as_worded = [
                other.worded[one] if other.worded and (together or other is arm) else other
                for other in arms
            ]
            found.append(_WordedWay(f"wording {one + 1}{whose}", tuple(as_worded), every))
    return found


def _method(arm: Replies) -> str:
    """Two models asked by one method were asked in the same words."""
    return arm.name.rpartition("/")[2]


def _card(
    study: Study, terms: Sequence[tuple[str, Floats]], arm: str, against: str = ""
) -> PathCard | None:
    grid = _PathGrid.of(study, terms)
    reported = float(grid.values.flat[0])
    count = int(np.isfinite(grid.values).sum())
    if not abs(reported) > _NOTHING or count < 2:
        return None
    said: tuple[Conclusion, Conclusion] = (
        ("nearer", "farther") if against else ("stricter", "laxer")
    )
    known = np.isfinite(grid.values)
    # A value that is nothing takes no side, and so does not agree.
    agrees = known & (np.abs(grid.values) > _NOTHING) & (grid.values * reported > 0)
    choices = tuple(grid.choices(agrees, known))
    alone = any(choice.turns for choice in choices)
    return PathCard(
        arm=arm,
        against=against,
        conclusion=said[int(reported > 0)],
        agree=int(agrees.sum()),
        paths=count,
        together=() if alone else grid.shared(known & ~agrees),
        choices=choices,
    )


@dataclass(frozen=True, slots=True)
class _PathGrid:
    """A figure on every path: one axis for each kind of choice, what is reported first."""

    values: Floats
    """NaN where a path has no case."""
    axes: tuple[tuple[str, tuple[str, ...]], ...]

    @classmethod
    def of(cls, study: Study, terms: Sequence[tuple[str, Floats]]) -> _PathGrid:
        """The means of each wording's terms, (orders, readings, unsure, C); NaN leaves out."""
        by_weight = [_means(study, one) for _, one in terms]
        values = np.stack(by_weight, axis=3)
        weights = ("scenarios weigh the same", "cases weigh the same")
        if study.weigh == "cases":
            values, weights = values[..., ::-1], weights[::-1]
        axes = [
            ("order of the answers", ORDERS),
            ("reading", READINGS),
            ("unsure answers", UNSURE),
            ("wording", tuple(name for name, _ in terms)),
            ("weights", weights),
        ]
        for axis, (about, names) in enumerate(axes):
            kept = _distinct(np.moveaxis(values, axis, 0))
            values = np.take(values, kept, axis=axis)
            axes[axis] = (about, tuple(names[level] for level in kept))
        return cls(values, tuple(axes))

    def choices(self, agrees: Bools, known: Bools) -> Iterator[AnalysisChoice]:
        for axis, (about, names) in enumerate(self.axes):
            for level, name in enumerate(names):
                if len(names) < 2:
                    continue
                path = [0] * len(self.axes)
                path[axis] = level
                yield AnalysisChoice(
                    about=about,
                    name=name,
                    agree=int(np.take(agrees, level, axis).sum()),
                    paths=int(np.take(known, level, axis).sum()),
                    turns=bool(known[tuple(path)] and not agrees[tuple(path)]),
                )

    def shared(self, turned: Bools) -> tuple[str, ...]:
        """The choices, other than what is reported, that all of the turned paths have."""
        levels = [np.unique(where) for where in np.nonzero(turned)]
        return tuple(
            names[int(met[0])]
            for (_, names), met in zip(self.axes, levels, strict=True)
            if len(met) == 1 and met[0] > 0
        )


def _means(study: Study, terms: Floats) -> Floats:
    """The mean over cases that have a term, (..., 2): scenarios weighing the same, and cases."""
    order = np.concatenate(study.rows)
    starts = np.cumsum([0, *(len(rows) for rows in study.rows[:-1])])
    known = np.isfinite(terms)[..., order]
    sums = np.add.reduceat(np.where(known, terms[..., order], 0.0), starts, axis=-1)
    counts = np.add.reduceat(known.astype(float), starts, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        scenarios = np.where(counts > 0, sums / counts, 0.0).sum(-1) / (counts > 0).sum(-1)
        return np.stack([scenarios, sums.sum(-1) / counts.sum(-1)], axis=-1)


def _distinct(levels: Floats) -> list[int]:
    """The first level, and those that have a value and differ from all before them."""
    kept = [0]
    for level in range(1, len(levels)):
        one = levels[level]
        same = any(
            np.allclose(one, levels[other], rtol=0, atol=_NOTHING, equal_nan=True) for other in kept
        )
        if not same and np.isfinite(one).any():
            kept.append(level)
    return kept
