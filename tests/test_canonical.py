"""Canonical JSON and hashes: one meaning, one string, on every machine."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.canonical import canonical_json, digest, fraction_of, plain_decimal, short_id

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@given(VALUES)
def test_json_reads_back_what_was_written(value: object) -> None:
    assert json.loads(canonical_json(value)) == value


@given(st.dictionaries(st.text(), VALUES))
def test_the_order_of_keys_does_not_count(value: dict[str, object]) -> None:
    turned = dict(reversed(list(value.items())))
    assert canonical_json(turned) == canonical_json(value)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=6))
def test_equal_amounts_are_written_alike(amount: Decimal) -> None:
    assert plain_decimal(amount) == plain_decimal(amount * Decimal("1.000"))
    assert Decimal(plain_decimal(amount)) == amount
    assert "E" not in plain_decimal(amount)


@pytest.mark.parametrize(
    ("amount", "written"),
    [("1E+1", "10"), ("10.00", "10"), ("-0.0", "0"), ("0.10", "0.1"), ("1e-3", "0.001")],
)
def test_amounts_lose_exponents_and_trailing_zeros(amount: str, written: str) -> None:
    assert plain_decimal(Decimal(amount)) == written


def test_tuples_and_lists_are_one_and_letters_stay_as_they_are() -> None:
    assert canonical_json(("flour", "Süß", 1)) == '["flour","Süß",1]'
    assert canonical_json(["flour", "Süß", 1]) == canonical_json(("flour", "Süß", 1))


def test_the_digest_is_the_sha256_of_the_json() -> None:
    value = {"b": Decimal("10.00"), "a": [None, True]}
    assert digest(value) == hashlib.sha256(b'{"a":[null,true],"b":"10"}').hexdigest()
    assert short_id(value) == digest(value)[:16]


@given(VALUES)
def test_the_fraction_of_anything_lies_between_0_and_1(value: object) -> None:
    assert 0 <= fraction_of(value) < 1
    assert fraction_of(value) == fraction_of(value)


def test_fractions_are_spread_evenly() -> None:
    counts = [0] * 10
    for index in range(10_000):
        counts[int(10 * fraction_of(("case", index)))] += 1
    # Binomial with n = 10,000 and p = 0.1: six standard deviations are 180.
    assert all(abs(count - 1000) < 180 for count in counts)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match=r"canonical form|JSON compliant"):
        canonical_json([number])


def test_an_object_that_json_does_not_know_is_refused_by_its_type() -> None:
    with pytest.raises(TypeError, match="set has no canonical form"):
        canonical_json({"a": {1, 2}})
