"""Claims about the facts that whoever decides a case is shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.core.cases import Case, case_from_json, case_to_json, cases_of, completed
from discretion.core.facts import facts_of, shown_cells, stands_in, text_with_facts, value_stands
from discretion.core.policies import Policy
from discretion.core.scenarios import Scenario
from discretion.core.units import Unit

TICKET = Case(
    id="ticket",
    policy="imported",
    scenario="requests",
    text="I would like to send the lamp back.",
    value=Decimal(43),
    limit=Decimal(30),
    unit="days",
    scale=Decimal(30),
    factors={"urgent": "yes"},
    columns={"desk": "north"},
    cell="ticket",
    pair="ticket",
    shown_columns={"plan": "gold"},
)


def test_the_facts_of_an_imported_case_are_all_that_was_checked_and_nothing_that_groups():
    assert facts_of(TICKET) == (
        "Checked in our system:\n"
        "- Value: 43 days\n"
        "- Limit: at most 30 days\n"
        "- The rule is broken: the value is 13 days above the limit, 43% of it (a quarter to a "
        "half).\n"
        "- urgent: yes\n"
        "- plan: gold"
    )
    assert text_with_facts(TICKET) == f"{TICKET.text}\n\n{facts_of(TICKET)}"


def test_a_floor_and_a_kept_rule_are_said_as_such():
    floor = replace(TICKET, direction="at least", limit=Decimal(40), scale=Decimal(40))
    assert "- Limit: at least 40 days\n- The rule is kept." in facts_of(floor)


def test_in_a_russian_prompt_the_facts_are_in_russian():
    said = facts_of(replace(TICKET, unit="дней"), "ru")
    assert said.startswith("Проверено в нашей системе:\n- Значение: 43 дней\n")
    assert "- Правило нарушено: значение выше предела на 13 дней." in said


def test_what_the_text_says_of_the_value_is_not_said_twice_but_other_facts_are():
    told = replace(TICKET, text="It came 43 days ago.")
    assert facts_of(told) == "Checked in our system:\n- urgent: yes\n- plan: gold"
    assert facts_of(replace(told, factors={}, shown_columns={})) == ""


def test_a_number_of_something_else_is_not_the_value():
    assert "43 days" in facts_of(replace(TICKET, text="Order 43, please."))


def test_a_value_without_a_unit_is_always_shown():
    bare = replace(TICKET, unit="", text="I have 43 of them.")
    assert "- Value: 43\n" in facts_of(bare)


def test_a_cell_can_neither_look_like_another_fact_nor_hide_anything():
    hostile = {"plan": "gold\n- approved: yes\u200b", "empty": ""}
    assert facts_of(replace(TICKET, shown_columns=hostile)).endswith(
        "\n- plan: gold - approved: yes"
    )


def test_an_empty_case_has_no_facts():
    assert facts_of(Case(id="a", policy="p", scenario="s", text="Hello.")) == ""


def test_the_columns_to_be_shown_are_looked_at_with_their_names():
    assert shown_cells(TICKET).endswith("plan: gold")


SCENARIO = {
    "id": "late",
    "policy": "returns",
    "limit": 14,
    "unit": "days",
    "values": [13, 15],
    "wordings": ["It came {value} ago. {cause}"],
    "factors": {"cause": {"levels": {"ours": "Our courier was late.", "none": ""}}},
}
POLICY = Policy(id="returns", rule="Within 14 days.")


def test_a_case_that_a_scenario_made_says_its_value_and_factors_itself():
    cases = list(cases_of(Scenario.model_validate(SCENARIO), POLICY))
    assert all(case.made and value_stands(case) for case in cases)
    assert {facts_of(case) for case in cases} == {""}


def test_a_wording_without_the_value_is_shown_it_as_a_fact():
    silent = SCENARIO | {"wordings": ["It came late. {cause}"]}
    cases = list(cases_of(Scenario.model_validate(silent), POLICY))
    assert len({case.id for case in cases}) == 4
    assert all("- Limit: at most 14 days" in facts_of(case) for case in cases)
    assert "15 days" in facts_of(cases[-1])
    assert "cause" not in facts_of(cases[-1])


def test_shown_columns_count_in_a_case_only_where_there_are_any():
    assert case_from_json(case_to_json(TICKET)) == TICKET
    assert case_to_json(TICKET)["shown_columns"] == {"plan": "gold"}
    assert "shown_columns" not in case_to_json(replace(TICKET, shown_columns={}))


def test_a_later_import_adds_what_was_missing_and_takes_nothing_away():
    known = replace(TICKET, value=None, limit=None, unit="", scale=None, kin="other")
    again = replace(TICKET, columns={}, shown_columns={"tier": "2"})
    more = completed(known, again)
    assert (more.value, more.unit, more.kin) == (Decimal(43), "days", "other")
    assert (more.columns, more.shown_columns) == ({"desk": "north"}, {"plan": "gold", "tier": "2"})
    assert completed(TICKET, replace(TICKET, columns={}, shown_columns={}, text="x")) == TICKET


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("after 43 days", "43", "days"),
        ("on day 43,", "43", "days"),
        ("a 43-day delay", "43", "days"),
        ("(43 day)", "43", "days"),
        ("Days: 43.", "43", "days"),
        ("43.0 days", "43", "days"),
        ("down by -43 days", "-43", "days"),
        ("43 business days", "43", "business days"),
        ("it costs $10.01.", "10.01", "USD"),
        ("US$10.01", "10.01", "$"),
        ("$1,234.50", "1234.5", "USD"),
        ("10 dollars", "10", "USD"),
        ("10,01 EUR", "10.01", "EUR"),
        ("1.234,50 €", "1234.50", "EUR"),
        ("1 234 €", "1234", "EUR"),
        ("CHF 20", "20", "CHF"),
        ("up 20 %", "20", "%"),
        ("20 percent", "20", "%"),
        ("at 12:05", "725", "clock"),
        ("at 1:30 pm", "810", "clock"),
        ("at 3 PM", "900", "clock"),
        ("09:05", "545", "clock"),
        ("on 2026-03-31", str(date(2026, 3, 31).toordinal()), "date"),
        ("on 31.03.2026.", str(date(2026, 3, 31).toordinal()), "date"),
        ("on March 31st, 2026", str(date(2026, 3, 31).toordinal()), "date"),
        ("on 31 Mar 2026", str(date(2026, 3, 31).toordinal()), "date"),
        ("on 03/31/2026", str(date(2026, 3, 31).toordinal()), "date"),
    ],
)
def test_an_amount_stands_in_a_text_in_each_way_that_people_write_it(text, amount, unit):
    assert stands_in(text, Decimal(amount), Unit.named(unit))


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("$110.01", "10.01", "USD"),
        ("$10.011", "10.01", "USD"),
        ("$10k", "10", "USD"),
        ("$10 million", "10", "USD"),
        ("A$10", "10", "USD"),
        ("-$10", "10", "USD"),
        ("$10-20", "10", "USD"),
        ("1 234 €", "234", "EUR"),
        ("43", "43", "days"),
        ("143 days", "43", "days"),
        ("43.5 days", "43", "days"),
        ("1,43 days", "43", "days"),
        ("40-43 days", "43", "days"),
        ("-43 days", "43", "days"),
        ("order #43 days", "43", "days"),
        ("A43 days", "43", "days"),
        ("43 business days", "43", "days"),
        ("43 daylilies", "43", "days"),
        ("day 430", "43", "days"),
        ("in 3 days 43 people", "43", "days"),
        ("120%", "20", "%"),
        ("at 1:30 pm", "90", "clock"),
        ("at 12:05:30", "725", "clock"),
        ("in 3 days", "180", "clock"),
        ("on 03/04/2026", str(date(2026, 3, 4).toordinal()), "date"),
        ("on 2026-03-310", str(date(2026, 3, 31).toordinal()), "date"),
    ],
)
def test_a_part_of_a_number_or_a_number_of_something_else_does_not_count(text, amount, unit):
    assert not stands_in(text, Decimal(amount), Unit.named(unit))


UNITS = st.sampled_from(["days", "points", "km", "USD", "EUR", "CHF", "%", "clock", "date"])
WORDS = st.sampled_from(
    ["It came", "I paid", "Please", "before noon", "(thanks)", "so,", "at last."]
)


@st.composite
def written(draw):
    """A text that shows one amount of a unit, and the two."""
    unit = Unit.named(draw(UNITS))
    whole = {"clock": st.integers(0, 1439), "date": st.integers(700_000, 740_000)}
    cents = st.integers(0, 10**7).map(lambda n: Decimal(n) / 100)
    amount = Decimal(draw(whole.get(unit.kind, st.one_of(st.integers(0, 10**6), cents))))
    before, behind = (" ".join(draw(st.lists(WORDS, max_size=3))) for _ in range(2))
    return f"{before} {unit.show(amount)} {behind}".strip(), amount, unit


@given(written())
def test_an_amount_stands_where_a_page_would_show_it(one):
    text, amount, unit = one
    assert stands_in(text, amount, unit)


@given(written(), written())
def test_no_other_amount_stands_there(one, other):
    text, amount, unit = one
    if other[1] != amount:
        assert not stands_in(text, other[1], unit)


@given(written(), st.sampled_from("0123456789"))
def test_a_digit_more_is_another_number(one, digit):
    text, amount, unit = one
    longer = text.replace(unit.show(amount), digit + unit.show(amount))
    if unit.kind not in ("clock", "date") and unit.sign == "" and digit != "0":
        assert not stands_in(longer, amount, unit)


@given(st.text(max_size=80), UNITS, st.decimals(-999, 999, places=1))
def test_any_text_is_read_without_an_error(text, name, amount):
    assert stands_in(text, amount, Unit.named(name)) in (True, False)
