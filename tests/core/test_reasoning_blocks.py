"""Where a written text still reasons, and where its answer begins."""

from __future__ import annotations

import pytest

from discretion.core.answers import read_decision
from discretion.core.reasoning_blocks import after_reasoning

PAIRS = [
    ("<think>", "</think>"),
    ("<THINK>", "</THINK>"),
    ('<thinking budget="3">', "</thinking >"),
    ("<seed:think>", "</seed:think>"),
    ("<reasoning>", "</reasoning>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ("<|channel|>commentary to=x<|message|>", "<|channel|>final <|constrain|>json<|message|>"),
    ("<|channel>thought\n", "<channel|>"),
    ("<unused94>thought\n", "<unused95>"),
    ("analysisThe user", "assistantfinal"),
]


@pytest.mark.parametrize(("begin", "end"), PAIRS)
def test_only_what_follows_a_reasoning_is_the_answer(begin: str, end: str) -> None:
    assert after_reasoning(f"{begin} grant\n{end}refuse") == "refuse"
    assert after_reasoning(f"grant {end}refuse") == "refuse", "a template may have opened it"
    assert after_reasoning(f"{begin} grant {end}") == ""
    assert after_reasoning(f"{begin}grant") is None
    if begin[0] in "<[◁":  # with its tokens dropped, a channel is known at the beginning alone
        assert after_reasoning(f"{begin}a{end}grant\n{begin}refuse") is None
    for text in (f"{begin}\ngrant", f"grant\n{end}", f"{begin}\ngrant\n{end}\n"):
        assert read_decision(text, ("grant",), ("refuse",)) is None
    text = f"{begin}\ngrant\n{end}refuse"
    assert read_decision(text, ("grant",), ("refuse",)) is False


@pytest.mark.parametrize(
    "text",
    [
        "grant",
        "I think <b>so</b>: grant",
        "After an analysis of the case:\ngrant",
        "analysis of the case",
        "The assistantfinally grants",
        "Analyses differ.",
        "a < b and [THINKING] of it",
    ],
)
def test_a_text_without_a_reasoning_block_is_all_answer(text: str) -> None:
    assert after_reasoning(text) == text


def test_a_very_long_text_is_read_in_time_that_grows_with_its_length() -> None:
    for part in ("<think ", "</think ", "[THINK", "<", "assistant"):
        assert after_reasoning(part * 50_000) == part * 50_000
    assert after_reasoning("<|channel|>final " * 50_000) == ""
