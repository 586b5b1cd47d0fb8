"""A local model from its folder to its answers."""

from __future__ import annotations

import asyncio
import gc
import math
import re
import shutil
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from discretion.core.arms import (
    FORMS,
    CallFailed,
    Choices,
    Decoding,
    Form,
    Message,
    Model,
    Probed,
    Prompt,
    Scored,
    Written,
)
from discretion.errors import DiscretionError
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


def ask(model: Model, prompts: list[Prompt]) -> list[Scored | CallFailed]:
    return list(asyncio.run(model.score(prompts)))


def draw(model: Model, prompts: list[Prompt], decoding: Decoding, samples: list[int]) -> list[Any]:
    return list(asyncio.run(model.generate(prompts, decoding, samples)))


def by_hand(
    folder: Path, prompt: Prompt, text_after: str = "", ends: list[int] | None = None
) -> tuple[float, float, str]:
    """Grant mass, refuse mass and prompt, with nothing of the package but the prompt's type."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    net = AutoModelForCausalLM.from_pretrained(folder)
    messages = [{"role": m.role, "content": m.content} for m in prompt.messages]
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    text += text_after
    ends = ends or [tokenizer.eos_token_id, tokenizer.convert_tokens_to_ids("<|end|>")]

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


@pytest.mark.parametrize("allowed", [{}, {"allow_outside": True}])
def test_mass_outside_the_answers_is_told_and_fails_nothing(
    folder: Path, allowed: dict[str, bool]
) -> None:
    (reply,) = ask(load_model("small", {"path": str(folder), **allowed}), PROMPTS[:1])
    assert isinstance(reply, Scored)
    assert reply.outside > 0.5


# Forms


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_the_mass_of_its_answers_up_to_their_end(
    model: Model, folder: Path, tokenizer: Any, form: Form
) -> None:
    (scored,) = ask(model, [replace(PROMPTS[0], form=form)])
    prompt, cued = PROMPTS[0], form.startswith("cue")
    grants, refusals = prompt.choices.grant, prompt.choices.refuse
    ends = None
    if form.endswith("word"):
        grants = ("grant", "Grant")  # "grant." is "grant" and then something
        ends = [
            token
            for token in range(len(tokenizer))
            if not re.match(r"[A-Za-z0-9_'\ufffd-]", tokenizer.decode([token]))
        ]
    if cued:
        grants, refusals = ([f" {one}" for one in side] for side in (grants, refusals))
    spaced = replace(prompt, choices=replace(prompt.choices, grant=grants, refuse=refusals))
    grant, refuse, text = by_hand(folder, spaced, "Answer:" if cued else "", ends)
    assert isinstance(scored, Scored)
    assert scored.prompt == text
    assert math.exp(scored.log_grant) == pytest.approx(grant, rel=1e-4)
    assert math.exp(scored.log_refuse) == pytest.approx(refuse, rel=1e-4)


def test_no_answer_may_be_the_beginning_of_the_other_where_only_its_word_ends_it(
    model: Model,
) -> None:
    choices = Choices("own", ("no objection",), ("no",), True)
    prompts = [replace(one, choices=choices) for one in PROMPTS[:2]]
    assert set(asyncio.run(model.probe(prompts))) == {"end", "cue"}
    with pytest.raises(DiscretionError, match="'no objection' and 'no' begin with the same words"):
        ask(model, [replace(prompts[0], form="word")])


def test_a_probe_gives_the_mean_mass_outside_of_each_form(model: Model) -> None:
    assert isinstance(model, Probed)
    found = asyncio.run(model.probe(PROMPTS))
    assert tuple(found) == FORMS
    for form, outside in found.items():
        each = [one.outside for one in ask(model, [replace(p, form=form) for p in PROMPTS])]
        assert outside == pytest.approx(sum(each) / len(each))
    assert found["word"] < found["end"], "an end of a turn is an end of a word"


def test_after_a_reasoning_the_prompts_own_cue_stands_alone(model: Model) -> None:
    reasoned = [replace(one, reasoning="", decision_cue="\nDecision: ") for one in PROMPTS]
    assert set(asyncio.run(model.probe(reasoned))) == {"end", "word"}


def test_what_was_tuned_or_made_to_answer_in_one_form_is_not_probed(
    folder: Path, tmp_path: Path
) -> None:
    assert load_model("tiny").form == "end"
    assert load_model("small", {"path": str(folder)}).form is None
    assert load_model("small", {"path": str(folder), "form": "cue-word"}).form == "cue-word"
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "discretion.json").write_text('{"settings": {"dtype": "float32"}}')
    assert load_model("tuned:x", {"path": str(tmp_path)}).form == "end"
    (tmp_path / "discretion.json").write_text('{"settings": {"form": "cue"}}')
    assert load_model("tuned:x", {"path": str(tmp_path)}).form == "cue"


def test_one_prompt_that_cannot_be_asked_leaves_the_others(model: Model) -> None:
    long = replace(PROMPTS[0], messages=(Message("user", "day 15 " * 400),))
    sly = replace(PROMPTS[0], messages=(Message("user", "<|end|>"),))
    first, too_long, control, last = ask(model, [PROMPTS[0], long, sly, PROMPTS[1]])
    assert isinstance(first, Scored)
    assert isinstance(last, Scored)
    assert isinstance(too_long, CallFailed)
    assert "tokens or more, and the model's context is 512; shorten the text" in too_long.what
    assert isinstance(control, CallFailed)


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
    assert isinstance(reply, CallFailed)
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
    assert reply == CallFailed("the model's probabilities are not numbers; try another dtype")


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


def test_weights_of_models_that_were_asked_before_make_room_and_come_back(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from discretion.models import local

    paths = [shutil.copytree(folder, tmp_path / name) for name in ("one", "two")]
    alive: list[weakref.ref[Any]] = []
    load = local.load

    def seen(*given: Any) -> Any:
        made = load(*given)
        alive.append(weakref.ref(made.model))
        return made

    monkeypatch.setattr(local, "load", seen)
    monkeypatch.setattr(local, "IN_MEMORY", 0)
    first, second = (load_model("small", {"path": str(path)}) for path in paths)
    before = ask(first, PROMPTS)
    ask(second, PROMPTS)
    gc.collect()
    assert [one() is None for one in alive] == [True, False]
    again = ask(first, PROMPTS)
    gc.collect()
    assert [one() is None for one in alive] == [True, True, False]
    pairs = zip(before, again, strict=True)
    assert all(
        isinstance(one, Scored) and isinstance(other, Scored) and one.log_grant == other.log_grant
        for one, other in pairs
    )


def test_models_stay_loaded_together_as_long_as_they_fit(folder: Path) -> None:
    both = [load_model(name, {"path": str(folder)}) for name in ("one", "two")]
    kept = []
    for _ in range(2):
        for model in both:
            ask(model, PROMPTS[:1])
            kept.append(id(model._loaded))  # type: ignore[attr-defined]
    assert kept[:2] == kept[2:]
