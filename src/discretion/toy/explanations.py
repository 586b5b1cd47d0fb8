"""Explanations of a known quality: how often they name what decided, at the same labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from discretion.toy.phrases import FLAGS, REASONS, Circumstance

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CIRCUMSTANCES: tuple[Circumstance, ...] = (*REASONS, *FLAGS)
"""What an explanation can name besides the size of the deviation."""


def givers(granted: Bools, scenario: Ints, rng: np.random.Generator) -> Ints:
    """(J,) whose explanation each judgment could be given instead of its own: somebody's who
    decided the same in another scenario, every such judgment being as likely as any other.

    So nothing of the case but its decision is in it, its length neither. A judgment that no other
    scenario agrees with keeps its own.

    Args:
        granted: (J,) the decisions.
        scenario: (J,) codes.
    """
    found = np.arange(len(granted))
    for side in (True, False):
        among = np.flatnonzero(granted == side)
        left = among if len(np.unique(scenario[among])) > 1 else among[:0]
        while len(left):
            drawn = rng.choice(among, len(left))
            found[left] = drawn
            left = left[scenario[drawn] == scenario[left]]
    return found


def sources(
    granted: Bools, scenario: Ints, qualities: tuple[float, ...], rng: np.random.Generator
) -> dict[float, Ints]:
    """For each quality, (J,) whose explanation stands at each judgment: its own with that
    probability, and else one that `givers` drew.

    The draws are the same for every quality: an explanation that is its own at one quality is so
    at every higher one. Only explanations change; the judgments are the same.
    """
    elsewhere = givers(granted, scenario, rng)
    draw = rng.random(len(granted))
    own = np.arange(len(granted))
    return {quality: np.where(draw < quality, own, elsewhere) for quality in qualities}


def deciding(pulls: Floats, granted: Bools) -> Ints:
    """(J, 2) the factors that weighed most for each decision, the heavier first; -1 where no
    second one spoke for it. Where none did, the first is the size, as people say who have no other
    reason.

    Args:
        pulls: (J, F) what each factor adds towards granting, the size in the first column, 0 for
            what the case does not say.
        granted: (J,) the decisions.
    """
    weight = np.where(granted[:, None], pulls, -pulls)
    order = np.argsort(-weight, axis=1, kind="stable")[:, :2]
    speaks = np.take_along_axis(weight, order, axis=1) > 0
    return np.where(speaks, order, np.array([0, -1]))
