"""Errors: one sentence that says where, what, and how to mend it."""

from __future__ import annotations

from discretion.errors import DiscretionError, missing_extra


def test_a_full_error_reads_where_what_mend() -> None:
    error = DiscretionError("120% is no rate", where="a.csv:3", mend="give a share from 0 to 1")
    assert str(error) == "a.csv:3: 120% is no rate; give a share from 0 to 1"


def test_what_is_not_known_leaves_no_gap() -> None:
    assert str(DiscretionError("is empty")) == "is empty"
    assert str(DiscretionError("is empty", mend="fill it")) == "is empty; fill it"
    assert str(DiscretionError("is empty", where="a.yaml")) == "a.yaml: is empty"


def test_a_missing_extra_is_one_sentence_that_names_it() -> None:
    assert str(missing_extra("local", "the model 'tiny'")) == (
        "the model 'tiny' needs the [local] extra; install it with: pip install 'discretion[local]'"
    )
