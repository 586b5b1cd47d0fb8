"""Whether the frozen weights can be taught: fine-tuning on 300 simulated judgments."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from discretion.core.cases import Case
from discretion.core.judgments import Judgment
from discretion.toy.dialect import case_of, draws, read_twin
from discretion.toy.judges import PANELS, Judges
from discretion.toy.phrases import DOMAINS

from .evaluation import ask, score
from .text import DIRECT, HELD_OUT, QUESTIONS, WORDS, Lesson, prompt
from .tokens import encode

UNSEEN = (*HELD_OUT, "returns", "hiring")
"""Domains that no judgment of the fine-tuning comes from."""


def teaching(model: Any, tokenizer: Any, judgments: int, cases: int, seed: int) -> list[str]:
    """Lines of a table: distance to each panel on unseen domains, before and after."""
    lines = [
        "| panel | state | root mean square of p - truth | mean p - truth | Brier score "
        "| Brier score of the truth | CPU seconds |",
        "|---|---|---|---|---|---|---|",
    ]
    for panel in PANELS.values():
        rng = np.random.default_rng(seed)
        seen = tuple(domain for domain in DOMAINS if domain.name not in UNSEEN)
        unseen = tuple(domain for domain in DOMAINS if domain.name in UNSEEN)
        taught = [case_of(situation) for situation in draws(rng, judgments, seen)]
        tested = [case_of(situation) for situation in draws(rng, cases, unseen)]
        answers = list(panel.judge_all(taught, rng, each=1))
        begun = time.process_time()
        tuned = fine_tune(model, tokenizer, taught, answers, seed)
        seconds = time.process_time() - begun
        mean = np.mean([one.answer == "grant" for one in answers if one.answer != "unsure"])
        truth = _truth(panel, tested)
        lines.append(f"| {panel.name} | their mean | {_distance(truth * 0 + mean, truth)} | |")
        for state, one, spent in (("as shipped", model, ""), ("taught", tuned, f"{seconds:.0f}")):
            figures = _distance(_answers(one, tokenizer, tested), truth)
            lines.append(f"| {panel.name} | {state} | {figures} | {spent} |")
    return lines


def fine_tune(
    model: Any,
    tokenizer: Any,
    cases: Sequence[Case],
    judgments: Sequence[Judgment],
    seed: int,
    rate: float = 1e-3,
    epochs: int = 6,
) -> Any:
    """A copy of the model, taught the labels. Unsure judgments teach nothing."""
    import torch

    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    tuned = copy.deepcopy(model)
    situations = {case.id: read_twin(case.twin or "") for case in cases}
    decided = [judgment for judgment in judgments if judgment.answer != "unsure"]
    steps = epochs * len(decided) // 16
    optimizer = torch.optim.AdamW(tuned.parameters(), lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, steps)
    order = np.concatenate([rng.permutation(len(decided)) for _ in range(epochs)])
    questions = tuple(QUESTIONS)
    tuned.train()
    for step in range(steps):
        batch = []
        for index in order[16 * step : 16 * step + 16]:
            judgment = decided[index]
            vocabulary, grant_first = questions[int(rng.integers(len(questions)))]
            word = DIRECT[int(rng.integers(len(DIRECT)))]
            text = prompt(situations[judgment.case], word, vocabulary, grant_first)
            answer = WORDS[vocabulary][0 if judgment.answer == "grant" else 1]
            batch.append(encode(tokenizer, Lesson(text, answer))[0])
        longest = max(len(ids) for ids in batch)
        padded = torch.full((len(batch), longest), tokenizer.pad_token_id)
        targets = torch.full((len(batch), longest), -100)
        for row, ids in enumerate(batch):
            padded[row, : len(ids)] = torch.tensor(ids)
            # The answer and the end token: what follows the prompt.
            targets[row, len(ids) - 2 : len(ids)] = torch.tensor(ids[-2:])
        logits = tuned(input_ids=padded).logits[:, :-1].flatten(0, 1)
        loss = torch.nn.functional.cross_entropy(logits, targets[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(tuned.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
    tuned.eval()
    return tuned


def _truth(panel: Judges, cases: Sequence[Case]) -> np.ndarray:
    return np.array([panel.truth(case) for case in cases])


def _answers(model: Any, tokenizer: Any, cases: Sequence[Case]) -> np.ndarray:
    """Grant probabilities (C,), the logits averaged over both orders."""
    situations = [read_twin(case.twin or "") for case in cases]
    logits = np.zeros(len(cases))
    for grant_first in (True, False):
        p, _ = score(model, tokenizer, ask(situations, "decide", "grant/refuse", grant_first))
        logits += np.log(p / (1 - p)) / 2
    return np.asarray(1 / (1 + np.exp(-logits)))


def _distance(p: np.ndarray, truth: np.ndarray) -> str:
    """Figures against the true rates: known here, so nothing has to be corrected for noise."""
    square = float(np.mean((p - truth) ** 2))
    noise = float(np.mean(truth * (1 - truth)))
    return f"{square**0.5:.3f} | {np.mean(p - truth):+.3f} | {square + noise:.3f} | {noise:.3f}"
