"""Attention over a trie of tokens: every token sees its ancestors, and every token is computed
once however many sequences run through it.

The trie's tokens go through a transformer as one row. All of it but attention treats tokens one by
one, so only attention has to know of the trie, and transformers lets it be replaced. No cache is
kept, nothing is padded to the longest sequence, and sliding windows are a condition on depths.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from discretion.models.trie import Ints, Trie

if TYPE_CHECKING:
    from torch import Tensor

NAME = "discretion_trie"
BLOCK = 64
"""Queries that attend together. They see only ancestors of the first of them, and one another."""
STEP = 32
"""Blocks whose numbers of keys round up to the same multiple of this are computed together."""
UNKNOWN = ("softcap", "s_aux", "position_bias")
"""Parts of other attentions that this one does not have."""


class TrieAttention:
    """Which keys each block of queries attends to."""

    def __init__(self, trie: Trie, device: Any) -> None:
        """The number of the trie's nodes must be a multiple of `BLOCK`."""
        self.groups = [_Group(trie, starts, keys, device) for starts, keys in _groups(trie)]
        self.windows: set[int | None] = set()
        """The sliding windows that layers have asked for so far; None for a layer without."""

    def attend(
        self, query: Tensor, key: Tensor, value: Tensor, scaling: float | None, window: int | None
    ) -> Tensor:
        """Queries (N, heads, d), keys and values (N, key heads, d) -> (N, heads, d)."""
        from torch.nn.functional import scaled_dot_product_attention

        self.windows.add(window)
        repeats = query.shape[1] // key.shape[1]
        # Elsewhere the kernels that take a mask know no groups of heads.
        grouped = repeats > 1 and query.device.type == "cpu"
        blocks = query.reshape(-1, BLOCK, *query.shape[1:])
        out = query.new_empty((*blocks.shape[:-1], value.shape[-1]))
        for group in self.groups:
            keys, values = (states[group.keys].transpose(1, 2) for states in (key, value))
            if repeats > 1 and not grouped:
                keys, values = (each.repeat_interleave(repeats, dim=1) for each in (keys, values))
            seen = scaled_dot_product_attention(
                blocks[group.blocks].transpose(1, 2),
                keys,
                values,
                attn_mask=group.mask(window, query.dtype),
                scale=scaling,
                enable_gqa=grouped,
            )
            out[group.blocks] = seen.transpose(1, 2)
        return out.flatten(0, 1)


class _Group:
    """n blocks with about as many keys each, at most K."""

    def __init__(self, trie: Trie, starts: Ints, keys: list[Ints], device: Any) -> None:
        import torch

        queries = starts[:, None] + np.arange(BLOCK)
        width = max(len(row) for row in keys)
        index = np.zeros((len(keys), width), dtype=np.int64)
        real = np.zeros(index.shape, dtype=np.bool_)
        for row, nodes in enumerate(keys):
            index[row, : len(nodes)] = nodes
            real[row, : len(nodes)] = True
        j, i = queries[:, :, None], index[:, None, :]
        self._distance = trie.depth[j] - trie.depth[i]
        self._seen = (i <= j) & (j < trie.end[i]) & real[:, None, :]
        self._masks: dict[int | None, Tensor] = {}
        self.blocks = torch.from_numpy(starts // BLOCK).to(device)
        """(n,) numbers of blocks."""
        self.keys = torch.from_numpy(index).to(device)
        """(n, K) nodes."""

    def mask(self, window: int | None, dtype: Any) -> Tensor:
        """What is added to the scores, (n, 1, BLOCK, K): 0 where a key is seen, else -inf."""
        import torch

        if window not in self._masks:
            seen = self._seen if window is None else self._seen & (self._distance < window)
            mask = torch.zeros(seen.shape, dtype=dtype)
            mask.masked_fill_(torch.from_numpy(~seen), float("-inf"))
            self._masks[window] = mask[:, None].to(self.keys.device)
        return self._masks[window]


def _groups(trie: Trie) -> list[tuple[Ints, list[Ints]]]:
    """Starts and keys of the blocks, by their numbers of keys."""
    groups: dict[int, list[tuple[int, Ints]]] = {}
    for start in range(0, len(trie.tokens), BLOCK):
        # An ancestor of any query of the block that lies before it is one of the first's, too.
        before = np.flatnonzero(trie.end[:start] > start)
        keys = np.concatenate((before, np.arange(start, start + BLOCK)))
        groups.setdefault(-(-len(keys) // STEP), []).append((start, keys))
    return [
        (np.array([start for start, _ in blocks]), [keys for _, keys in blocks])
        for blocks in groups.values()
    ]


@contextmanager
def trie_attention(model: Any) -> Iterator[None]:
    """A transformers model whose forwards take ``trie=TrieAttention(...)`` instead of a mask."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, _attend)
    usual = model.config._attn_implementation
    model.set_attn_implementation(NAME)
    try:
        yield
    finally:
        model.set_attn_implementation(usual)


def _attend(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    *,
    trie: TrieAttention,
    **other: Any,
) -> tuple[Tensor, None]:
    """As transformers calls it: (1, heads, N, d) in, (1, N, heads, d) out."""
    if unknown := [name for name in UNKNOWN if other.get(name) is not None]:
        raise NotImplementedError(f"attention over a trie has no {unknown[0]}")
    query, key, value = (states[0].transpose(0, 1) for states in (query, key, value))
    return trie.attend(query, key, value, scaling, sliding_window)[None], None
