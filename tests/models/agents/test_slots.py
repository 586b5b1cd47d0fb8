"""What an agent is sent."""

from __future__ import annotations

import json

import pytest

from discretion.models.agents.slots import SLOTS, encoded, fill, mistake_in, sheet

from .at_hand import NASTY, POLICY, case

TEMPLATE = {"ask": [{"text": "Ticket: {case}", "n": 3}], "rule": "{rule}", "day": "{value:number}"}


def test_slots_are_filled_inside_strings() -> None:
    assert fill(TEMPLATE, sheet(case(), POLICY)) == {
        "ask": [{"text": "Ticket: A coat, brought back late.", "n": 3}],
        "rule": "Returns within 30 days.",
        "day": 43,
    }


@pytest.mark.parametrize("text", NASTY)
def test_a_text_cannot_change_the_request(text: str) -> None:
    plain = fill(TEMPLATE, sheet(case("X"), POLICY))
    sent = json.loads(encoded(fill(TEMPLATE, sheet(case(text), POLICY))).encode("ascii"))
    assert sent == {**plain, "ask": [{"text": f"Ticket: {text}", "n": 3}]}


@pytest.mark.parametrize("text", NASTY)
def test_what_is_sent_without_a_template_holds_the_text_as_it_is(text: str) -> None:
    sent = json.loads(encoded(sheet(case(text), POLICY).mapping))
    assert sent["text"] == text
    assert (sent["value"], sent["limit"], sent["unit"]) == (43, 30, "days")


def test_who_decided_it_and_how_is_never_sent() -> None:
    assert "refused" not in encoded(sheet(case(), POLICY).mapping)
    assert "refused" not in encoded([fill(f"{{{slot}}}", sheet(case(), POLICY)) for slot in SLOTS])


def test_the_facts_are_sent() -> None:
    assert "43 days" in str(fill("{facts}", sheet(case(), POLICY)))


@pytest.mark.parametrize(
    ("template", "what"),
    [
        ({"a": "{cast}"}, "there is no slot {cast}"),
        ({"a": "the rule is {rule}"}, "it is the same for every case"),
        ({"a": "{{case}}"}, "{{case}} has two pairs of braces"),
        ({"a": "day {value:number}"}, "{value:number} does not stand for a number here"),
        ({"a": "{case:number}"}, "{case:number} does not stand for a number here"),
    ],
)
def test_a_template_that_cannot_be_meant_is_a_mistake(template: object, what: str) -> None:
    assert mistake_in(template)[0] == what


def test_braces_that_are_no_slot_stay() -> None:
    assert fill('{"a": {}} {case}', sheet(case("X"), POLICY)) == '{"a": {}} X'
