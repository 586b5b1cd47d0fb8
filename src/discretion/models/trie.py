"""Token sequences as a trie, so that what they share is computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

FORWARD = 64
"""What one more forward costs, in tokens: cuts that share nothing are not made for nothing."""


@dataclass(frozen=True, slots=True)
class Trie:
    """The nodes of a trie in depth-first order, N of them.

    In this order the descendants of node i are the nodes from i to ``end[i]``, and so node j sees
    node i (is i, or comes after it in some sequence) exactly where ``i <= j < end[i]``.
    """

    tokens: Ints
    """The token at each node, (N,)."""
    depth: Ints
    """Its position in every sequence that runs through it, (N,)."""
    end: Ints
    """Where its descendants end, (N,)."""
    nodes: tuple[Ints, ...]
    """The nodes of each sequence, in the order in which the sequences were given."""

    @classmethod
    def of(cls, sequences: Sequence[tuple[int, ...]]) -> Trie:
        longest = sum(len(sequence) for sequence in sequences)
        tokens, depth, end = np.zeros((3, longest), dtype=np.int64)
        nodes: list[Ints] = [np.zeros(0, dtype=np.int64)] * len(sequences)
        path = ids = np.zeros(0, dtype=np.int64)
        size = 0
        # Sorted, each sequence branches off the one before it.
        for index in sorted(range(len(sequences)), key=lambda index: sequences[index]):
            before, ids = ids, np.asarray(sequences[index], dtype=np.int64)
            shared = _shared(before, ids)
            end[path[shared:]] = size
            new = np.arange(size, size + len(ids) - shared)
            tokens[new], depth[new] = ids[shared:], np.arange(shared, len(ids))
            size += len(new)
            path = np.concatenate((path[:shared], new))
            nodes[index] = path
        end[path] = size
        return cls(tokens[:size], depth[:size], end[:size], tuple(nodes))

    def padded(self, multiple: int) -> Trie:
        """With nodes at the end that nothing sees but themselves."""
        more = -len(self.tokens) % multiple
        zeros = np.zeros(more, dtype=np.int64)
        lonely = np.arange(len(self.tokens), len(self.tokens) + more) + 1
        return Trie(
            np.concatenate((self.tokens, zeros)),
            np.concatenate((self.depth, zeros)),
            np.concatenate((self.end, lonely)),
            self.nodes,
        )


def share(sequences: Sequence[tuple[int, ...]], budget: int) -> list[list[int]]:
    """Sequences, by index, in groups whose tries have at most `budget` nodes.

    The sorted sequences are cut where the least has to be computed again (dynamic programming
    over the places of the cuts). A sequence longer than the budget stands alone.
    """
    order = sorted(range(len(sequences)), key=lambda index: sequences[index])
    arrays = [np.asarray(sequences[index], dtype=np.int64) for index in order]
    shared = np.array([0, *(_shared(a, b) for a, b in pairwise(arrays))])
    new = np.array([len(array) for array in arrays]) - shared
    total = np.concatenate(([0], np.cumsum(new)))
    price = np.zeros(len(order) + 1)
    cut = np.zeros(len(order) + 1, dtype=np.int64)
    for stop in range(1, len(order) + 1):
        fits = total[stop] - total[:stop] + shared[:stop] <= budget
        fits[-1] = True
        prices = np.where(fits, price[:stop] + shared[:stop] + FORWARD, np.inf)
        cut[stop] = np.argmin(prices)
        price[stop] = prices[cut[stop]]
    groups: list[list[int]] = []
    stop = len(order)
    while stop:
        groups.append(order[cut[stop] : stop])
        stop = int(cut[stop])
    return groups[::-1]


def _shared(one: Ints, other: Ints) -> int:
    """The length of the common prefix."""
    least = min(len(one), len(other))
    differs = np.flatnonzero(one[:least] != other[:least])
    return int(differs[0]) if len(differs) else least
