"""The probability of complete answers under a language model, end token included."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from discretion.models.attention import BLOCK, TrieAttention, trie_attention
from discretion.models.trie import Ints, Trie, share

if TYPE_CHECKING:
    from torch import Tensor

TOKENS_PER_FORWARD = 4096
"""Enough to keep a processor busy, few enough to keep activations in its reach."""
AGREEMENT = 1e-4
"""How far the two ways may differ in log mass, in float32, for the faster to be used."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """An answer in its context: what is scored are the tokens from `start` on, and an end."""

    ids: tuple[int, ...]
    start: int
    """At least 1: the first token of a sequence has no probability."""


def log_masses(
    model: Any, continuations: Sequence[Continuation], ends: Sequence[int], *, shared: bool
) -> list[float]:
    """The natural logarithm of the probability of each continuation and then any of the ends.

    Args:
        model: a transformers causal language model.
        ends: the tokens that end a turn; their probabilities are summed.
        shared: compute what continuations share once, as a trie; only for models that `can_share`.

    Logits are float32, sums float64; a model whose logits are not finite gives nan.
    """
    import torch

    if not continuations:
        return []
    forwards = _trie_forwards if shared else _plain_forwards
    found = np.full(len(continuations), np.nan)
    with torch.inference_mode():
        for indices, logits, rows in forwards(model, continuations):
            found[indices] = _sums(logits, rows, [continuations[i] for i in indices], ends)
    return [float(mass) for mass in found]


def can_share(model: Any) -> bool:
    """Whether scores over a trie are the scores of plain forwards, tried on a small trie.

    No list of architectures can be complete: layers that mix tokens other than by attention, or
    attention with something of its own, show here and are scored sequence by sequence.
    """
    if not getattr(model, "_supports_attention_backend", False):
        return False
    vocabulary = model.get_input_embeddings().num_embeddings
    stem, *branches = (np.arange(4 * 24).reshape(4, 24) * 7 % vocabulary).tolist()
    probe = [Continuation((*stem, *branch), 30) for branch in branches]
    probe.append(Continuation(tuple(stem[:20]), 10))
    plain = log_masses(model, probe, [0], shared=False)
    try:
        ours = log_masses(model, probe, [0], shared=True)
    except (NotImplementedError, RuntimeError, TypeError, ValueError):
        return False
    # In bfloat16 two orders of summation differ by a few hundredths.
    allowed = AGREEMENT if model.dtype.itemsize >= 4 else 0.5
    return bool(np.all(np.abs(np.subtract(plain, ours)) <= allowed))


Forward = tuple[list[int], "Tensor", list[Ints]]
"""Which continuations, logits (R, vocabulary), and for each continuation its rows: of the token
before `start` and of every one after it."""


def _trie_forwards(model: Any, continuations: Sequence[Continuation]) -> Iterator[Forward]:
    import torch

    with trie_attention(model):
        sequences = [continuation.ids for continuation in continuations]
        for indices in share(sequences, TOKENS_PER_FORWARD):
            trie = Trie.of([sequences[index] for index in indices]).padded(BLOCK)
            asked = [
                nodes[continuations[index].start - 1 :]
                for index, nodes in zip(indices, trie.nodes, strict=True)
            ]
            wanted = np.unique(np.concatenate(asked))
            logits = model(
                input_ids=torch.from_numpy(trie.tokens)[None].to(model.device),
                position_ids=torch.from_numpy(trie.depth)[None].to(model.device),
                logits_to_keep=torch.from_numpy(wanted).to(model.device),
                trie=TrieAttention(trie, model.device),
                use_cache=False,
            ).logits[0]
            yield indices, logits, [np.searchsorted(wanted, nodes) for nodes in asked]


def _plain_forwards(model: Any, continuations: Sequence[Continuation]) -> Iterator[Forward]:
    """Sequences of one length at a time: no padding, no mask, right for every architecture."""
    import torch

    by_length: dict[int, list[int]] = defaultdict(list)
    for index, continuation in enumerate(continuations):
        by_length[len(continuation.ids)].append(index)
    for length, members in by_length.items():
        batch = max(1, TOKENS_PER_FORWARD // length)
        for at in range(0, len(members), batch):
            indices = members[at : at + batch]
            starts = np.array([continuations[index].start for index in indices])
            kept = length + 1 - int(starts.min())
            ids = torch.tensor([continuations[index].ids for index in indices])
            logits = model(
                input_ids=ids.to(model.device), logits_to_keep=kept, use_cache=False
            ).logits
            rows = [
                np.arange(start - 1, length) - (length - kept) + row * kept
                for row, start in enumerate(starts)
            ]
            yield indices, logits.flatten(0, 1), rows


def _sums(
    logits: Tensor, rows: list[Ints], continuations: list[Continuation], ends: Sequence[int]
) -> np.ndarray:
    """Log probabilities of the tokens, summed over each continuation, and of its end."""
    import torch

    logits = logits.float()
    whole = logits.logsumexp(-1)
    end = (logits[:, list(ends)].logsumexp(-1) - whole).double().cpu().numpy()
    sums: np.ndarray = end[[nodes[-1] for nodes in rows]]
    before = torch.from_numpy(np.concatenate([nodes[:-1] for nodes in rows])).to(logits.device)
    tokens = [token for item in continuations for token in item.ids[item.start :]]
    each = logits[before, torch.tensor(tokens, device=logits.device)] - whole[before]
    owners = np.repeat(np.arange(len(rows)), [len(nodes) - 1 for nodes in rows])
    np.add.at(sums, owners, each.double().cpu().numpy())
    return sums
