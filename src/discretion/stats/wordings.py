"""Wordings as a random factor: how much a figure depends on how things were put."""

from __future__ import annotations

import numpy as np

from discretion.stats.figure import Figure, missing
from discretion.stats.gaps import signed_root
from discretion.stats.rates import Floats, Ints, sums_by


def wording_spread(value: Floats, block: Ints, wording: Ints) -> Figure:
    """The standard deviation of the effect that a wording has, in the units of ``value``.

    The model is value = block + wording + rest, blocks fixed and wordings random; the variance is
    found by equating two quadratic forms in the values freed of their block means (the squared
    sums per wording, and the squares) with their expectations, which holds for crossed and
    nested, balanced and unbalanced wordings. Its root keeps its sign: below zero the wordings
    differ less than chance alone makes them.

    Args:
        value: (C,) each case's p-h, say, or squared term; NaN leaves out.
        block: (C,) what wordings are compared within: the scenario, or the cell of cases that
            differ in nothing else.
        wording: (C,) codes; a code in several blocks is one wording (a method's), a scenario's
            own wordings have codes of their own.

    Returns:
        The spread; n counts wordings. None where no block has two wordings, or nothing is left
        to judge chance by.
    """
    from scipy.sparse import coo_array, diags_array

    used = np.isfinite(value)
    if not used.any():
        return missing("no case has a value")
    value = value[used]
    blocks, block = np.unique(block[used], return_inverse=True)
    wordings, wording = np.unique(wording[used], return_inverse=True)
    cells = coo_array(
        (np.ones(len(value)), (block, wording)), shape=(len(blocks), len(wordings))
    ).tocsr()
    per_block = np.bincount(block).astype(float)
    rest = value - (sums_by(block, value) / per_block)[block]
    shared = cells.T @ diags_array(1 / per_block) @ cells
    inner = diags_array(np.bincount(wording).astype(float)) - shared
    trace, square = float(inner.trace()), float((inner.multiply(inner)).sum())
    free = len(value) - len(blocks)
    by_wording = float((sums_by(wording, rest) ** 2).sum())
    all_in_all = float((rest**2).sum())
    determinant = square * free - trace**2
    if trace < 1e-9:
        return missing("no two wordings were tried on the same thing", len(wordings))
    if determinant < 1e-9 * square * free:
        return missing("too few cases to tell wordings from chance", len(wordings))
    variance = (free * by_wording - trace * all_in_all) / determinant
    return Figure(signed_root(variance), None, None, len(wordings))


def within_spread(difference: float | None, spread: Figure) -> bool | None:
    """Whether a difference is smaller than the spread between wordings; None if either lacks."""
    if difference is None or spread.value is None:
        return None
    return abs(difference) < spread.value
