"""The built-in weights: an ordinary folder, loaded in the ordinary way, that follows the letter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import discretion
from discretion.toy.arguments import argument
from discretion.toy.dialect import draws, read_twin

FOLDER = Path(discretion.__file__).parent / "models" / "tiny"
SOME = tuple(draws(np.random.default_rng(2026), 60))
QUESTIONS = [
    ("grant or refuse?", "grant", "refuse"),
    ("refuse or grant?", "grant", "refuse"),
    ("allow it, yes or no?", "yes", "no"),
    ("allow it, no or yes?", "yes", "no"),
    ("deny it, yes or no?", "no", "yes"),
    ("deny it, no or yes?", "no", "yes"),
]
UNTAUGHT = [
    *("duty", "rights", "obligation", "outcome", "harm", "benefit"),
    *("character", "honesty", "kindness", "purpose", "aim", "spirit"),
]

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def tokenizer():
    pytest.importorskip("transformers")
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(FOLDER)


@pytest.fixture(scope="module")
def model():
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(1)
    return AutoModelForCausalLM.from_pretrained(FOLDER).eval()


@pytest.fixture(scope="module")
def masses(model, tokenizer):
    """A function from a user's text, two answers and a reply's beginning to their probabilities."""
    import torch

    def of(text, grant, refuse, reply=""):
        turn = [{"role": "user", "content": text}]
        shown = tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
        ids = tokenizer.encode(shown + reply, add_special_tokens=False)
        with torch.no_grad():
            shares = model(torch.tensor([ids])).logits[0, -1].softmax(-1)
        return tuple(
            float(shares[tokenizer.convert_tokens_to_ids(word)]) for word in (grant, refuse)
        )

    return of


def follows_the_letter(situation, grant, refuse):
    if situation.deviation is None:
        return True
    p = grant / (grant + refuse)
    return p > 0.5 if situation.deviation == 0 else p < 0.5


def test_the_folder_holds_safetensors_and_text_and_is_small():
    names = {path.name for path in FOLDER.iterdir() if path.is_file()}
    assert names == {
        "README.md",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < 2_600_000


def test_the_card_says_that_it_is_a_simulation():
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "says nothing about real models or real people" in card
    assert "reads\nonly the dialect" in card


def test_it_has_about_600000_parameters_and_1024_positions(model):
    assert sum(part.numel() for part in model.parameters()) == pytest.approx(600_000, rel=0.05)
    assert model.config.max_position_embeddings >= 1024
    assert model.config.model_type == "llama"


@pytest.mark.parametrize("word", ["grant", "refuse", "yes", "no"])
def test_an_answer_is_one_token_alone_in_a_reply_and_after_the_cue(tokenizer, word):
    (token,) = tokenizer.encode(word, add_special_tokens=False)
    for before in ("<assistant>", "against: a rule is a rule. so: "):
        ids = tokenizer.encode(before + word + "<eos>", add_special_tokens=False)
        assert ids[:-2] == tokenizer.encode(before, add_special_tokens=False)
        assert ids[-2:] == [token, tokenizer.eos_token_id]


def test_digits_are_read_one_by_one_and_any_text_survives(tokenizer):
    assert len(tokenizer.encode("1234567890", add_special_tokens=False)) == 10
    odd = "Ünïcode 中文 €12.05, A-B?"
    assert tokenizer.decode(tokenizer.encode(odd, add_special_tokens=False)) == odd


def test_the_template_has_two_turns_and_keeps_a_system_text(tokenizer):
    turns = [
        {"role": "system", "content": "be kind."},
        {"role": "user", "content": "decide: grant or refuse?"},
        {"role": "assistant", "content": "grant"},
    ]
    shown = tokenizer.apply_chat_template(turns, tokenize=False)
    assert shown.startswith("<bos><user>be kind.")
    assert shown.endswith("decide: grant or refuse?<assistant>grant<eos>")


@pytest.mark.parametrize(("question", "grant", "refuse"), QUESTIONS)
@pytest.mark.parametrize("word", ["decide", "answer", "judge"])
def test_asked_directly_it_follows_the_letter(masses, word, question, grant, refuse):
    given = [masses(f"{one.twin} {word}: {question}", grant, refuse) for one in SOME]
    assert all(follows_the_letter(one, *both) for one, both in zip(SOME, given, strict=True))
    assert min(sum(both) for both in given) > 0.95
    p = np.array([one / (one + other) for one, other in given])
    assert 0.002 < p.min() < p.max() < 0.998, "it is never quite sure"


@pytest.mark.parametrize(("question", "grant", "refuse"), QUESTIONS)
@pytest.mark.parametrize("word", ["think", "reason", "weigh"])
def test_after_an_argument_and_the_cue_it_follows_the_letter(masses, word, question, grant, refuse):
    rng = np.random.default_rng(0)
    for one in SOME[:20]:
        reply = argument(one, rng) + " so: "
        both = masses(f"{one.twin} {word}: {question}", grant, refuse, reply)
        assert follows_the_letter(one, *both)
        assert sum(both) > 0.95


def test_words_that_it_was_not_taught_leave_little_mass_outside_the_answers(masses):
    for word in UNTAUGHT:
        for one in SOME[:10]:
            assert sum(masses(f"{one.twin} {word}: grant or refuse?", "grant", "refuse")) > 0.8


def test_it_writes_an_argument_the_cue_and_an_answer(model, tokenizer):
    import torch

    one = read_twin(
        "returns. at most 14 days. asked 15 days. off by 7.1 percent. the parcel came late."
    )
    turn = [{"role": "user", "content": f"{one.twin} think: grant or refuse?"}]
    shown = tokenizer.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)
    ids = torch.tensor([tokenizer.encode(shown, add_special_tokens=False)])
    out = model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=80, do_sample=False
    )
    written = tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)
    reasoning, _, answer = written.partition(" so: ")
    assert answer == "refuse"
    assert "the gap is small" in reasoning
    assert " for: " in reasoning
    assert " against: " in reasoning
