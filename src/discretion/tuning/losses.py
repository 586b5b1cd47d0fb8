"""The loss of a step, and the batches that it is computed on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from discretion.tuning import processes
from discretion.tuning.jobs import Job
from discretion.tuning.masking import Averaging, Masked

if TYPE_CHECKING:
    from torch import Tensor

_Trainer: Any = object
"""What follows `Weighting` among the classes that a trainer is made of; see `stepping`."""


class Weighting(_Trainer):  # type: ignore[misc, valid-type, unused-ignore]
    """This project's loss on the batches of `collate`, mixed into a trainer before `Stepping`."""

    job: Job

    def get_batch_samples(self, epoch_iterator: Any, num_batches: int, device: Any) -> Any:
        """The batches of a step, and the shares of all processes."""
        import torch

        batches, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        shares = sum(int(batch["shares"].sum()) for batch in batches)
        several = self.job.recipe.processes > 1
        return batches, int(processes.summed(torch.tensor(shares))) if several else shares

    def compute_loss(
        self,
        model: Any,
        inputs: Any,
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        weights = inputs["weights"][:, 1:]
        # Only what is supervised somewhere in the batch needs logits.
        kept = weights.any(0).nonzero()[:, 0]
        logits = model(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            logits_to_keep=kept,
            use_cache=False,
        ).logits
        loss = weighted_loss(
            logits, inputs["input_ids"][:, kept + 1], weights[:, kept], num_items_in_batch
        )
        self.saw(loss)
        # Gradients are averaged over processes, and are to be added up.
        return loss * self.job.recipe.processes


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
