"""The training of the tiny model: one pass over fresh text, on one thread."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .text import DECIDING, READING, Lesson, Mix, lessons
from .tokens import LONGEST, encode, rows_of


@dataclass(frozen=True, slots=True)
class Stage:
    """One pass over fresh text."""

    mix: Mix
    tokens: int
    """Tokens read, each once."""
    rate: float
    """Highest learning rate; a cosine after a linear warm-up of a twentieth."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is trained, and how long."""

    stages: tuple[Stage, ...] = (Stage(DECIDING, 4_500_000, 4e-3), Stage(READING, 1_300_000, 2e-3))
    """Decisions first: whether yes grants depends on the question and on the case at once, and a
    training that began with the questions of reading ended without having learned it."""
    row: int = 256
    """Tokens in a row of packed lessons. Packing teaches the model to heed its own case only."""
    rows: int = 8
    """Rows in a step."""
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
    rng = np.random.default_rng(settings.seed)
    for number, stage in enumerate(settings.stages, 1):
        log(f"stage {number}")
        _train_stage(model, tokenizer, settings, stage, rng, log)
    model.eval()
    return time.process_time() - begun


def _train_stage(
    model: Any,
    tokenizer: Any,
    settings: Settings,
    stage: Stage,
    rng: np.random.Generator,
    log: Callable[[str], None],
) -> None:
    import torch

    steps = max(1, stage.tokens // (settings.row * settings.rows))
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=stage.rate, betas=(0.9, 0.98), weight_decay=0.05
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, steps))
    model.train()
    batches = _batches(tokenizer, settings, lessons(rng, stage.mix))
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
            log(f"step {step + 1}/{steps}: loss {loss.item():.4f}")


def _rate(step: int, steps: int) -> float:
    warm = max(1, steps // 20)
    if step < warm:
        return (step + 1) / warm
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def _batches(
    tokenizer: Any, settings: Settings, source: Iterator[Lesson]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches of rows: ids and weights (rows, row)."""
    while True:
        encoded = [encode(tokenizer, lesson) for lesson in itertools.islice(source, 4000)]
        ids, weights = rows_of(encoded, settings.row)
        for begin in range(0, len(ids) - settings.rows + 1, settings.rows):
            chosen = slice(begin, begin + settings.rows)
            yield ids[chosen], weights[chosen].astype(np.float32)
