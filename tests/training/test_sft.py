"""The built-in trainer: its loss is the declared one, and a job always ends in the same weights."""

from __future__ import annotations

import math

import numpy as np
import pytest

from discretion.errors import DiscretionError
from discretion.models.adapters import check_model
from discretion.models.loading import load
from discretion.training.fitting import adapted_share
from discretion.training.losses import collate, weighted_loss
from discretion.training.trainers import trainer

from .jobs_at_hand import job, masked, run, same, weights, whole

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")
peft = pytest.importorskip("peft")
pytestmark = pytest.mark.torch


def by_hand(model, one):
    """(decision's cross-entropy, those of the explanation's tokens), one forward, no padding."""
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([one.ids])).logits[0].double()
    surprise = [
        -torch.log_softmax(logits[at - 1], -1)[one.ids[at]].item() if at else 0.0
        for at in range(len(one.ids))
    ]
    return sum(surprise[slice(*one.decision)]), surprise[slice(*one.explanation)]


def losses(one, work):
    seen = []
    run(one, work, lambda progress: seen.append(progress.loss))
    return seen


@pytest.mark.parametrize("kind", ["llama", "qwen3", "gemma3"])
@pytest.mark.parametrize("name", ["real-after", "real-before"])
def test_the_loss_is_that_computed_by_hand(bases, tmp_path, kind, name):
    made = job(bases[kind], name, epochs=1, batch=10, at_once=5)
    [loss] = losses(made, tmp_path / "work")
    model = load("small", bases[kind]).model
    each = [by_hand(model, one) for one in made.masked]
    expected = np.mean([decision + np.mean(why) for decision, why in each])
    assert loss == pytest.approx(expected, rel=1e-4)


def test_the_trainers_own_averaging_is_the_mean_over_all_tokens(bases, tmp_path):
    made = job(bases["llama"], epochs=1, batch=10, at_once=5, averaging="trainer")
    [loss] = losses(made, tmp_path / "work")
    model = load("small", bases["llama"]).model
    each = [by_hand(model, one) for one in made.masked]
    total = sum(decision + sum(why) for decision, why in each)
    assert loss == pytest.approx(total / sum(one.supervised for one in made.masked), rel=1e-4)


def test_the_sum_of_weighted_surprises_is_divided_by_the_shares():
    logits = torch.tensor([[[0.0, 0.0], [math.log(3), 0.0]]])
    targets, one = torch.tensor([[1, 0]]), torch.tensor([[0.5, 1.0]])
    expected = (0.5 * math.log(2) + math.log(4 / 3)) / 2
    assert weighted_loss(logits, targets, one, 2).item() == pytest.approx(expected)


def test_a_batch_is_padded_on_the_right_without_weight(bases):
    rows = masked(bases["llama"])[:3]
    batch = collate(rows, "example", pad=7)
    for row, ids, seen, weight in zip(
        rows, batch["input_ids"], batch["attention_mask"], batch["weights"], strict=True
    ):
        length = len(row.ids)
        assert ids[:length].tolist() == list(row.ids)
        assert set(ids[length:].tolist()) <= {7}
        assert seen.tolist() == [1] * length + [0] * (len(ids) - length)
        assert weight[length:].sum() == 0
    assert batch["shares"].tolist() == [1, 1, 1]


def test_parts_of_a_batch_add_up_to_the_whole(bases, tmp_path):
    whole = weights(run(job(bases["llama"], at_once=4), tmp_path / "a"))
    parts = weights(run(job(bases["llama"], at_once=2), tmp_path / "b"))
    base = weights(bases["llama"].path)
    for key, value in whole.items():
        assert torch.allclose(value, parts[key], atol=2e-5)
    assert any(not torch.equal(whole[key], base[key]) for key in whole)


@pytest.mark.parametrize("lora", [False, True])
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(bases, tmp_path, lora):
    first = run(job(bases["llama"], lora=lora), tmp_path / "a")
    torch.rand(5)
    again = run(job(bases["llama"], lora=lora), tmp_path / "b")
    other = run(job(bases["llama"], lora=lora, seed=2), tmp_path / "c")
    assert same(first, again)
    assert not same(first, other)


def test_training_leaves_every_generator_as_it_was(bases, tmp_path):
    import random

    state, arrays, tensors = random.getstate(), np.random.get_state(), torch.get_rng_state()
    run(job(bases["llama"]), tmp_path / "work")
    assert random.getstate() == state
    assert np.array_equal(np.random.get_state()[1], arrays[1])
    assert torch.equal(torch.get_rng_state(), tensors)


