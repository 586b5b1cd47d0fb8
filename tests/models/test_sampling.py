from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from scipy.stats import chisquare

from discretion.models.sampling import Beginning, write

from .small import FAMILIES, VOCABULARY

pytestmark = pytest.mark.torch

ENDS = (1, 5)
RNG = np.random.default_rng(0)
PROMPTS = [tuple(RNG.integers(6, VOCABULARY, length).tolist()) for length in (9, 30, 17)]


def beginnings(limit: int = 12, cue: str = "", samples: int = 3) -> list[Beginning]:
    return [
        Beginning(ids, limit, f"0/{sample}", cue) for ids in PROMPTS for sample in range(samples)
    ]


def test_a_token_is_drawn_as_often_as_it_is_likely(models: dict[str, Any], tokenizer: Any) -> None:
    import torch

    model, ids, draws = models["llama"], PROMPTS[0], 1500
    with torch.no_grad():
        p = (model(torch.tensor([ids])).logits[0, -1].double() / 0.5).softmax(-1).numpy()
    rows = [Beginning(ids, 1, f"0/{sample}") for sample in range(draws)]
    counts = Counter(text for text, _ in write(model, tokenizer, rows, ENDS, heat=0.5))
    spelled = [
        "" if token in ENDS else tokenizer.decode([token], skip_special_tokens=True)
        for token in range(VOCABULARY)
    ]
    wanted: Counter[str] = Counter()
    for token, text in enumerate(spelled):
        wanted[text] += float(p[token])
    often = [text for text, share in wanted.items() if share * draws >= 5]
    assert len(often) > 5
    observed = [counts[text] for text in often]
    expected = [wanted[text] * draws for text in often]
    rest = draws - sum(observed), draws - sum(expected)
    assert chisquare([*observed, rest[0]], [*expected, rest[1]]).pvalue > 0.001


@pytest.mark.parametrize("family", FAMILIES)
def test_without_heat_the_likeliest_token_is_written(
    models: dict[str, Any], tokenizer: Any, family: str
) -> None:
    import torch

    model = models[family]
    for row, (text, count) in zip(
        beginnings(), write(model, tokenizer, beginnings(), ENDS, heat=0), strict=True
    ):
        ids = list(row.ids)
        for _ in range(row.limit):
            with torch.no_grad():
                token = int(model(torch.tensor([ids])).logits[0, -1].argmax())
            if token in ENDS:
                break
            ids.append(token)
        new = ids[len(row.ids) :]
        assert (text, count) == (tokenizer.decode(new, skip_special_tokens=True), len(new))


def test_what_is_written_depends_on_seed_and_text_but_not_on_company(
    models: dict[str, Any], tokenizer: Any
) -> None:
    rows = beginnings()
    together = write(models["llama"], tokenizer, rows, ENDS, heat=1)
    alone = [write(models["llama"], tokenizer, [row], ENDS, heat=1)[0] for row in rows]
    assert together == alone
    assert len(set(together)) > len(PROMPTS)


def test_each_text_keeps_its_own_limit(models: dict[str, Any], tokenizer: Any) -> None:
    rows = [Beginning(PROMPTS[0], limit, "0/0") for limit in (1, 4, 9)]
    written = write(models["gpt_neox"], tokenizer, rows, (1,), heat=1)
    assert [count for _, count in written] == [1, 4, 9]
    assert written[2][0].startswith(written[1][0])


def test_writing_stops_at_the_cue_and_leaves_it_out(models: dict[str, Any], tokenizer: Any) -> None:
    free = write(models["qwen3"], tokenizer, beginnings(40), (1,), heat=1)
    text, count = free[0]
    cue = text[len(text) // 2 :][:4]
    # The gap before a cue may be any white space; this cue has none.
    cue = cue.strip()
    stopped, fewer = write(models["qwen3"], tokenizer, beginnings(40, cue), (1,), heat=1)[0]
    assert stopped == text[: text.index(cue)]
    assert fewer < count


def test_an_end_token_is_not_part_of_the_text(models: dict[str, Any], tokenizer: Any) -> None:
    every = tuple(range(VOCABULARY))
    assert write(models["llama"], tokenizer, beginnings(), every, heat=1) == [("", 0)] * 9
