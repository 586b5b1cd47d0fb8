"""Scores over a trie against plain forwards of each whole sequence, written here on their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from discretion.models import scoring
from discretion.models.scoring import Continuation, can_share, log_masses

from .small import FAMILIES, VOCABULARY, build_model

pytestmark = pytest.mark.torch

ENDS = (1, 5)


def plain(model: Any, continuation: Continuation) -> float:
    """One sequence, one forward, nothing shared: the definition."""
    import torch

    with torch.no_grad():
        logits = model(torch.tensor([continuation.ids])).logits[0].double()
    log_p = logits.log_softmax(-1)
    total = float(log_p[-1, list(ENDS)].logsumexp(0))
    for at in range(continuation.start, len(continuation.ids)):
        total += float(log_p[at - 1, continuation.ids[at]])
    return total


def grid(rng: np.random.Generator, shared: int, cases: int = 6) -> list[Continuation]:
    """Two scenarios of cases that share their beginning, each with answers of 1 to 3 tokens."""
    found = []
    for _ in range(2):
        stem = rng.integers(6, VOCABULARY, shared).tolist()
        for _ in range(cases):
            rest = rng.integers(6, VOCABULARY, int(rng.integers(3, 40))).tolist()
            prompt = (*stem, *rest)
            found += [
                Continuation((*prompt, *answer), len(prompt))
                for answer in ((7,), (8,), (7, 9), (8, 10, 11))
            ]
    return found


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("shared", [0, 5, 60])
def test_a_trie_gives_the_probabilities_of_plain_forwards(
    models: dict[str, Any], family: str, shared: int
) -> None:
    model = models[family]
    continuations = grid(np.random.default_rng(shared), shared)
    assert can_share(model)

    ours = np.exp(log_masses(model, continuations, ENDS, shared=True))

    wanted = np.exp([plain(model, continuation) for continuation in continuations])
    assert np.max(np.abs(ours - wanted)) <= 1e-6
    assert np.allclose(ours, wanted, rtol=1e-3)
    grants, refusals = wanted[0::4] + wanted[2::4], wanted[1::4] + wanted[3::4]
    ours_grant, ours_refuse = ours[0::4] + ours[2::4], ours[1::4] + ours[3::4]
    assert np.array_equal(ours_grant > ours_refuse, grants > refusals)


@pytest.mark.parametrize("family", FAMILIES)
def test_sequence_by_sequence_gives_the_same(models: dict[str, Any], family: str) -> None:
    continuations = grid(np.random.default_rng(1), 20, cases=3)
    ours = log_masses(models[family], continuations, ENDS, shared=False)
    wanted = [plain(models[family], continuation) for continuation in continuations]
    assert np.allclose(ours, wanted, atol=1e-4)


def test_cutting_into_several_forwards_changes_nothing(
    models: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    continuations = grid(np.random.default_rng(2), 30)
    whole = log_masses(models["mistral"], continuations, ENDS, shared=True)
    monkeypatch.setattr(scoring, "TOKENS_PER_FORWARD", 70)
    cut = log_masses(models["mistral"], continuations, ENDS, shared=True)
    assert np.allclose(whole, cut, atol=1e-5)


def test_an_answer_may_begin_inside_what_the_prompt_ended_with(models: dict[str, Any]) -> None:
    """Continuations of one prompt may be scored from different places."""
    ids = tuple(np.random.default_rng(3).integers(6, VOCABULARY, 30).tolist())
    continuations = [Continuation(ids, start) for start in (29, 20, 1)]
    ours = log_masses(models["llama"], continuations, ENDS, shared=True)
    wanted = [plain(models["llama"], continuation) for continuation in continuations]
    assert np.allclose(ours, wanted, atol=1e-4)


def test_complete_answers_and_everything_else_add_up_to_one(models: dict[str, Any]) -> None:
    """Every single token and then an end, or no end: nothing is counted twice."""
    prompt = tuple(np.random.default_rng(4).integers(6, VOCABULARY, 25).tolist())
    one_token = [Continuation((*prompt, token), len(prompt)) for token in range(VOCABULARY)]
    ended = np.exp(log_masses(models["llama"], one_token, ENDS, shared=True)).sum()
    others = [token for token in range(VOCABULARY) if token not in ENDS]
    going_on = np.exp(log_masses(models["llama"], one_token, others, shared=True)).sum()
    assert ended + going_on == pytest.approx(1, abs=1e-5)


def test_a_model_whose_attention_is_its_own_is_scored_plainly(models: dict[str, Any]) -> None:
    """Bloom adds a bias for distance, which attention over a trie does not have."""
    model = models["bloom"]
    continuations = grid(np.random.default_rng(5), 10, cases=2)
    assert not can_share(model)
    ours = log_masses(model, continuations, ENDS, shared=False)
    wanted = [plain(model, continuation) for continuation in continuations]
    assert np.allclose(ours, wanted, atol=1e-4)


def test_a_model_that_only_seems_to_share_is_found_out(
    models: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a convolution mixes neighbors in the row, who are not neighbors in the trie."""
    model = models["mistral"]
    monkeypatch.setattr(type(model.model.layers[0].self_attn), "forward", _shifted(model))
    assert not can_share(model)


def _shifted(model: Any) -> Any:
    forward = type(model.model.layers[0].self_attn).forward

    def mixing(self: Any, hidden_states: Any, *args: Any, **kwargs: Any) -> Any:
        out, weights = forward(self, hidden_states, *args, **kwargs)
        return out + hidden_states.roll(1, dims=1), weights

    return mixing


def test_a_window_that_attention_is_not_told_of_is_not_shared() -> None:
    """One longer than any trial, which only the mask knows of, as in some mixtures of experts."""
    silent = build_model("llama", sliding_window=300)
    assert not can_share(silent)
    assert can_share(build_model("mistral", sliding_window=300))


def test_layers_that_only_long_texts_tell_apart_are_not_shared() -> None:
    chunked = build_model("llama", layer_types=["chunked_attention", "full_attention"])
    assert not can_share(chunked)


def test_nothing_to_score_is_no_error(models: dict[str, Any]) -> None:
    assert log_masses(models["llama"], [], ENDS, shared=True) == []


def test_the_usual_attention_is_back_after_scoring(models: dict[str, Any]) -> None:
    model = models["llama"]
    before = model.config._attn_implementation
    log_masses(model, grid(np.random.default_rng(6), 10, cases=1), ENDS, shared=True)
    assert model.config._attn_implementation == before
