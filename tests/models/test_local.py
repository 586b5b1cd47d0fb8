"""A local model from its folder to its answers."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from discretion.arms import Choices, Decoding, Message, Model, Prompt, Refused, Scored, Written
from discretion.models import load_model

from .small import build_model

pytestmark = pytest.mark.torch

CHOICES = Choices("grant/refuse", ("grant", "Grant", "grant."), ("refuse", "Refuse"), True)
PROMPTS = [
    Prompt(
        (
            Message("system", "The rule says at most 14 days."),
            Message("user", f"A customer asks to return a coat on day {day}. grant or refuse?"),
        ),
        replace(CHOICES, grant_first=first),
    )
    for day in (15, 16, 29)
    for first in (True, False)
]


@pytest.fixture(scope="module")
def folder(save: Callable[[Any, Any], Path], tokenizer: Any) -> Path:
    return save(build_model("llama"), tokenizer)


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    return load_model("small", {"path": str(folder), "allow_outside": True})


def ask(model: Model, prompts: list[Prompt]) -> list[Scored | Refused]:
    return list(asyncio.run(model.score(prompts)))


def draw(model: Model, prompts: list[Prompt], decoding: Decoding, samples: list[int]) -> list[Any]:
    return list(asyncio.run(model.generate(prompts, decoding, samples)))


def by_hand(folder: Path, prompt: Prompt, text_after: str = "") -> tuple[float, float, str]:
    """Grant mass, refuse mass and prompt, with nothing of the package but the prompt's type."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    net = AutoModelForCausalLM.from_pretrained(folder)
    messages = [{"role": m.role, "content": m.content} for m in prompt.messages]
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    text += text_after
    ends = [tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids("<|end|>")]

    def mass(form: str) -> float:
        start = len(tokenizer(text, add_special_tokens=False).input_ids)
        ids = tokenizer(text + form, add_special_tokens=False).input_ids
        with torch.no_grad():
            p = net(torch.tensor([ids])).logits[0].double().softmax(-1)
        product = float(p[-1, ends].sum())
        for at in range(start, len(ids)):
            product *= float(p[at - 1, ids[at]])
        return product

    return sum(map(mass, prompt.choices.grant)), sum(map(mass, prompt.choices.refuse)), text


def test_a_score_is_the_mass_of_every_complete_form(model: Model, folder: Path) -> None:
    for prompt, scored in zip(PROMPTS, ask(model, PROMPTS), strict=True):
        grant, refuse, text = by_hand(folder, prompt)
        assert isinstance(scored, Scored)
        assert math.exp(scored.log_grant) == pytest.approx(grant, rel=1e-4)
        assert math.exp(scored.log_refuse) == pytest.approx(refuse, rel=1e-4)
        assert scored.outside == pytest.approx(1 - grant - refuse, abs=1e-6)
        assert scored.prompt == text


def test_a_decision_is_scored_after_the_reasoning(model: Model, folder: Path) -> None:
    reasoned = replace(
        PROMPTS[0], reason_first=True, reasoning="It is a day late.", decision_cue="\nSo:\n"
    )
    (scored,) = ask(model, [reasoned])
    grant, _, text = by_hand(folder, PROMPTS[0], "It is a day late.\nSo:\n")
    assert isinstance(scored, Scored)
    assert scored.prompt == text
    assert math.exp(scored.log_grant) == pytest.approx(grant, rel=1e-4)


def test_mass_outside_the_answers_is_refused_unless_allowed(folder: Path) -> None:
    strict = load_model("small", {"path": str(folder)})
    (reply,) = ask(strict, PROMPTS[:1])
    assert isinstance(reply, Refused)
    assert reply.what.endswith(
        "more than 20% of the model's probability is on neither answer; "
        "sample its answers, or set allow_outside = true for it"
    )


def test_one_prompt_that_cannot_be_asked_leaves_the_others(model: Model) -> None:
    long = replace(PROMPTS[0], messages=(Message("user", "day 15 " * 400),))
    sly = replace(PROMPTS[0], messages=(Message("user", "<|end|>"),))
    first, too_long, control, last = ask(model, [PROMPTS[0], long, sly, PROMPTS[1]])
    assert isinstance(first, Scored)
    assert isinstance(last, Scored)
    assert isinstance(too_long, Refused)
    assert "tokens or more, and the model's context is 512; shorten the text" in too_long.what
    assert isinstance(control, Refused)


def test_a_text_is_written_and_kept_with_its_prompt(model: Model, folder: Path) -> None:
    (written,) = draw(model, PROMPTS[:1], Decoding(max_tokens=5), [0])
    assert isinstance(written, Written)
    assert written.prompt == by_hand(folder, PROMPTS[0])[2]
    assert 0 < written.tokens_out <= 5


def test_a_draw_is_known_by_its_index_and_seed(model: Model) -> None:
    decoding = Decoding(max_tokens=8)
    same = [PROMPTS[0]] * 4
    texts = [written.text for written in draw(model, same, decoding, [0, 1, 2, 0])]
    assert texts[0] == texts[3]
    assert len(set(texts)) == 3
    again = draw(model, same[:1], decoding, [2])
    assert again[0].text == texts[2]
    other = draw(model, same[:1], replace(decoding, seed=1), [2])
    assert other[0].text != texts[2]


def test_there_is_room_left_for_the_decision_after_a_reasoning(model: Model) -> None:
    reasons = replace(PROMPTS[0], reason_first=True, decision_cue="\nDecision: ")
    (written,) = draw(model, [reasons], Decoding(max_tokens=10_000, temperature=5.0), [0])
    assert written.tokens_in + written.tokens_out <= 512 - 16


def test_no_room_to_write(model: Model) -> None:
    long = replace(PROMPTS[0], messages=(Message("user", "day 15 " * 400),))
    (reply,) = draw(model, [long], Decoding(), [0])
    assert isinstance(reply, Refused)
    assert "the model's context is 512" in reply.what


def test_broken_weights_never_become_a_decision(
    save: Callable[[Any, Any], Path], tokenizer: Any
) -> None:
    import torch

    broken = build_model("llama")
    with torch.no_grad():
        broken.model.norm.weight[0] = float("nan")
    settings = {"path": str(save(broken, tokenizer)), "allow_outside": True}
    (reply,) = ask(load_model("broken", settings), PROMPTS[:1])
    assert reply == Refused("the model's probabilities are not numbers; try another dtype")


def test_bfloat16_only_when_asked_for(folder: Path, model: Model) -> None:
    half = load_model("half", {"path": str(folder), "dtype": "bfloat16", "allow_outside": True})
    assert half.fingerprint != model.fingerprint
    whole, rounded = ask(model, PROMPTS[:1])[0], ask(half, PROMPTS[:1])[0]
    assert isinstance(whole, Scored)
    assert isinstance(rounded, Scored)
    assert 0 < abs(rounded.log_grant - whole.log_grant) < 0.5


def test_the_folders_own_sampling_settings_are_not_used(
    save: Callable[[Any, Any], Path], tokenizer: Any, folder: Path, model: Model
) -> None:
    choosy = build_model("llama")
    choosy.generation_config.do_sample = True
    choosy.generation_config.top_k = 1
    settings = {"path": str(save(choosy, tokenizer)), "allow_outside": True}
    drawn = draw(load_model("choosy", settings), PROMPTS, Decoding(max_tokens=6), [0] * 6)
    wanted = draw(model, PROMPTS, Decoding(max_tokens=6), [0] * 6)
    assert [written.text for written in drawn] == [written.text for written in wanted]
