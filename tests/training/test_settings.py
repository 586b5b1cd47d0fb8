"""Settings passed on to the trainer: each field of transformers' is taken, or refused with why."""

from __future__ import annotations

import dataclasses

import pytest

from discretion.errors import DiscretionError
from discretion.training.settings import PASSED, REFUSED, check_settings, read_settings

transformers = pytest.importorskip("transformers")
pytestmark = pytest.mark.torch


def test_every_field_of_transformers_is_either_taken_or_refused() -> None:
    known = {field.name for field in dataclasses.fields(transformers.TrainingArguments)}
    assert PASSED | REFUSED.keys() == known
    assert not PASSED & REFUSED.keys()


def test_a_setting_that_breaks_no_promise_is_taken() -> None:
    assert "torch_empty_cache_steps" in PASSED
    check_settings({"torch_empty_cache_steps": 2})


def test_values_are_read_as_what_they_are() -> None:
    said = ("weight_decay=0.1", "bf16=true", "optim=adamw_torch", 'optim_args="a=1"', "tf32=None")
    assert read_settings(said) == {
        "weight_decay": 0.1,
        "bf16": True,
        "optim": "adamw_torch",
        "optim_args": "a=1",
        "tf32": None,
    }


@pytest.mark.parametrize("said", [("weight_decay",), ("=1",), ("tf32=true", "tf32=false")])
def test_what_sets_nothing_or_twice_is_refused(said: tuple[str, ...]) -> None:
    with pytest.raises(DiscretionError, match=r"sets nothing|is set twice"):
        read_settings(said)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("weight_decy", 0.1, "has no setting 'weight_decy'; did you mean 'weight_decay'?"),
        ("nothing_like_it", 1, "has no setting 'nothing_like_it'; see docs/guide/trainers.md"),
        ("output_dir", "x", "output_dir would change where the result"),
        ("remove_unused_columns", True, "would have the model learn something else"),
        ("report_to", "all", "would send something to another machine"),
        ("push_to_hub", True, "would send something to another machine"),
        ("num_train_epochs", 2, "is said by an option of its own: --epochs"),
        ("weight_decay", "much", "weight_decay must be a number, not 'much'"),
        ("bf16", 1, "bf16 must be true or false, not 1"),
        ("lr_scheduler_type", "greedy", "greedy needs an evaluation while training"),
    ],
)
def test_what_would_break_a_promise_is_refused_with_the_reason(
    name: str, value: object, sentence: str
) -> None:
    with pytest.raises(DiscretionError) as error:
        check_settings({name: value})
    assert sentence in str(error.value)
