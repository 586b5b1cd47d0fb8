"""What a language model writes: temperature sampling whose draws do not depend on company."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from discretion.canonical import digest

if TYPE_CHECKING:
    from torch import Tensor

ROWS = 64
"""Texts written together."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """A text to be continued."""

    ids: tuple[int, ...]
    limit: int
    """Tokens that may be written at most, at least 1."""
    seed: str
    """Equal seeds after equal texts draw equal numbers."""
    cue: str = ""
    """Words at which writing stops; empty where only an end token stops it."""


def write(
    model: Any, tokenizer: Any, beginnings: Sequence[Beginning], ends: Sequence[int], heat: float
) -> list[tuple[str, int]]:
    """The continuation of each beginning, without its end or cue, and the number of its tokens.

    Args:
        heat: the temperature; 0 writes the most likely token each time.

    No other setting of the model's own generation_config is used: no top-k, no penalties. Each
    text draws from its own random numbers, so that what it says does not depend on the batch
    beyond rounding.
    """
    # Texts of about one length together, so that little is padding.
    order = sorted(range(len(beginnings)), key=lambda index: len(beginnings[index].ids))
    written: dict[int, tuple[str, int]] = {}
    for at in range(0, len(order), ROWS):
        batch = order[at : at + ROWS]
        rows = [beginnings[index] for index in batch]
        texts = _write_together(model, tokenizer, rows, ends, heat)
        written.update(zip(batch, texts, strict=True))
    return [written[index] for index in range(len(beginnings))]


def _write_together(
    model: Any, tokenizer: Any, rows: Sequence[Beginning], ends: Sequence[int], heat: float
) -> list[tuple[str, int]]:
    import torch
    from transformers import LogitsProcessorList, StoppingCriteriaList

    width = max(len(row.ids) for row in rows)
    longest = max(row.limit for row in rows)
    ids = np.full((len(rows), width), ends[0])
    mask = np.zeros_like(ids)
    for index, row in enumerate(rows):
        ids[index, width - len(row.ids) :] = row.ids
        mask[index, width - len(row.ids) :] = 1
    stops = _Stops(tokenizer, rows, width)
    with torch.inference_mode():
        output = model.generate(
            torch.from_numpy(ids).to(model.device),
            attention_mask=torch.from_numpy(mask).to(model.device),
            do_sample=False,
            max_new_tokens=longest,
            eos_token_id=list(ends),
            # The rows that have ended are filled with an end token, which is cut off below.
            pad_token_id=ends[0],
            logits_processor=LogitsProcessorList([_Draw(rows, width, longest, heat)]),
            stopping_criteria=StoppingCriteriaList([stops]),
        )
    texts = []
    for row, new in zip(rows, output[:, width:].tolist(), strict=True):
        length = next((at for at, token in enumerate(new) if token in ends), len(new))
        kept = new[: min(length, row.limit)]
        text = tokenizer.decode(kept, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        found = _cue(row.cue).search(text) if row.cue else None
        texts.append((text[: found.start()] if found else text, len(kept)))
    return texts


class _Draw:
    """Picks each row's next token by its own uniform numbers, through the cumulative
    distribution, and leaves the generating loop no choice."""

    def __init__(self, rows: Sequence[Beginning], width: int, longest: int, heat: float) -> None:
        self.width, self.heat = width, heat
        self.uniform = np.stack(
            [
                np.random.default_rng(int(digest((row.seed, row.ids))[:16], 16)).random(longest)
                for row in rows
            ]
        )

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        import torch

        if self.heat == 0:
            return scores
        step = input_ids.shape[1] - self.width
        below = torch.softmax(scores.double() / self.heat, dim=-1).cumsum(-1)
        # In (0, 1], so that a token without probability is never picked.
        drawn = torch.from_numpy(1 - self.uniform[:, step]).to(scores.device)
        picked = (below < (drawn * below[:, -1])[:, None]).sum(-1, keepdim=True)
        return torch.full_like(scores, float("-inf")).scatter_(1, picked, 0.0)


class _Stops:
    """Stops a row whose last tokens complete its cue, or that has reached its limit."""

    def __init__(self, tokenizer: Any, rows: Sequence[Beginning], width: int) -> None:
        self.tokenizer, self.rows, self.width = tokenizer, rows, width
        self.done = np.zeros(len(rows), dtype=np.bool_)

    def __call__(self, input_ids: Tensor, scores: Any, **_: Any) -> Tensor:
        import torch

        count = input_ids.shape[1] - self.width
        for index in np.flatnonzero(~self.done).tolist():
            row = self.rows[index]
            self.done[index] = count >= row.limit or (row.cue and self._cued(input_ids[index], row))
        return torch.from_numpy(self.done).to(input_ids.device)

    def _cued(self, ids: Tensor, row: Beginning) -> bool:
        # A token is a byte at least, and one more may have come before the cue.
        last = max(self.width, len(ids) - len(row.cue.encode()) - 1)
        return _cue(row.cue).search(self.tokenizer.decode(ids[last:])) is not None


def _cue(cue: str) -> re.Pattern[str]:
    """The words of a cue, whatever white space the model put around them."""
    gap = r"\s+" if cue[0].isspace() else ""
    return re.compile(gap + re.escape(cue.strip()))
