"""A reasoning put in is scored as a plain forward over the tokens that training would have seen."""

import asyncio

import pytest

pytest.importorskip("torch")

from discretion.core.arms import Ask, Decoding
from discretion.core.cases import Case
from discretion.core.policies import Policy
from discretion.core.prompted import PromptedArm
from discretion.methods import method
from discretion.models import load_model
from discretion.training.examples import Example, TrainingItem
from discretion.training.masking import mask

pytestmark = pytest.mark.torch

TWIN = "returns. at most 14 days. asked 15 days. off by 7.1 percent. loyal customer."
CASE = Case("c", "returns", "returns", domain="returns", text="On day 15.", twin=TWIN)
POLICY = Policy(id="returns", rule="Returns within 14 days.", domain="returns")


@pytest.fixture(scope="module")
def tiny():
    return load_model("tiny")


@pytest.fixture(scope="module")
def loaded(tiny):
    return tiny._loaded


def log_probability(loaded, ids, start):
    """Of the tokens from `start` on: one forward over the whole sequence, without a cache."""
    import torch

    with torch.inference_mode():
        logits = loaded.model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]
    logs = logits.float().log_softmax(-1)
    return sum(float(logs[at - 1, ids[at]]) for at in range(start, len(ids)))


def answered(tiny, kind):
    """Each prompt with its answer."""
    asked = method(f"chain-of-thought+{kind}")
    arm = PromptedArm(tiny, asked, {"returns": POLICY}, Decoding())
    calls = arm.calls(CASE)
    assert calls
    answers = asyncio.run(arm.ask(calls))
    return [(call.prompt, answer) for call, answer in zip(calls, answers, strict=True)]


@pytest.mark.parametrize("kind", ["empty", "neutral"])
def test_a_score_is_that_of_the_reasoning_the_cue_and_the_answer_in_one_forward(tiny, loaded, kind):
    for prompt, answer in answered(tiny, kind):
        [asked] = prompt.messages
        begun = f"<bos><user>{asked.content}<assistant>{prompt.reasoning} so: "
        assert (prompt.reasoning == "") == (kind == "empty")
        for forms, score in (
            (prompt.choices.grant, answer.log_grant),
            (prompt.choices.refuse, answer.log_refuse),
        ):
            [form] = forms
            [before, ids] = loaded.template.encode([begun, f"{begun}{form}<eos>"])
            assert ids[: len(before)] == before
            assert score == pytest.approx(log_probability(loaded, ids, len(before)), abs=1e-4)


def test_a_neutral_text_that_was_trained_on_is_scored_on_the_tokens_of_its_example(tiny, loaded):
    plain = method("chain-of-thought")
    for prompt, answer in answered(tiny, "neutral"):
        choices = prompt.choices
        ask = Ask(choices.vocabulary, choices.grant_first, prompt.wording, twin=True)
        example = Example(
            TrainingItem("j", CASE, True, "", "", prompt.reasoning, ""),
            plain.prompt(CASE, POLICY, ask),
            choices.grant[0],
            before=prompt.reasoning,
        )
        masked = mask(example, loaded.template)
        start, stop = masked.decision
        assert stop == len(masked.ids)
        found = log_probability(loaded, list(masked.ids), start)
        assert answer.log_grant == pytest.approx(found, abs=1e-4)


def test_mass_on_neither_answer_is_told_and_is_no_error(tiny):
    """The built-in model hardly ever decides without a word of reasoning."""
    strays = [answer.outside for _, answer in answered(tiny, "empty")]
    assert max(strays) > 0.2
