"""Hidden states are those of the model's own forward, read once and kept in a file."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest

from discretion.models import states as module
from discretion.models.states import Place, States, places

from .small import build_model

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

ROWS = [[5, 6, 7, 8, 9], [7, 7], [5, 6, 7, 8, 9, 10, 11], [9]]


@pytest.fixture(scope="module")
def model():
    return build_model("llama", num_hidden_layers=6).eval()


@pytest.fixture
def reader(model, tmp_path):
    """States in a file, and how often the model was asked for."""
    loads = []

    def load():
        loads.append(1)
        return model

    return States("one", load, 6, tmp_path / "states.db"), loads


def plainly(model, row, place):
    with torch.inference_mode():
        layers = model(torch.tensor([row]), output_hidden_states=True).hidden_states
    state = layers[place.layer][0]
    return (state[-1] if place.pooling == "last" else state.mean(0)).numpy()


def test_depths_are_parts_of_the_model_and_its_last_layer_is_among_them():
    assert [one.layer for one in places(30)] == [15, 15, 20, 20, 25, 25, 30, 30]
    assert {one.layer for one in places(1)} == {1}


@pytest.mark.parametrize("place", places(6), ids=str)
def test_prompts_read_together_have_the_states_that_each_has_alone(
    model, reader, place, monkeypatch
):
    monkeypatch.setattr(module, "TOKENS", 12)
    found = reader[0].of(ROWS, place)
    for row, state in zip(ROWS, found, strict=True):
        np.testing.assert_allclose(state, plainly(model, row, place), atol=2e-5)


def test_every_place_is_read_in_one_go_and_what_is_in_the_file_is_not_read_again(reader):
    states, loads = reader
    first = states.of(ROWS, Place(3, "last"))
    assert len(loads) == 1
    np.testing.assert_array_equal(states.of(ROWS[::-1], Place(3, "last")), first[::-1])
    for place in places(6):
        states.of(ROWS, place)
    assert len(loads) == 1
    states.of([*ROWS, [1, 2]], Place(6, "mean"))
    assert len(loads) == 2


def test_states_of_another_model_are_not_taken(reader, model):
    states, _ = reader
    states.of(ROWS, Place(3, "last"))
    other = build_model("llama", num_hidden_layers=6, initializer_range=0.1).eval()
    own = States("other", lambda: other, 6, states.cache).of(ROWS, Place(3, "last"))
    np.testing.assert_allclose(own[1], plainly(other, ROWS[1], Place(3, "last")), atol=2e-5)


@pytest.mark.parametrize("broken", ["bytes", "other", "gone"])
def test_a_file_that_is_broken_or_gone_costs_only_time(reader, broken):
    states, loads = reader
    first = states.of(ROWS, Place(3, "last"))
    if broken == "bytes":
        states.cache.write_bytes(b"no database at all" * 100)
    else:
        states.cache.unlink()
    if broken == "other":
        with sqlite3.connect(states.cache) as file:
            file.execute("CREATE TABLE states (something TEXT)")
    np.testing.assert_array_equal(states.of(ROWS, Place(3, "last")), first)
    assert len(loads) == 2


def test_what_was_read_before_a_stop_is_kept(reader, monkeypatch):
    monkeypatch.setattr(module, "TOKENS", 5)
    states, _ = reader

    def stop(done, count):
        if done >= 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        states.of(ROWS, Place(3, "last"), stop)
    told = []
    states.of(ROWS, Place(3, "last"), lambda done, count: told.append((done, count)))
    assert told[-1] == (2, 2)
