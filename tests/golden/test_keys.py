"""What 0.1.0 stored under a key is found under that key: keys and hashes never change."""

from __future__ import annotations

import json

import pytest

from . import keys

GOLDEN = json.loads(keys.FILE.read_text(encoding="utf-8"))
NEEDS_TORCH = ("answers, of the built-in model",)


def test_every_kind_of_key_has_its_golden_ones() -> None:
    assert GOLDEN.keys() == keys.PARTS.keys()


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=[pytest.mark.torch] if kind in NEEDS_TORCH else [])
        for kind in keys.PARTS
    ],
)
def test_a_key_is_the_one_of_the_first_release(kind: str) -> None:
    assert json.loads(json.dumps(keys.PARTS[kind]())) == GOLDEN[kind]
