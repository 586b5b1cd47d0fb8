"""What a dry run reckons: counted where it can be, and of the size that is measured."""

from __future__ import annotations

import pytest

from discretion.core.holdouts import Holdout
from discretion.models.loading import load
from discretion.training.estimates import estimate
from discretion.training.recipes import Recipe
from discretion.training.targets import targets
from discretion.training.training_sets import courses, folds

from .lessons_at_hand import case_set, judgments
from .templates_at_hand import save

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")
pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return save(tmp_path_factory.mktemp("base"), "llama")


def found(base, **recipe):
    loaded = load("small", base)
    [fold] = folds(case_set(), Holdout("case"), every=False)
    made = courses(
        fold, judgments(case_set()), targets(["labels", "real-after"]), loaded, dialect=False
    )
    return made, estimate(made, 3, loaded, base, Recipe(epochs=2, **recipe)), loaded.model


def test_runs_and_tokens_are_counted_and_the_hours_follow(base):
    made, one, _ = found(base)
    assert one.runs == 2 * 3
    assert one.tokens == 3 * 2 * sum(len(m.ids) for course in made for m in course.masked)
    assert one.hours * 3600 * one.tokens_per_second == pytest.approx(one.tokens)


def test_two_processes_take_half_the_hours_of_their_speed(base):
    _, two, _ = found(base, processes=2)
    assert two.hours * 3600 * two.tokens_per_second == pytest.approx(two.tokens / 2)


def test_memory_holds_the_weights_and_what_a_forward_keeps(base):
    _, one, model = found(base, at_once=1)
    _, four, _ = found(base, at_once=4)
    weights = sum(value.numel() for value in model.parameters())
    assert one.memory > 16 * weights
    ratio = (four.memory - 16 * weights) / (one.memory - 16 * weights)
    # Not exactly 4: a single example needs no mask, and its tokens are fewer than the longest.
    assert 2 < ratio < 8


def test_adapters_need_less(base):
    pytest.importorskip("peft")
    _, full, _ = found(base)
    _, lora, model = found(base, lora=True)
    trained = sum(value.numel() for value in model.parameters() if value.requires_grad)
    assert 0 < trained < sum(value.numel() for value in model.parameters()) / 2
    assert lora.disk < full.disk


def test_heads_read_each_fold_once_and_train_nothing(base):
    loaded = load("small", base)
    [fold] = folds(case_set(), Holdout("case"), every=False)
    named = targets(["head", "shuffled-head", "words-head"])
    made = courses(fold, judgments(case_set()), named, loaded, dialect=False)
    one = estimate(made, 3, loaded, base, Recipe(epochs=2))
    assert one.runs == 3 * 3
    assert one.tokens == sum(len(row.ids) for row in made[0].masked)
    assert one.hours * 3600 * one.tokens_per_second == pytest.approx(one.tokens)
    labels = courses(fold, judgments(case_set()), targets(["labels"]), loaded, dialect=False)
    both = estimate([*labels, *made], 3, loaded, base, Recipe(epochs=2))
    assert both.tokens == one.tokens + 3 * 2 * sum(len(row.ids) for row in labels[0].masked)
    assert both.disk == estimate(labels, 3, loaded, base, Recipe(epochs=2)).disk
    assert one.memory < both.memory
