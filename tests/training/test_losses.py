"""A share of many judgments pulls as those judgments would, each by itself."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from discretion import methods
from discretion.training.checks import check_examples
from discretion.training.examples import Framing, examples, training_items
from discretion.training.jobs import masked_from_json, masked_to_json
from discretion.training.losses import collate, of_like_length, shared_decisions, step_loss
from discretion.training.masking import Masked, answers_are_tokens, mask
from discretion.training.targets import TARGETS

from .lessons_at_hand import WHYS, case_set, judgments
from .templates_at_hand import loaded

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

PLAIN, REASONED = methods.method("plain"), methods.method("chain-of-thought")
LABELS = TARGETS["labels"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return loaded(tmp_path_factory.mktemp("model"), "llama")


def unlike():
    """Judgments whose rate differs from case to case: three of four, two of three, ..."""
    cases = case_set(each=2)
    given = []
    for number, one in enumerate(judgments(cases)):
        if number not in (5, 11, 12):
            grants = number % (2 + number // 8) > 0
            answer, why = ("grant", WHYS[0]) if grants else ("refuse", WHYS[3])
            given.append(replace(one, answer=answer, explanation=why))
    return cases, given


def masked(model, target, *, merged, form="cue-word", soft=True):
    cases, given = unlike()
    kept = training_items(cases, given, np.random.default_rng(0)).kept
    beside = [target] if merged else None
    framing = Framing(PLAIN, REASONED, form=form)
    made = examples(kept, target, cases, framing, soft=soft, beside=beside)
    rows = [mask(one, model.template) for one in made]
    check_examples(target.name, made, rows, model.template, model.ends, model.context)
    return rows


def gradient(model, rows, outside=1.0):
    model.model.zero_grad()
    batch = collate(rows, "example", model.ends[0])
    loss = step_loss(model.model, batch, int(batch["shares"].sum()), outside)
    loss.backward()
    slopes = [value.grad.flatten() for value in model.model.parameters() if value.grad is not None]
    return float(loss.detach()), torch.cat(slopes).clone()


def agree(one, other):
    assert one[0] == pytest.approx(other[0], rel=1e-5)
    scale = float(other[1].abs().max())
    assert scale > 0
    assert torch.allclose(one[1], other[1], rtol=0, atol=2e-6 * scale)


@pytest.mark.parametrize("outside", [0.1, 1.0])
def test_a_share_with_its_weight_has_the_gradient_of_the_separate_judgments(model, outside):
    merged, apart = (masked(model, LABELS, merged=way) for way in (True, False))
    assert len(apart) == sum(one.weight for one in merged) > 2 * len(merged)
    assert any(0 < one.share < 1 for one in merged)
    agree(gradient(model, merged, outside), gradient(model, apart, outside))


def longer(row, by):
    """The same example after more tokens of a prompt."""
    shifted = tuple(at + by for at in row.decision)
    return replace(row, ids=(*row.ids[:1] * by, *row.ids), decision=shifted, parts=row.parts + by)


def test_parts_of_like_length_have_the_gradient_of_the_whole_batch_and_less_padding(model):
    rows = masked(model, LABELS, merged=True)[:6]
    rows = [longer(row, 150) if number % 2 else row for number, row in enumerate(rows)]
    whole = collate(rows, "example", model.ends[0])
    parts = of_like_length(whole)
    shares = int(whole["shares"].sum())

    def learned(batches):
        model.model.zero_grad()
        loss = sum(step_loss(model.model, batch, shares, 0.1) for batch in batches)
        loss.backward()
        slopes = [one.grad.flatten() for one in model.model.parameters() if one.grad is not None]
        return float(loss.detach()), torch.cat(slopes).clone()

    agree(learned(parts), learned([whole]))
    padding = [int((1 - part["attention_mask"]).sum()) for part in parts]
    assert len(parts) == 2
    assert sum(padding) < int((1 - whole["attention_mask"]).sum()) / 4


def test_a_batch_of_like_length_stays_whole(model):
    rows = masked(model, LABELS, merged=True)[:1] * 4
    whole = collate([*rows, longer(rows[0], 10)], "example", model.ends[0])
    assert of_like_length(whole) == [whole]


def test_with_all_mass_outside_counted_a_share_is_the_plain_cross_entropy_of_its_tokens(model):
    shared = masked(model, LABELS, merged=True)
    words = masked(model, LABELS, merged=False, soft=False)
    # Of the words as the prompt names them alone: other surface forms count in a share.
    named = {one.ids[one.parts] for one in words}
    shared = [
        replace(one, answers=tuple(tuple(named & set(side)) for side in one.answers))
        for one in shared
    ]
    agree(gradient(model, shared), gradient(model, words))


@pytest.mark.parametrize("name", ["real-after", "real-before"])
def test_explanations_that_are_said_twice_count_twice_and_decisions_alike_in_every_target(
    model, name
):
    target = TARGETS[name]
    merged, apart = (masked(model, target, merged=way) for way in (True, False))
    assert len(merged) < len(apart) == sum(one.weight for one in merged)
    agree(gradient(model, merged), gradient(model, apart))


def test_a_lower_count_of_mass_outside_lets_the_two_answers_decide(model):
    logits = torch.tensor([[0.0, 1.0, 3.0], [2.0, 1.0, 0.0]])
    tokens = torch.tensor([[0, -1], [0, -1]]), torch.tensor([[1, -1], [1, -1]])
    share = torch.tensor([0.25, 1.0])
    p = torch.sigmoid(logits[:, 0] - logits[:, 1])
    inside = logits.softmax(-1)[:, :2].sum(-1)
    wanted = -(share * p.log() + (1 - share) * (1 - p).log()) - 0.1 * inside.log()
    assert torch.allclose(shared_decisions(logits, *tokens, share, 0.1), wanted)


def test_answers_that_end_the_turn_are_learned_as_words_and_others_as_tokens(model):
    cases = case_set()
    [first, *_] = examples(
        training_items(cases, judgments(cases), np.random.default_rng(0)).kept,
        LABELS,
        cases,
        Framing(PLAIN, REASONED, form="cue-word"),
    )
    assert answers_are_tokens(first.prompt, model.template)
    assert not answers_are_tokens(replace(first.prompt, form="cue"), model.template)
    text = model.template.tokenizer.decode(mask(first, model.template).ids)
    assert text.endswith(f"<|assistant|>\nAnswer: {first.decision}")


def test_another_process_or_program_is_told_of_shares_and_weights(model):
    for one in masked(model, LABELS, merged=True):
        assert masked_from_json(json.loads(json.dumps(masked_to_json(one)))) == one
    older = {"judgment": "a", "ids": [1, 2, 3], "decision": [1, 3], "explanation": None}
    assert masked_from_json(older) == Masked("a", (1, 2, 3), (1, 3))
