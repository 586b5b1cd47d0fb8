"""Fits: whether a training learned what it was taught, better than the mean of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from discretion.models.loading import Settings, load
from discretion.models.memory import give_back
from discretion.training.masking import Masked

if TYPE_CHECKING:
    from torch import Tensor

JUDGMENTS = 400
"""On which it is looked at: enough for a difference that is worth anything."""
PROMPTS = 100
"""Under which they stand at least, where there are as many: asking takes as long as they are."""
TOKENS = 4096
"""In one forward."""


@dataclass(frozen=True, slots=True)
class OwnFit:
    """A tuned model on the prompts that it was taught, against the people who answered them."""

    brier: float
    """Its mean squared error over single judgments."""
    mean: float
    """That of the share of all these judgments that grant, said everywhere."""
    noise: float | None
    """What of both is the people's own disagreement, where prompts have two judgments or more; the
    rest is excess. None where none has."""
    judgments: int

    @property
    def learned(self) -> bool:
        """Whether it is closer to the people than their mean."""
        return self.brier < self.mean

    @property
    def compared(self) -> str:
        """Both scores in words."""
        return (
            f"on the {self.judgments:,} judgments that it was taught, its Brier score is "
            f"{self.brier:.3f}, and always saying their mean scores {self.mean:.3f}"
        )

    @property
    def sentence(self) -> str:
        """For the card and the terminal."""
        return self.compared if self.learned else f"it did not learn: {self.compared}"


def fit_to_json(fit: OwnFit) -> dict[str, Any]:
    """As the log keeps it, beside what was tuned."""
    return {
        "brier": fit.brier,
        "mean": fit.mean,
        "noise": fit.noise,
        "judgments": fit.judgments,
    }


def fit_from_json(read: dict[str, Any]) -> OwnFit:
    return OwnFit(read["brier"], read["mean"], read["noise"], read["judgments"])


def own_fit(name: str, settings: Settings, masked: Sequence[Masked]) -> OwnFit | None:
    """Ask a tuned folder what it was taught; None where an example does not say what answers it.

    Args:
        settings: how the folder is loaded.
    """
    taught = _by_prompt(masked)
    if not taught:
        return None
    prompts, grants, counts = zip(*taught.values(), strict=True)
    loaded = load(name, settings)
    p = np.concatenate([_granting(loaded.model, part) for part in _parts(prompts)])
    del loaded
    give_back()
    return compare(p, np.array(grants), np.array(counts))


def compare(
    p: np.ndarray,
    grants: np.ndarray,
    counts: np.ndarray,
    variance: np.ndarray | float = 0.0,
) -> OwnFit:
    """A model's probabilities on prompts, against how many granted and judged each.

    Args:
        p: (P,)
        grants: (P,) judgments that grant.
        counts: (P,) judgments.
        variance: (P,) of p, where it was drawn: it is taken off.
    """
    h = grants / counts
    spread = h * (1 - h)
    mean = float(grants.sum() / counts.sum())
    several = counts > 1
    noise = None
    if several.any():
        weights = counts[several]
        own = spread[several] * weights / (weights - 1)
        noise = float(np.average(own, weights=weights))
    return OwnFit(
        float(np.average((p - h) ** 2 - variance + spread, weights=counts)),
        float(np.average((mean - h) ** 2 + spread, weights=counts)),
        noise,
        int(counts.sum()),
    )


def _by_prompt(masked: Sequence[Masked]) -> dict[tuple[int, ...], tuple[Masked, float, int]]:
    """By what stands before the decision: an example, and how many granted and judged."""
    found: dict[tuple[int, ...], tuple[Masked, float, int]] = {}
    judgments = 0
    for one in masked:
        if not all(one.answers) or one.parts < 1:
            return {}
        key = one.ids[: one.parts]
        if key not in found and len(found) >= PROMPTS and judgments >= JUDGMENTS:
            continue
        judgments += one.weight
        share = float(one.ids[one.parts] in one.answers[0]) if one.share is None else one.share
        first, grants, count = found.get(key, (one, 0.0, 0))
        found[key] = (first, grants + share * one.weight, count + one.weight)
    return found


def _parts(prompts: Sequence[Masked]) -> list[list[Masked]]:
    """Prompts that are read in one forward, in their order."""
    parts: list[list[Masked]] = [[]]
    for one in prompts:
        longest = max((row.parts for row in (*parts[-1], one)), default=0)
        if parts[-1] and longest * (len(parts[-1]) + 1) > TOKENS:
            parts.append([])
        parts[-1].append(one)
    return parts


def _granting(model: Any, rows: Sequence[Masked]) -> np.ndarray:
    """(R,) the probability of the granting answer among the two, as they begin."""
    import torch

    longest = max(row.parts for row in rows)
    ids = torch.zeros((len(rows), longest), dtype=torch.long)
    seen = torch.zeros_like(ids)
    for index, row in enumerate(rows):
        ids[index, : row.parts] = torch.tensor(row.ids[: row.parts])
        seen[index, : row.parts] = 1
    last = torch.tensor([row.parts - 1 for row in rows])
    kept = torch.tensor(sorted({row.parts - 1 for row in rows}))
    with torch.inference_mode():
        logits = model(
            input_ids=ids.to(model.device),
            attention_mask=seen.to(model.device),
            logits_to_keep=kept.to(model.device),
            use_cache=False,
        ).logits
    own = logits[torch.arange(len(rows)), torch.searchsorted(kept, last)].float().cpu()
    pairs = (
        [_mass(logits, side) for side in row.answers] for logits, row in zip(own, rows, strict=True)
    )
    return np.array([float(torch.sigmoid(grant - refuse)) for grant, refuse in pairs])


def _mass(logits: Tensor, tokens: Sequence[int]) -> Tensor:
    return logits[list(tokens)].logsumexp(-1)
