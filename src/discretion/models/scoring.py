"""The probability of answers under a language model, up to an end token or the end of a word."""

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
LAYERS = {"full_attention", "sliding_attention"}
"""Kinds of layers that a small trial can tell of; chunks, say, show only in long texts."""
AGREEMENT = {4: 1e-3, 2: 0.25}
"""How far the two ways may differ in the log probability of the likeliest token for the faster to
be used, by bytes a number: a model of another build differs by far more than rounding does."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """An answer in its context: what is scored are the tokens from `start` on, and an end."""

    ids: tuple[int, ...]
    start: int
    """At least 1: the first token of a sequence has no probability."""
    word: bool = False
    """It ends where its last word does, and not only with the turn."""


def log_masses(
    model: Any,
    continuations: Sequence[Continuation],
    ends: Sequence[int],
    *,
    shared: bool,
    boundaries: Sequence[int] = (),
) -> list[float]:
    """The natural logarithm of the probability of each continuation and then any of its ends.

    Args:
        model: a transformers causal language model.
        ends: the tokens that end a turn; their probabilities are summed.
        boundaries: those before which a word has ended, for continuations that end with one.
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
            asked = [continuations[i] for i in indices]
            found[indices] = _sums(logits, rows, asked, ends, boundaries)
    return [float(mass) for mass in found]


def can_share(model: Any) -> bool:
    """Whether forwards over a trie are those of plain sequences, tried on a small trie.

    No list of architectures can be complete: layers that mix tokens other than by attention, or
    attention with something of its own, show here and are scored sequence by sequence. So are
    windows that are longer than the trial and that attention was not told of.
    """
    import torch

    config = model.config.get_text_config()
    kinds = set(getattr(config, "layer_types", None) or ())
    if not getattr(model, "_supports_attention_backend", False) or kinds - LAYERS:
        return False
    stem, *branches = (np.arange(4 * 24).reshape(4, 24) * 7 % config.vocab_size).tolist()
    sequences = [(*stem, *branch) for branch in branches]
    trie = Trie.of(sequences).padded(BLOCK)
    attention = TrieAttention(trie, model.device)
    try:
        with torch.inference_mode(), trie_attention(model):
            ours = _trie_logits(model, trie, attention, np.arange(len(trie.tokens)))
    except (NotImplementedError, RuntimeError, TypeError, ValueError):
        return False
    window = getattr(config, "sliding_window", None)
    if window and kinds != {"full_attention"} and window not in attention.windows:
        return False
    for sequence, nodes in zip(sequences, trie.nodes, strict=True):
        with torch.inference_mode():
            ids = torch.tensor([sequence], device=model.device)
            plain = model(input_ids=ids, use_cache=False).logits[0].float().log_softmax(-1)
        likely, tokens = plain.max(-1)
        found = ours[nodes].float().log_softmax(-1).gather(-1, tokens[:, None])[:, 0]
        if not bool((found - likely).abs().max() <= AGREEMENT[min(4, model.dtype.itemsize)]):
            return False
    return True


Forward = tuple[list[int], "Tensor", list[Ints]]
"""Which continuations, logits (R, vocabulary), and for each continuation its rows: of the token
before `start` and of every one after it."""


def _trie_forwards(model: Any, continuations: Sequence[Continuation]) -> Iterator[Forward]:
    with trie_attention(model):
        sequences = [continuation.ids for continuation in continuations]
        for indices in share(sequences, TOKENS_PER_FORWARD):
            trie = Trie.of([sequences[index] for index in indices]).padded(BLOCK)
            asked = [
                nodes[continuations[index].start - 1 :]
                for index, nodes in zip(indices, trie.nodes, strict=True)
            ]
            wanted = np.unique(np.concatenate(asked))
            logits = _trie_logits(model, trie, TrieAttention(trie, model.device), wanted)
            yield indices, logits, [np.searchsorted(wanted, nodes) for nodes in asked]


def _trie_logits(model: Any, trie: Trie, attention: TrieAttention, nodes: Ints) -> Tensor:
    """The logits after each of the nodes, (len(nodes), vocabulary), within `trie_attention`."""
    import torch

    logits: Tensor = model(
        input_ids=torch.from_numpy(trie.tokens)[None].to(model.device),
        position_ids=torch.from_numpy(trie.depth)[None].to(model.device),
        logits_to_keep=torch.from_numpy(nodes).to(model.device),
        trie=attention,
        use_cache=False,
    ).logits[0]
    return logits


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
    logits: Tensor,
    rows: list[Ints],
    continuations: list[Continuation],
    ends: Sequence[int],
    boundaries: Sequence[int],
) -> np.ndarray:
    """Log probabilities of the tokens, summed over each continuation, and of its end."""
    import torch

    logits = logits.float()
    whole = logits.logsumexp(-1)
    sums = np.full(len(rows), np.nan)
    last = np.array([nodes[-1] for nodes in rows])
    words = np.array([item.word for item in continuations])
    for closings, members in ((ends, ~words), (boundaries, words)):
        if members.any():
            at = torch.from_numpy(last[members]).to(logits.device)
            closing = torch.tensor(list(closings), device=logits.device)
            mass = logits[at].index_select(1, closing).logsumexp(-1)
            sums[members] = (mass - whole[at]).double().cpu().numpy()
    before = torch.from_numpy(np.concatenate([nodes[:-1] for nodes in rows])).to(logits.device)
    tokens = [token for item in continuations for token in item.ids[item.start :]]
    each = logits[before, torch.tensor(tokens, device=logits.device)] - whole[before]
    owners = np.repeat(np.arange(len(rows)), [len(nodes) - 1 for nodes in rows])
    np.add.at(sums, owners, each.double().cpu().numpy())
    return sums
