"""Policies: what `never` forbids is decided by code, from facts alone."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from discretion.core.policies import Never, Policy, Prices
from discretion.documents import parse_yaml
from discretion.errors import DiscretionError


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


def priced(wrong_grant: object, wrong_refusal: object = 15, currency: str = "USD") -> Prices:
    costs = {"currency": currency, "wrong_grant": wrong_grant, "wrong_refusal": wrong_refusal}
    one = Policy.model_validate({"id": "a", "rule": "No.", "costs": costs})
    assert one.costs is not None
    assert Policy.model_validate(one.model_dump(mode="json")) == one
    return one.costs


def test_a_cost_is_an_amount_or_the_fact_that_holds_it() -> None:
    facts = {"order_value": "$1,240.50", "value": Decimal(19)}
    assert priced(Decimal(40), "0.50").of(facts) == (Decimal(40), Decimal("0.50"))
    assert priced("order_value", "value").of(facts) == (Decimal("1240.50"), Decimal(19))
    assert priced("Order value").of({"Order value": "7 EUR"}) == (None, Decimal(15))
    assert priced("Order value", currency="EUR").of({"Order value": "7 EUR"})[0] == 7


@pytest.mark.parametrize("cell", ["", "unknown", "-3", "nan", "€7"])
def test_a_case_whose_cell_is_no_amount_has_no_price(cell: str) -> None:
    assert priced("order_value").of({"order_value": cell}) == (None, Decimal(15))
    assert priced("order_value").of({}) == (None, Decimal(15))


@pytest.mark.parametrize(
    ("costs", "sentence"),
    [
        ("wrong_grant: -1", "-1 is no cost; write an amount from 0 up, like 40"),
        ("wrong_grant: true", "True is no cost; write an amount from 0 up, like 40"),
        (
            "wrong_grant: $40",
            "'$40' is no cost; write an amount like 40, or the column that holds it",
        ),
        ("wrong_grant: [40]", "is no cost; write an amount like 40"),
        ("wrong_grnat: 40", "unknown key 'wrong_grnat'"),
        ("currency: euro", "costs.currency String should match pattern"),
    ],
)
def test_a_cost_that_is_none_is_said_in_one_sentence(costs: str, sentence: str) -> None:
    lines = {"currency": "currency: USD", "wrong_grant": "wrong_grant: 40", "x": "wrong_refusal: 1"}
    lines[costs.partition(":")[0]] = costs
    text = "id: a\nrule: No.\ncosts:\n" + "".join(f"  {line}\n" for line in lines.values())
    found, wrong = parse_yaml(text, Path("a.yaml")).describe(Policy)
    assert found is None
    assert sentence in str(wrong[0])


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


def test_a_question_counts_in_a_policy_only_where_there_is_one():
    plain = Policy(id="returns", rule="Within 14 days.")
    assert "question" not in plain.model_dump_json()
    asked = plain.model_copy(update={"question": "Was it OK?"})
    assert Policy.model_validate_json(asked.model_dump_json()) == asked
