"""What the tiny model has learned: tables on new draws and on domains that it never read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from discretion.toy.arguments import argument, named_circumstances, named_size, size_clause
from discretion.toy.dialect import Situation, draws
from discretion.toy.phrases import DOMAINS

from .text import (
    ARGUED,
    CUE,
    DIRECT,
    HELD_OUT,
    QUESTIONS,
    READINGS,
    WORDS,
    prompt,
    reading,
)

UNTAUGHT = (
    *("duty", "rights", "obligation", "outcome", "harm", "benefit"),
    *("character", "honesty", "kindness", "purpose", "aim", "spirit"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One prompt with its two answer words, and what the model makes of it."""

    situation: Situation
    text: str
    grant: str
    refuse: str


def new_situations(rng: np.random.Generator, count: int, *, held_out: bool) -> list[Situation]:
    """Situations of the held-out domains, or new draws of those that were taught."""
    domains = tuple(domain for domain in DOMAINS if (domain.name in HELD_OUT) == held_out)
    return list(draws(rng, count, domains))


def ask(
    situations: Sequence[Situation],
    word: str,
    vocabulary: str,
    grant_first: bool,
    before: Sequence[str] = (),
) -> list[Asked]:
    """The same question about each situation; `before` holds a text to put before each."""
    texts = [prompt(situation, word, vocabulary, grant_first) for situation in situations]
    if before:
        texts = [f"{early} {text}" for early, text in zip(before, texts, strict=True)]
    return [
        Asked(situation, text, *WORDS[vocabulary])
        for situation, text in zip(situations, texts, strict=True)
    ]


