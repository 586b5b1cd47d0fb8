"""Partners: for each explanation, another scenario's of the same decision and about its length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from discretion.methods.filler import WITHIN

TOGETHER = 2000
"""Judgments among which partners are looked for at once: four million pairs."""


def shuffled_assignment(
    scenario: Sequence[str],
    granted: Sequence[bool],
    length: Sequence[int],
    rng: np.random.Generator,
) -> list[int | None]:
    """Whose explanation each judgment gets in its place.

    Nobody leaves for want of one: which labels and cases are taught does not depend on what the
    control needs.

    As far as a rearrangement exists, it is one, so that the real and the shuffled target hold the
    very same explanations: every pair has the same decision, different scenarios and fitting
    lengths. Many judgments are parted at random first, since every pair is looked at. Those that
    no rearrangement serves draw with replacement, from what fits; where no length fits, from what
    comes closest.

    Args:
        scenario: (J,) scenario of each judgment.
        granted: (J,) its decision.
        length: (J,) words of its explanation.
        rng: decides among the rearrangements.

    Returns:
        (J,) the index of the partner; None only where no other scenario has an explanation of that
        decision.
    """
    groups = np.unique(np.asarray(scenario), return_inverse=True)[1]
    sides, sizes = np.asarray(granted), np.asarray(length)
    partner: list[int | None] = [None] * len(scenario)
    rest = rng.permutation(len(scenario))
    for _ in range(2):
        left = []
        for part in np.array_split(rest, -(-len(rest) // TOGETHER) or 1):
            kept, given = _rearranged(part, groups, sides, sizes)
            for one, other in zip(kept.tolist(), given.tolist(), strict=True):
                partner[one] = other
            left.append(np.setdiff1d(part, kept, assume_unique=True))
        rest = rng.permutation(np.concatenate(left))
    for one in np.sort(rest).tolist():
        partner[one] = _drawn(one, groups, sides, sizes, rng)
    return partner


def _drawn(
    one: int,
    scenario: np.ndarray,
    granted: np.ndarray,
    length: np.ndarray,
    rng: np.random.Generator,
) -> int | None:
    """One of the explanations that come closest in length, and of those that fit any."""
    others = np.flatnonzero((scenario != scenario[one]) & (granted == granted[one]))
    if not len(others):
        return None
    apart = np.abs(length[others] - length[one])
    return int(rng.choice(others[apart <= max(WITHIN * length[one], apart.min())]))


def _rearranged(
    part: np.ndarray, scenario: np.ndarray, granted: np.ndarray, length: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Those of a part who can be rearranged among themselves, and whose explanation each gets."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import maximum_bipartite_matching

    kept = part
    while len(kept):
        receive, give = _pairs(scenario[kept], granted[kept], length[kept])
        shape = (len(kept), len(kept))
        graph = coo_matrix((np.ones(len(receive), dtype=bool), (receive, give)), shape=shape)
        matched = maximum_bipartite_matching(graph.tocsr(), perm_type="column")
        if (matched >= 0).all():
            return kept, kept[matched]
        kept = kept[matched >= 0]
    return kept, kept


def _pairs(
    scenario: np.ndarray, granted: np.ndarray, length: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Who may receive from whom: indices of both."""
    near = np.abs(length[:, None] - length[None, :]) <= WITHIN * length[:, None]
    same = granted[:, None] == granted[None, :]
    other = scenario[:, None] != scenario[None, :]
    receive, give = np.nonzero(near & same & other)
    return receive, give
