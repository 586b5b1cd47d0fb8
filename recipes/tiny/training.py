"""The training of the tiny model: one pass over fresh text, on one thread."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .text import lessons
from .tokens import LONGEST, encode, rows_of


@dataclass(frozen=True, slots=True)
class Settings:
    """What is trained, and how long."""

    tokens: int = 5_000_000
    """Tokens read, each once."""
    row: int = 256
    """Tokens in a row of packed lessons. Packing teaches the model to heed its own case only."""
    rows: int = 16
    """Rows in a step."""
    rate: float = 4e-3
    """Highest learning rate; a cosine after a linear warm-up of a twentieth."""
    width: int = 96
    layers: int = 4
    heads: int = 4
    inner: int = 256
    seed: int = 2


def new_model(settings: Settings, tokenizer: Any) -> Any:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(settings.seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=settings.width,
            intermediate_size=settings.inner,
            num_hidden_layers=settings.layers,
            num_attention_heads=settings.heads,
            max_position_embeddings=LONGEST,
            tie_word_embeddings=True,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def train(
    model: Any, tokenizer: Any, settings: Settings, log: Callable[[str], None] = print
) -> float:
    """Train in place; returns the CPU seconds that it took."""
    import torch

    torch.set_num_threads(1)
    begun = time.process_time()
    steps = max(1, settings.tokens // (settings.row * settings.rows))
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=settings.rate, betas=(0.9, 0.98), weight_decay=0.05
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, steps))
    model.train()
    batches = _batches(tokenizer, settings)
    for step in range(steps):
        ids, weights = (torch.from_numpy(part) for part in next(batches))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(input_ids=ids).logits
        losses = torch.nn.functional.cross_entropy(
            logits[:, :-1].float().flatten(0, 1), ids[:, 1:].flatten(), reduction="none"
        )
        weight = weights[:, 1:].flatten()
        loss = (losses * weight).sum() / weight.sum()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        if step % 50 == 0 or step == steps - 1:
            seconds = time.process_time() - begun
            log(f"step {step + 1}/{steps}  loss {loss.item():.4f}  {seconds:.0f} CPU seconds")
    model.eval()
    return time.process_time() - begun


def _rate(step: int, steps: int) -> float:
    warm = max(1, steps // 20)
    if step < warm:
        return (step + 1) / warm
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def _batches(tokenizer: Any, settings: Settings) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches of rows: ids and weights (rows, row)."""
    rng = np.random.default_rng(settings.seed)
    source = lessons(rng)
    while True:
        encoded = [encode(tokenizer, lesson) for lesson in itertools.islice(source, 4000)]
        ids, weights = rows_of(encoded, settings.row)
        for begin in range(0, len(ids) - settings.rows + 1, settings.rows):
            chosen = slice(begin, begin + settings.rows)
            yield ids[chosen], weights[chosen].astype(np.float32)