def score(
    model: Any, tokenizer: Any, asked: Sequence[Asked], replies: Sequence[str] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Grant probabilities (N,) and the mass outside the two answers (N,), after a reply's
    beginning where there is one."""
    import torch

    texts = [rendered(tokenizer, one.text) for one in asked]
    if replies:
        texts = [text + reply for text, reply in zip(texts, replies, strict=True)]
    words = np.array(
        [[_token(tokenizer, one.grant), _token(tokenizer, one.refuse)] for one in asked]
    )
    mass = np.empty((len(asked), 2))
    for begin in range(0, len(asked), 100):
        chosen = slice(begin, begin + 100)
        with torch.no_grad():
            ids = [tokenizer.encode(text, add_special_tokens=False) for text in texts[chosen]]
            longest = max(len(one) for one in ids)
            padded = torch.full((len(ids), longest), tokenizer.pad_token_id)
            for row, one in enumerate(ids):
                padded[row, : len(one)] = torch.tensor(one)
            logits = model(input_ids=padded).logits.float()
            last = logits[torch.arange(len(ids)), torch.tensor([len(one) - 1 for one in ids])]
            shares = last.softmax(-1).gather(1, torch.from_numpy(words[chosen]))
        mass[chosen] = shares.numpy()
    both = mass.sum(axis=1)
    return mass[:, 0] / both, 1 - both


def write(model: Any, tokenizer: Any, texts: Sequence[str], seed: int | None = None) -> list[str]:
    """What the model writes after each prompt, to the end token or 80 tokens: drawn at temperature
    1, or the likeliest token each time where there is no seed."""
    import torch

    torch.manual_seed(seed or 0)
    replies = []
    for text in texts:
        ids = tokenizer.encode(rendered(tokenizer, text), add_special_tokens=False)
        with torch.no_grad():
            out = model.generate(
                torch.tensor([ids]),
                attention_mask=torch.ones(1, len(ids), dtype=torch.long),
                max_new_tokens=80,
                do_sample=seed is not None,
            )
        replies.append(tokenizer.decode(out[0, len(ids) :], skip_special_tokens=True))
    return replies


def rendered(tokenizer: Any, text: str) -> str:
    message = [{"role": "user", "content": text}]
    rendered: str = tokenizer.apply_chat_template(
        message, tokenize=False, add_generation_prompt=True
    )
    return rendered


def compliance(model: Any, tokenizer: Any, count: int, seed: int) -> list[str]:
    """Lines of a table: does it follow the letter, by kind of words, vocabulary and order?"""
    rng = np.random.default_rng(seed)
    sets = {
        "new draws": new_situations(rng, count, held_out=False),
        "held-out domains": new_situations(rng, count, held_out=True),
    }
    lines = [
        "| cases | words | vocabulary | grant named | refuses violations | grants compliant "
        "| mean p, violations | mean p, compliant | no limit: mean p | largest outside mass |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    kinds = {"direct": DIRECT, "after an argument": ARGUED, "untaught": UNTAUGHT}
    for name, situations in sets.items():
        for kind, words in kinds.items():
            for vocabulary, grant_first in QUESTIONS:
                asked = [
                    ask([situation], words[index % len(words)], vocabulary, grant_first)[0]
                    for index, situation in enumerate(situations)
                ]
                replies = [_argued(one, rng) for one in asked] if kind.startswith("after") else ()
                p, outside = score(model, tokenizer, asked, replies)
                place = "first" if grant_first else "second"
                figures = _figures(situations, p, outside)
                lines.append(f"| {name} | {kind} | {vocabulary} | {place} | {figures} |")
    return lines


def precedents(model: Any, tokenizer: Any, count: int, seed: int) -> list[str]:
    """Lines of a table: with earlier cases before the case, which was not taught."""
    rng = np.random.default_rng(seed)
    lines = [
        "| earlier cases | refuses violations | grants compliant | mean p, violations "
        "| mean p, compliant | no limit: mean p | largest outside mass |",
        "|---|---|---|---|---|---|---|",
    ]
    for number in (1, 3, 6):
        situations = new_situations(rng, count, held_out=False)
        before = [
            " ".join(
                f"earlier: {early.twin} {'granted' if rng.random() < 0.5 else 'refused'}."
                for early in new_situations(rng, number, held_out=False)
            )
            for _ in situations
        ]
        asked = ask(situations, "decide", "grant/refuse", True, before)
        p, outside = score(model, tokenizer, asked)
        lines.append(f"| {number} | {_figures(situations, p, outside)} |")
    return lines


def explanations(model: Any, tokenizer: Any, count: int, seed: int) -> list[str]:
    """Lines: what the model writes for words that ask for an argument first, drawn at
    temperature 1 on domains that it never read."""
    rng = np.random.default_rng(seed)
    situations = new_situations(rng, count, held_out=True)
    prompts = [prompt(situation, "think", "grant/refuse", True) for situation in situations]
    texts = write(model, tokenizer, prompts, seed)
    size = factors = form = 0
    for situation, text in zip(situations, texts, strict=True):
        said = {thing.name for thing in (situation.reason, *situation.flags) if thing}
        size += named_size(text) == size_clause(situation.deviation)
        factors += named_circumstances(text) == said
        form += text.count(CUE) == 1 and text.rpartition(CUE)[2] in ("grant", "refuse")
    return [
        f"Size right {size / count:.0%}, every reason and flag right and no other "
        f"{factors / count:.0%}, form right (argument, cue, answer) {form / count:.0%}, "
        f"of {count} arguments.",
        "",
        *(f"- `{asked}`\n  `{text}`" for asked, text in zip(prompts[:4], texts, strict=False)),
    ]


def readings(model: Any, tokenizer: Any, count: int, seed: int) -> str:
    """A line: how often the model reads size, reason and flags right on domains that it never
    read."""
    situations = new_situations(np.random.default_rng(seed), count, held_out=True)
    shares = []
    for about, asked in READINGS.items():
        texts = write(model, tokenizer, [f"{situation.twin} {asked}" for situation in situations])
        right = [
            text == reading(situation, about)
            for text, situation in zip(texts, situations, strict=True)
        ]
        shares.append(f"{about} {np.mean(right):.1%}")
    return f"Read right on held-out domains, of {count} situations each: {', '.join(shares)}."


def _argued(one: Asked, rng: np.random.Generator) -> str:
    return argument(one.situation, rng) + CUE


def _figures(situations: Sequence[Situation], p: np.ndarray, outside: np.ndarray) -> str:
    broken = np.array([(s.deviation or 0) > 0 for s in situations])
    kept = np.array([s.deviation == 0 for s in situations])
    silent = ~broken & ~kept
    return (
        f"{_mean(p[broken] <= 0.5, '.1%')} | {_mean(p[kept] > 0.5, '.1%')} "
        f"| {_mean(p[broken], '.3f')} | {_mean(p[kept], '.3f')} | {_mean(p[silent], '.2f')} "
        f"| {outside.max():.3f}"
    )


def _mean(figures: np.ndarray, form: str) -> str:
    return format(figures.mean(), form) if len(figures) else "none"


def _token(tokenizer: Any, word: str) -> int:
    ids = tokenizer.encode(word, add_special_tokens=False)
    if len(ids) != 1:
        raise ValueError(f"{word!r} is {len(ids)} tokens, not one")
    return int(ids[0])
