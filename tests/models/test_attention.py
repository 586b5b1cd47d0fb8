"""Attention over a trie against attention written out for one query at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from discretion.models.attention import BLOCK, TrieAttention, _attend
from discretion.models.trie import Trie

pytestmark = pytest.mark.torch

HEADS, KEY_HEADS, WIDTH = 4, 2, 8


def some_trie() -> Trie:
    """Branches at several depths, over more than two blocks."""
    rng = np.random.default_rng(0)
    stem = tuple(rng.integers(0, 9, 40).tolist())
    branches = [(*stem[:at], *rng.integers(0, 9, 25).tolist()) for at in (0, 10, 40, 40, 33)]
    return Trie.of(branches).padded(BLOCK)


def states(trie: Trie, heads: int, seed: int) -> Any:
    import torch

    generator = torch.Generator().manual_seed(seed)
    return torch.randn(len(trie.tokens), heads, WIDTH, generator=generator)


@pytest.mark.parametrize("window", [None, 1, 7, 1000])
def test_a_token_attends_to_its_ancestors_within_the_window(window: int | None) -> None:
    trie = some_trie()
    query, key, value = (
        states(trie, heads, seed) for seed, heads in enumerate((HEADS, KEY_HEADS, KEY_HEADS))
    )
    found = TrieAttention(trie, "cpu").attend(query, key, value, 0.3, window)
    for nodes in trie.nodes:
        for at, node in enumerate(nodes):
            seen = nodes[max(0, at + 1 - (window or len(nodes))) : at + 1]
            for head in range(HEADS):
                group = head // (HEADS // KEY_HEADS)
                weights = (key[seen, group] @ query[node, head] * 0.3).softmax(0)
                wanted = weights @ value[seen, group]
                assert np.allclose(found[node, head], wanted, atol=1e-5)


def test_keys_that_several_heads_share_are_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    def copied(*_: Any, **__: Any) -> Any:
        raise AssertionError("keys were copied for each head")

    monkeypatch.setattr(torch.Tensor, "repeat_interleave", copied)
    trie = some_trie()
    query, key = states(trie, HEADS, 0), states(trie, KEY_HEADS, 1)
    TrieAttention(trie, "cpu").attend(query, key, key, None, None)


@pytest.mark.parametrize("part", ["softcap", "s_aux", "position_bias"])
def test_what_it_does_not_have_it_does_not_leave_out_silently(part: str) -> None:
    with pytest.raises(NotImplementedError, match=f"attention over a trie has no {part}"):
        _attend(None, None, None, None, None, trie=None, **{part: 1.0})
