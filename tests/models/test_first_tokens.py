"""First tokens: bounds that hold for every distribution that the returned tokens allow."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.models.first_tokens import read_first_tokens

GRANT, REFUSE = ("grant", "Grant", "GRANT"), ("refuse", "Refuse", "REFUSE")


def top(**masses: float) -> list[tuple[str, float]]:
    return [(token, math.log(mass)) for token, mass in masses.items()]


def test_the_forms_of_an_answer_are_summed() -> None:
    read = read_first_tokens(
        [
            (" grant", math.log(0.3)),
            ("Gr", math.log(0.2)),
            ("GRANT", math.log(0.1)),
            ("ref", math.log(0.25)),
            ("Refuse", math.log(0.15)),
        ],
        GRANT,
        REFUSE,
    )
    assert read.p == pytest.approx(0.6)
    assert read.inside == pytest.approx(1.0)


@pytest.mark.parametrize("token", ["grant.", "Grant,", "grant\n", "**", "granted", "gran!", "x"])
def test_a_token_goes_on_only_with_what_is_no_part_of_a_word(token: str) -> None:
    read = read_first_tokens([(token, math.log(0.9)), ("refuse", math.log(0.1))], GRANT, REFUSE)
    counts = token in ("grant.", "Grant,", "grant\n")
    assert read.inside == pytest.approx(1.0 if counts else 0.1)


def test_an_absent_answer_is_bounded_by_the_last_token_and_is_not_zero() -> None:
    read = read_first_tokens(top(grant=0.9, a=0.05, b=0.03), GRANT, REFUSE)
    assert read.low == pytest.approx(0.9 / (0.9 + 0.02))  # all that is left over
    assert read.high == 1.0
    assert not read.decides


def test_an_absent_answer_is_decided_where_little_is_left() -> None:
    read = read_first_tokens(top(grant=0.999, a=0.0005), GRANT, REFUSE)
    assert read.decides
    assert 0.9985 < read.p < 1.0


def test_a_token_that_may_begin_either_answer_leaves_p_open() -> None:
    forms = ("approve",), ("approve nothing",)
    read = read_first_tokens(top(approve=0.9, x=0.1), *forms)
    assert (read.low, read.high) == (0.0, 1.0)


def test_white_space_may_begin_either() -> None:
    read = read_first_tokens([("\n", math.log(0.5)), ("grant", math.log(0.5))], GRANT, REFUSE)
    assert read.low == pytest.approx(0.5)


def test_a_model_that_says_something_else_is_not_read() -> None:
    read = read_first_tokens(top(I=0.7, grant=0.2, refuse=0.1), GRANT, REFUSE)
    assert read.outside == pytest.approx(0.7)
    assert not read.decides


def test_nothing_came_back() -> None:
    read = read_first_tokens([], GRANT, REFUSE)
    assert (read.low, read.high) == (0.0, 1.0)


@given(
    st.lists(st.floats(0.001, 1.0), min_size=8, max_size=8),
    st.integers(2, 8),
)
def test_the_truth_lies_within_the_bounds(weights: list[float], kept: int) -> None:
    """Cut to its likeliest tokens, a distribution's true share is never outside."""
    tokens = ["grant", "Grant", "refuse", "Refuse", "maybe", "I", "The", "#"]
    total = sum(weights)
    masses = {token: weight / total for token, weight in zip(tokens, weights, strict=True)}
    granted, refused = masses["grant"] + masses["Grant"], masses["refuse"] + masses["Refuse"]
    likeliest = sorted(masses.items(), key=lambda item: -item[1])[:kept]
    read = read_first_tokens([(t, math.log(m)) for t, m in likeliest], GRANT, REFUSE)
    assert read.low - 1e-9 <= granted / (granted + refused) <= read.high + 1e-9
