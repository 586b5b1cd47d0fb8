"""The loss of a step, and the batches that it is computed on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from discretion.training import processes
from discretion.training.jobs import Job
from discretion.training.masking import Averaging, Masked

if TYPE_CHECKING:
    from torch import Tensor

FORWARD = 64
"""What one more forward and backward costs, in tokens."""
PADDED = ("input_ids", "attention_mask", "weights")
"""What of a batch is as long as its longest example."""

_Trainer: Any = object
"""What follows `LossMixin` among the classes that a trainer is made of; see `trainer_mixin`."""


class LossMixin(_Trainer):  # type: ignore[misc, valid-type, unused-ignore]
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
        recipe = self.job.recipe
        # Processes that train together make equally many forwards.
        parts = of_like_length(inputs) if recipe.processes == 1 else [inputs]
        loss = sum(step_loss(model, part, num_items_in_batch, recipe.outside) for part in parts)
        self.saw(loss)
        # Gradients are averaged over processes, and are to be added up.
        return loss * self.job.recipe.processes


def of_like_length(batch: dict[str, Tensor]) -> list[dict[str, Tensor]]:
    """A batch of `collate` in parts of like length, so that less of them is padding.

    Their losses add up to the batch's. It is parted where that saves more tokens than one more
    forward costs, and on processors only: others are the faster the more they have at once.
    """
    seen = batch["attention_mask"]
    if seen.device.type != "cpu":
        return [batch]
    lengths, order = seen.sum(1).sort(stable=True)
    rows, longest = len(lengths), int(lengths[-1])
    saved = [(longest - int(lengths[at - 1])) * at for at in range(1, rows)]
    if max(saved, default=0) <= FORWARD:
        return [batch]
    at = saved.index(max(saved)) + 1
    short = {name: values[order[:at]] for name, values in batch.items()}
    least = int(lengths[at - 1])
    short |= {name: short[name][:, :least] for name in PADDED}
    long = {name: values[order[at:]] for name, values in batch.items()}
    return [part for half in (short, long) for part in of_like_length(half)]


def step_loss(model: Any, batch: dict[str, Tensor], shares: Tensor | int, outside: float) -> Tensor:
    """The loss of a batch of `collate`, divided by the shares of its whole step.

    Args:
        outside: how much mass on neither answer counts, where decisions are learned as shares.
    """
    weights = batch["weights"][:, 1:]
    soft = batch.get("mass")
    wanted = weights.any(0)
    if soft is not None:
        wanted[batch["parts"][soft > 0] - 1] = True
    # Only what is supervised somewhere in the batch needs logits.
    kept = wanted.nonzero()[:, 0]
    logits = model(
        input_ids=batch["input_ids"],
        attention_mask=batch["attention_mask"],
        logits_to_keep=kept,
        use_cache=False,
    ).logits.float()
    loss = weighted_loss(logits, batch["input_ids"][:, kept + 1], weights[:, kept], shares)
    if soft is None:
        return loss
    import torch

    rows = (soft > 0).nonzero()[:, 0]
    at = torch.searchsorted(kept, batch["parts"][rows] - 1)
    each = shared_decisions(
        logits[rows, at],
        batch["granting"][rows],
        batch["refusing"][rows],
        batch["share"][rows],
        outside,
    )
    return loss + (each * soft[rows]).sum() / shares


def shared_decisions(
    logits: Tensor, granting: Tensor, refusing: Tensor, share: Tensor, outside: float
) -> Tensor:
    """(B,) the loss of decisions that are learned as shares.

    The cross-entropy of the two answers against the share, plus `outside` times minus the log of
    their mass together. Both are linear in the share: the loss of a share of n judgments is the
    mean of the losses of n examples, one for each judgment. With `outside` 1 it is the plain
    cross-entropy of the answers' tokens.

    Args:
        logits: (B, vocabulary), before the token in which the answers differ.
        granting: (B, F) the tokens of granting answers; -1 fills up.
        refusing: (B, F) likewise.
        share: (B,) of the judgments that grant.
    """
    import torch

    whole = logits.logsumexp(-1)
    sides = []
    for tokens in (granting, refusing):
        found = logits.gather(1, tokens.clamp(min=0)).masked_fill(tokens < 0, -torch.inf)
        sides.append(found.logsumexp(-1) - whole)
    grant, refuse = sides
    both = torch.logaddexp(grant, refuse)
    return -(share * (grant - both) + (1 - share) * (refuse - both) + outside * both)


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
    """A batch, padded on the right: ids, attention mask and weights (B, T), and shares (B,).

    Where decisions are learned as shares, also for each row: its mass (0 where it has none), the
    share, the token in which the answers part, and the tokens of both answers (B, F).
    """
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
    batch = {"input_ids": ids, "attention_mask": seen, "weights": weights, "shares": shares}
    if any(row.share is not None for row in rows):
        batch |= {
            "mass": torch.tensor([0.0 if row.share is None else float(row.weight) for row in rows]),
            "share": torch.tensor([0.0 if row.share is None else row.share for row in rows]),
            "parts": torch.tensor([max(1, row.parts) for row in rows]),
            "granting": _filled([row.answers[0] for row in rows]),
            "refusing": _filled([row.answers[1] for row in rows]),
        }
    return batch


def _filled(rows: Sequence[Sequence[int]]) -> Tensor:
    """(B, F) tokens, -1 where a row has fewer."""
    import torch

    most = max(1, *map(len, rows))
    return torch.tensor([[*row, *[-1] * (most - len(row))] for row in rows])


def filler(like: Masked) -> Masked:
    """An example without anything to learn, which fills up a step of several processes."""
    return Masked(like.judgment, like.ids[:2], (0, 0))
