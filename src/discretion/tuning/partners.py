"""Partners: for each explanation, another scenario's of the same decision and about its length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

WITHIN = 0.2
"""How far a control's length may lie from the explanation it replaces, as a share of it."""


def words(text: str) -> int:
    """The length of an explanation, in words."""
    return len(text.split())


def fits(length: int, other: int) -> bool:
    """Whether a control of length `other` may replace an explanation of `length` words."""
    return abs(length - other) <= WITHIN * length


def shuffled_partners(
    scenario: Sequence[str],
    granted: Sequence[bool],
    length: Sequence[int],
    rng: np.random.Generator,
) -> list[int | None]:
    """Whose explanation each judgment gets in its place: a rearrangement, so that the real and the
    shuffled target hold the very same explanations.

    The greatest matching is taken in which every pair has the same decision, different scenarios
    and fitting lengths. Judgments that are left without a partner are taken out as givers too, and
    the rest is matched again until all who give also receive.

    Args:
        scenario: (J,) scenario of each judgment.
        granted: (J,) its decision.
        length: (J,) words of its explanation.
        rng: decides among equally good rearrangements.

    Returns:
        (J,) the index of the partner; None for a judgment that must leave every target.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import maximum_bipartite_matching

    kept = rng.permutation(len(scenario))
    groups = np.unique(np.asarray(scenario), return_inverse=True)[1]
    sides, sizes = np.asarray(granted), np.asarray(length)
    partner: list[int | None] = [None] * len(scenario)
    while len(kept):
        receive, give = _pairs(groups[kept], sides[kept], sizes[kept])
        shape = (len(kept), len(kept))
        graph = coo_matrix((np.ones(len(receive), dtype=bool), (receive, give)), shape=shape)
        matched = maximum_bipartite_matching(graph.tocsr(), perm_type="column")
        if (matched >= 0).all():
            for one, other in zip(kept, kept[matched], strict=True):
                partner[int(one)] = int(other)
            break
        kept = kept[matched >= 0]
    return partner


def _pairs(
    scenario: np.ndarray, granted: np.ndarray, length: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Who may receive from whom: indices of both."""
    near = np.abs(length[:, None] - length[None, :]) <= WITHIN * length[:, None]
    same = granted[:, None] == granted[None, :]
    other = scenario[:, None] != scenario[None, :]
    receive, give = np.nonzero(near & same & other)
    return receive, give
