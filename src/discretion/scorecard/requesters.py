"""Requesters: how often each arm wrongly refuses groups of those who ask, beside the others.

Groups are the values of a column that was kept at import. Nothing is compared unless the user names
the column: groups may be small, and who belongs to one may be nobody else's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from discretion.errors import DiscretionError
from discretion.scorecard.arm_metrics import share_of
from discretion.scorecard.conclusion_cards import RequesterCard
from discretion.scorecard.study import Replies, Study
from discretion.stats.bootstrap import pooled
from discretion.stats.figure import Figure, missing
from discretion.stats.intervals import FEW
from discretion.stats.rates import Bools, Floats
from discretion.stats.unvaried import INDEPENDENT, unvaried
from discretion.stats.weights import Weigh, case_weights

FEWEST = 20
"""Cases below which nothing is said of a group."""
MOST = 24
"""Groups that a column may make: with more, most are too small to say anything."""
_SURE = 0.05
"""Chance that any interval of an arm's groups misses."""


def requester_cards(
    study: Study, arms: Sequence[Replies], columns: Sequence[str], seed: int
) -> tuple[RequesterCard, ...]:
    """Each group of each column with each arm, groups in the order of their names. Cases without
    the column are in no group.

    Raises:
        DiscretionError: no case has the column, or it makes too many groups.
    """
    found: list[RequesterCard] = []
    units = _units(study)
    for column in dict.fromkeys(columns):
        values = _values(study, column)
        for arm in arms:
            found += _of_arm(units, arm, column, values, seed)
    return tuple(found)


def _units(study: Study) -> Study:
    """The study with what intervals are made over: scenarios, or where they are too few each
    request for itself."""
    if len(study.scenarios) >= FEW:
        return study
    alone = replace(study.rates, scenario=np.arange(len(study.cases), dtype=np.int64))
    weigh: Weigh = "cases"
    return replace(study, rates=alone, weigh=weigh)


def _values(study: Study, column: str) -> dict[str, Bools]:
    """Which cases are of each group."""
    known = [{**case.columns, **case.shown_columns} for case in study.cases]
    values = sorted({value for one in known if (value := one.get(column))})
    if not values:
        named = ", ".join(sorted({name for one in known for name in one}))
        raise DiscretionError(
            f"no judged case has a column {column!r}",
            where="--groups",
            fix=f"they have: {named}" if named else "keep one at import: --keep COLUMN",
        )
    if len(values) > MOST:
        raise DiscretionError(
            f"{column!r} has {len(values):,} values",
            where="--groups",
            fix=f"name a column that makes at most {MOST} groups",
        )
    cells = np.array([one.get(column) or "" for one in known])
    return {value: cells == value for value in values}


def _of_arm(
    study: Study, arm: Replies, column: str, values: dict[str, Bools], seed: int
) -> Iterator[RequesterCard]:
    refused = 1 - arm.deployed
    answered = np.isfinite(refused) & np.isfinite(study.rates.h)
    anyone: Bools = np.any(list(values.values()), axis=0)
    sizes = {value: int((answered & group).sum()) for value, group in values.items()}
    enough = [value for value, count in sizes.items() if count >= FEWEST]
    # Of two groups each is the other's rest: their differences are one.
    together = len(enough) if len(values) > 2 else 1
    for value, group in values.items():
        rest = anyone & ~group
        few = missing(f"fewer than {FEWEST} cases")
        share = difference = few
        if value in enough:
            share = share_of(study, np.where(group, refused, np.nan), seed, granted=True)
            if int((answered & rest).sum()) >= FEWEST:
                difference = _difference(study, refused, (group, rest), together, seed)
        yield RequesterCard(column, value, arm.name, sizes[value], share, difference, together)


def _difference(
    study: Study,
    refused: Floats,
    sides: tuple[Bools, Bools],
    together: int,
    seed: int,
) -> Figure:
    """The group's share of wrong refusals less the others', by the bootstrap of `pooled`: requests
    and raters that both have vary in both alike."""
    known = np.isfinite(refused) & np.isfinite(study.rates.h)
    weights = [
        case_weights((known & side).astype(float), study.scenario, study.weigh) for side in sides
    ]
    hit, level = np.where(known, refused, 0.0), 1 - _SURE / together

    def parts(h: Floats, n: Floats) -> Floats:
        share = np.where(known & np.isfinite(h), h, 0.0)
        return np.stack([w * share * x for w in weights for x in (hit, np.ones(len(h)))], axis=1)

    def apart(sums: Floats) -> Floats:
        difference: Floats = sums[..., 0] / sums[..., 1] - sums[..., 2] / sums[..., 3]
        return difference

    count = int((known & (sides[0] | sides[1])).sum())
    rng = np.random.default_rng(seed)
    found = pooled(apart, parts, study.rates, rng, n=count, bounds=(-1.0, 1.0), level=level)
    if found.value is None or found.high is not None:
        return found
    alike = [float(hit[known & side].mean()) for side in sides]
    if alike[0] != alike[1] or alike[0] not in (0.0, 1.0):
        return found
    # Neither side was ever refused wrongly, or both always: the smaller one leaves more open.
    fewest = min(float(np.nansum(study.rates.h[known & side])) for side in sides)
    ends = unvaried(0.0, (0.0, 0.0), fewest, (1 - level) / 2, (-1.0, 1.0))
    return Figure(0.0, *ends, count, INDEPENDENT)