@pytest.mark.parametrize("kind", ["qwen3", "gemma3"])
def test_adapters_are_left_alone_and_reach_the_linear_layers(bases, tmp_path, kind):
    result = run(job(bases[kind], lora=True, learning_rate=0.05), tmp_path / "work")
    check_model(result)
    names = {path.name for path in result.iterdir()}
    assert names == {"adapter_config.json", "adapter_model.safetensors"}
    base, tuned = weights(bases[kind].path), whole(result, bases[kind])
    changed = {key for key in base if not torch.equal(base[key], tuned[key])}
    assert changed and all("_proj" in key for key in changed)


def test_the_share_that_adapters_reach_is_that_of_the_linear_layers(bases):
    held = {key: value.numel() for key, value in weights(bases["llama"].path).items()}
    linear = sum(size for key, size in held.items() if "_proj" in key)
    assert adapted_share(bases["llama"].path, 4) == pytest.approx(linear / sum(held.values()))


def test_layers_that_adapters_cannot_serve_stop_in_one_sentence(tmp_path):
    from transformers import MambaConfig

    MambaConfig(vocab_size=50, hidden_size=16, num_hidden_layers=1).save_pretrained(tmp_path)
    with pytest.raises(DiscretionError) as caught:
        adapted_share(tmp_path, 4)
    said = str(caught.value)
    assert said.startswith("LoRA adapters cannot serve this model's layers: Module 'out_proj' is")
    assert said.endswith("; train all weights with --full, or use another model")
    assert "PEFT" not in said and "Please" not in said


def test_targets_are_read_in_the_same_order(bases, tmp_path, monkeypatch):
    from discretion.training import sft

    orders = []
    for name in ("labels", "real-before"):
        read = []
        monkeypatch.setattr(
            sft,
            "collate",
            lambda rows, *more, read=read: (
                [read.append(r.judgment) for r in rows] and collate(rows, *more)
            ),
        )
        run(job(bases["llama"], name), tmp_path / name)
        orders.append(read)
    assert orders[0] == orders[1]
    assert orders[0][:10] != orders[0][10:]
    assert sorted(orders[0][:10]) == sorted(orders[0][10:])


def test_more_than_one_process_is_refused(bases, tmp_path, monkeypatch):
    from transformers import TrainingArguments

    monkeypatch.setattr(TrainingArguments, "world_size", property(lambda self: 2))
    with pytest.raises(DiscretionError, match="2 devices or processes at once"):
        run(job(bases["llama"]), tmp_path / "work")


def test_settings_of_the_trainer_change_the_weights_and_are_part_of_the_recipe(bases, tmp_path):
    plain, decayed = (
        job(bases["llama"], learning_rate=0.05, more=more) for more in ({}, {"weight_decay": 0.5})
    )
    assert plain.recipe.settings != decayed.recipe.settings
    assert not same(run(plain, tmp_path / "a"), run(decayed, tmp_path / "b"))
    clipped = job(bases["llama"], learning_rate=0.05, more={"max_grad_norm": 1e-12})
    ours, base = weights(run(clipped, tmp_path / "c")), weights(bases["llama"].path)
    assert all((ours[key] - base[key]).abs().max() < 0.01 for key in base)


def test_settings_that_transformers_refuses_are_said_in_a_sentence(bases, tmp_path):
    made = job(bases["llama"], more={"lr_scheduler_type": "sideways"})
    with pytest.raises(DiscretionError, match="does not take these settings: sideways is"):
        run(made, tmp_path / "work")


def test_a_job_says_in_which_order_its_examples_are_read(bases, tmp_path, monkeypatch):
    from discretion.training import sft

    read = []
    monkeypatch.setattr(
        sft,
        "collate",
        lambda rows, *more: [read.append(r.judgment) for r in rows] and collate(rows, *more),
    )
    made = job(bases["llama"])
    run(made, tmp_path / "work")
    said = [made.masked[at].judgment for epoch in range(2) for at in made.order(epoch)]
    assert read == said


def test_progress_counts_to_the_end(bases, tmp_path):
    seen = []
    made = job(bases["llama"])
    run(made, tmp_path / "work", seen.append)
    assert [progress.step for progress in seen] == list(range(1, made.steps + 1))
    assert {progress.steps for progress in seen} == {made.steps}
    assert seen[-1].seconds_left == 0


def test_a_batch_is_made_of_whole_parts(bases, tmp_path):
    with pytest.raises(DiscretionError, match="a batch of 4 cannot be made of 3 examples at once"):
        run(job(bases["llama"], at_once=3), tmp_path / "work")


def test_trainers_are_found_by_name():
    assert trainer().name == "sft"
    with pytest.raises(DiscretionError, match="there is no trainer 'sff'") as error:
        trainer("sff")
    assert error.value.fix == "did you mean 'sft'?"
