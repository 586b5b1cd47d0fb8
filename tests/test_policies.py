"""Policies: what `never` forbids is decided by code, from facts alone."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from discretion.errors import DiscretionError
from discretion.policies import Never, Policy


def policy(*never: str) -> Policy:
    return Policy.model_validate({"id": "a", "rule": "No.", "never": list(never)})


@pytest.mark.parametrize(
    ("written", "facts", "holds"),
    [
        ("value > 30", {"value": Decimal("30.01")}, True),
        ("value > 30", {"value": Decimal(30)}, False),
        ("value >= 30", {"value": Decimal(30)}, True),
        ("value < 30", {"value": Decimal(-1)}, True),
        ("value <= 30", {"value": Decimal(31)}, False),
        ("fraud == yes", {"fraud": "yes"}, True),
        ("fraud == yes", {"fraud": "no"}, False),
        ("fraud != yes", {"fraud": "no"}, True),
        ("fraud == 'two stories'", {"fraud": "two stories"}, True),
        ("code == 10", {"code": "10.0"}, True),
        ("fraud == yes and value > 30", {"fraud": "yes", "value": Decimal(31)}, True),
        ("fraud == yes and value > 30", {"fraud": "yes", "value": Decimal(3)}, False),
    ],
)
def test_a_predicate_holds_as_it_reads(
    written: str, facts: dict[str, str | Decimal], holds: bool
) -> None:
    assert Never(written).holds(facts) is holds


def test_a_missing_fact_leaves_it_undecided_unless_another_decides() -> None:
    never = Never("fraud == yes and value > 30")
    assert never.holds({"value": Decimal(31)}) is None
    assert never.holds({"value": Decimal(3)}) is False
    assert never.holds({}) is None


def test_what_is_undecided_is_not_forbidden_and_what_holds_is_named() -> None:
    one = policy("value > 365", "fraud == yes")
    assert one.forbids({"value": Decimal(3)}) is None
    assert one.forbids({"value": Decimal(3), "fraud": "yes"}) == "fraud == yes"


def test_ordering_words_is_a_mistake_not_a_verdict() -> None:
    with pytest.raises(DiscretionError) as caught:
        Never("size > 30").holds({"size": "large"})
    assert str(caught.value) == (
        "never: size > 30: 'large' > '30' compares what is no number; use == or != for words"
    )


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2), st.integers(-999, 999))
def test_one_of_three_orderings_holds(value: Decimal, bound: int) -> None:
    facts = {"value": value}
    held = [Never(f"value {sign} {bound}").holds(facts) for sign in ("<", "==", ">")]
    assert held.count(True) == 1


@pytest.mark.parametrize(
    "written",
    [
        "",
        "value",
        "value >",
        "value = 3",
        "fraud == yes or value > 30",
        "fraud == yes or no",
        "a == b and",
        "a == b, c == d",
        "not fraud == yes",
    ],
)
def test_what_is_no_comparison_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(ValidationError, match="is no comparison; write it like: fraud_sign == yes"):
        policy(written)


def test_a_policy_is_frozen_and_writes_its_predicates_as_they_were_read() -> None:
    one = policy("value > 365")
    assert one.model_dump(mode="json")["never"] == ["value > 365"]
    assert Policy.model_validate(one.model_dump(mode="json")) == one
    with pytest.raises(ValidationError, match="frozen"):
        one.rule = "Yes."


@pytest.mark.parametrize("name", ["Returns", "a b", "", "-a", "x" * 81])
def test_an_id_is_small_letters_digits_dots_and_dashes(name: str) -> None:
    with pytest.raises(ValidationError, match="String should"):
        Policy(id=name, rule="No.")


def test_the_schema_for_editors_describes_every_key() -> None:
    schema = Policy.model_json_schema()
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["id", "rule"]
    assert all(part.get("description") for part in schema["properties"].values())
