"""Training refuses to start where it would teach anything but the answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from discretion import methods
from discretion.errors import DiscretionError
from discretion.training.checks import check_disk, check_examples, check_memory
from discretion.training.examples import Framing, examples, training_items
from discretion.training.masking import mask
from discretion.training.targets import TARGETS

from .lessons_at_hand import case_set, judgments
from .templates_at_hand import KINDS, TEMPLATE, loaded

pytest.importorskip("torch")
pytestmark = pytest.mark.torch

DIRECT, REASONED = methods.method("direct"), methods.method("chain-of-thought")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return loaded(tmp_path_factory.mktemp("model"), "llama")


def made(model, name):
    cases = case_set()
    kept = training_items(cases, judgments(cases), np.random.default_rng(0)).kept[:6]
    shown = examples(kept, TARGETS[name], cases, Framing(DIRECT, REASONED))
    return shown, [mask(example, model.template) for example in shown]


def check(model, shown, masked, *, ends=None, context=None, name="labels"):
    ends, context = ends or model.ends, context or model.context
    check_examples(name, shown, masked, model.template, ends, context)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_is_masked_well_passes(tmp_path, kind):
    small = loaded(tmp_path, kind)
    for name in TARGETS:
        check(small, *made(small, name))


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("labels", "decision"),
        # Where it comes before, the decision's beginning is the end of the reasoning: see below.
        ("real-before", "explanation"),
        ("real-after", "decision"),
        ("real-after", "explanation"),
    ],
)
@pytest.mark.parametrize("begin", [-1, 1])
def test_a_token_too_many_or_too_few_at_the_beginning_is_refused(model, name, side, begin):
    shown, masked = made(model, name)
    start, end = getattr(masked[3], side)
    masked[3] = replace(masked[3], **{side: (start + begin, end)})
    with pytest.raises(DiscretionError, match="not exactly the answer") as error:
        check(model, shown, masked)
    assert shown[3].item.judgment in error.value.where


@pytest.mark.parametrize("name", ["labels", "real-before", "real-after"])
def test_another_answer_than_the_judgment_is_refused(model, name):
    shown, masked = made(model, name)
    choices = shown[0].prompt.choices
    turned = {choices.grant[0]: choices.refuse[0], choices.refuse[0]: choices.grant[0]}
    shown[0] = replace(shown[0], decision=turned[shown[0].decision])
    with pytest.raises(DiscretionError, match="not exactly the answer"):
        check(model, shown, masked)


@pytest.mark.parametrize("name", ["real-before", "real-after"])
def test_an_explanation_that_is_left_out_is_refused(model, name):
    shown, masked = made(model, name)
    masked[0] = replace(masked[0], explanation=None)
    with pytest.raises(DiscretionError, match="not exactly the answer"):
        check(model, shown, masked)


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("labels", "decision"),
        ("real-before", "decision"),
        ("real-after", "decision"),
        ("real-after", "explanation"),
    ],
)
def test_a_masked_end_token_is_refused(model, name, side):
    shown, masked = made(model, name)
    start, stop = getattr(masked[2], side)
    masked[2] = replace(masked[2], **{side: (start, stop - 1)})
    with pytest.raises(DiscretionError, match="the token that ends the answer is masked"):
        check(model, shown, masked)


def test_an_end_that_the_model_does_not_know_is_refused(model):
    with pytest.raises(DiscretionError, match="the token that ends the answer is masked"):
        check(model, *made(model, "labels"), ends=(399,))


def test_an_example_that_would_be_cut_is_refused(model):
    shown, masked = made(model, "real-after")
    longest = max(len(one.ids) for one in masked)
    check(model, shown, masked, context=longest)
    with pytest.raises(DiscretionError, match=r"\d of 6 examples of the target labels"):
        check(model, shown, masked, context=longest - 1)


def test_a_template_that_drops_the_system_text_is_refused(tmp_path):
    dropping = TEMPLATE.replace("in messages %}", "in messages if m.role != 'system' %}")
    small = loaded(tmp_path, "llama", dropping)
    with pytest.raises(DiscretionError, match="drops the system text"):
        made(small, "labels")


@pytest.mark.parametrize("name", ["labels", "real-before", "real-after"])
def test_a_think_block_that_stays_open_is_refused(tmp_path, name):
    # Words within it keep it from being closed at once.
    thought = "<|assistant|>\n<think>\nLet me see.\n"
    opening = TEMPLATE.replace("<|assistant|>\n", thought).replace(
        "<|{{ m['role'] }}|>\n",
        "{% if m['role'] == 'assistant' %}"
        + thought
        + "{% else %}<|{{ m['role'] }}|>\n{% endif %}",
    )
    small = loaded(tmp_path, "llama", opening)
    with pytest.raises(DiscretionError, match="opens a think block where the answer should begin"):
        check(small, *made(small, name))


def test_a_case_may_speak_of_think_blocks(model):
    cases = case_set()
    spoken = cases.only([replace(case, text=f"{case.text} <think>") for case in cases])
    kept = training_items(spoken, judgments(spoken), np.random.default_rng(0)).kept
    shown = examples(kept, TARGETS["labels"], spoken, Framing(DIRECT, REASONED))
    check(model, shown, [mask(example, model.template) for example in shown])


def test_an_empty_target_is_refused(model):
    with pytest.raises(DiscretionError, match="the target labels has nothing to teach"):
        check(model, [], [])


def test_a_disk_that_cannot_hold_the_result_is_refused():
    check_disk("models", 1_000, 1_000)
    with pytest.raises(DiscretionError, match=r"2 GB are needed and 1.5 GB are free"):
        check_disk("models", 2_000_000_000, 1_500_000_000)


def test_a_memory_that_cannot_hold_the_training_is_refused():
    check_memory("own", 1_000, 1_000)
    check_memory("own", 1_000, None)
    with pytest.raises(DiscretionError, match=r"at least 2 GB are needed and 1.5 GB are free"):
        check_memory("own", 2_000_000_000, 1_500_000_000)
