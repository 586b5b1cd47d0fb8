"""The loss of a step, and the batches that it is computed on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from discretion.tuning.masking import Averaging, Masked

if TYPE_CHECKING:
    from torch import Tensor


def weighted_loss(logits: Tensor, targets: Tensor, weights: Tensor, shares: Tensor | int) -> Tensor:
    """The sum of weighted cross-entropies over a number of shares.

    Args:
        logits: (B, K, vocabulary), before each of K tokens.
        targets: (B, K), the tokens.
        weights: (B, K), 0 where a token is not supervised.
        shares: examples, or supervised tokens, in the whole step, of all processes together.
    """
    from torch.nn.functional import cross_entropy

    losses = cross_entropy(logits.float().flatten(0, 1), targets.flatten(), reduction="none")
    return (losses * weights.flatten()).sum() / shares


def collate(rows: Sequence[Masked], averaging: Averaging, pad: int) -> dict[str, Tensor]:
    """A batch, padded on the right: ids, attention mask and weights (B, T), and shares (B,)."""
    import torch

    longest = max(len(row.ids) for row in rows)
    ids = torch.full((len(rows), longest), pad)
    seen = torch.zeros_like(ids)
    weights = torch.zeros(ids.shape)
    for index, row in enumerate(rows):
        length = len(row.ids)
        ids[index, :length] = torch.tensor(row.ids)
        seen[index, :length] = 1
        weights[index, :length] = torch.tensor(row.weights(averaging))
    shares = torch.tensor([row.shares(averaging) for row in rows])
    return {"input_ids": ids, "attention_mask": seen, "weights": weights, "shares": shares}


def filler(like: Masked) -> Masked:
    """An example without anything to learn, which fills up a step of several processes."""
    return Masked(like.judgment, like.ids[:2], (0, 0))
