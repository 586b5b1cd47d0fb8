"""The first screen: one verdict, three numbers that are the scorecard's, and where to go next."""

from dataclasses import replace
from decimal import Decimal

import pytest

from discretion.core.policies import Prices
from discretion.reports import figures, to_json
from discretion.reports.first_screen import first_screen
from discretion.reports.page import best, render_page
from discretion.stats.figure import TOO_FEW, Figure
from scorecard.hand_made import always, card, case_set, like_people, strict

from .broken import breakage
from .page_text import Reader

PARTS = ("people", "models", "money", "cases", "method")


@pytest.fixture(scope="module")
def priced():
    costs = Prices(currency="USD", wrong_grant=Decimal(40), wrong_refusal=Decimal(15))
    return card(prices={f"policy-{index}": costs for index in range(6)})


def test_its_numbers_are_those_of_the_json(priced):
    told = to_json(priced)
    arm = next(one for one in told["arms"] if one["name"] == "strict")
    granted, stops, cost = first_screen(priced).numbers
    assert granted.shown == f"{-100 * arm['signed']['value']:.0f} fewer per 100"
    near, far = -100 * arm["signed"]["high"], -100 * arm["signed"]["low"]
    assert granted.interval == f"{near:.0f} to {far:.0f} fewer"
    lines = [one for curve in told["curves"] for one in curve["arms"] if one["arm"] == "strict"]
    assert stops.shown in {line["threshold"]["shown"] for line in lines}
    row = next(one for one in told["money"][0]["arms"] if one["arm"] == "strict")
    total = row["costs"]["total"]
    assert cost.shown == f"${total['value']:,.0f}"
    assert cost.interval == f"${total['low']:,.0f} to ${total['high']:,.0f}"


def test_the_verdict_is_one_sentence_and_says_only_what_is_sure(priced):
    first = first_screen(priced)
    assert first.verdict.startswith("strict is stricter than your people: it differs from one of")
    assert first.verdict.count(". ") == 0
    arm = next(one for one in priced.arms if one.name == "strict")
    unsure = replace(arm, signed=Figure(-0.1, -0.3, 0.1, 120))
    arms = tuple(unsure if one is arm else one for one in priced.arms)
    assert "stricter" not in first_screen(replace(priced, arms=arms)).verdict


def test_people_alone_say_where_they_stop():
    first = first_screen(card(arms={}))
    assert first.verdict.startswith("Your people say no after ")
    assert first.verdict.endswith("the rule says at most 10 days.")
    assert len(first.numbers) == 3


def test_a_control_never_leads_where_something_else_was_asked():
    control, model = "tuned:m-shuffled-head-0/plain", "m/plain"
    found = card(case_set(), arms={control: like_people, model: strict})
    assert found.arms[0].name == control
    assert first_screen(found).arm == model
    assert found.findings[0].startswith(model)


@pytest.mark.parametrize(("tuned", "said"), [("model", 1), ("tuned:m-shuffled-head-0/plain", 0)])
def test_only_what_training_broke_in_the_arm_it_is_about_contradicts_it(tuned, said):
    some = case_set()
    arms = {"model": always(0.4), "tuned:m-shuffled-head-0/plain": always(0.4)}
    found = replace(card(some, arms=arms), breakage=breakage(some, tuned, always(0.4)))
    assert "broke" in [row.verdict for row in found.breakage.rows]
    told = [one for one in first_screen(found).but if "Training made it worse" in one]
    assert len(told) == said


def test_every_part_has_an_anchor_and_an_entry_in_the_contents(priced):
    read = Reader(render_page(priced))
    anchors = [value for tag, name, value in read.attributes if tag == "section" and name == "id"]
    entries = [value for tag, name, value in read.attributes if tag == "a" and name == "href"]
    assert [one for one in anchors if one in PARTS] == [
        one[1:] for one in entries if one[1:] in PARTS
    ]
    assert {"people", "models", "money"} <= set(anchors)


def test_the_closest_three_stand_before_the_fold():
    arms = {f"arm-{index}": strict for index in range(5)}
    found = card(case_set(), arms=arms)
    assert [one.name for one in best(found.arms)] == [one.name for one in found.arms[:3]]
    assert "<summary>2 more</summary>" in render_page(found)


@pytest.mark.parametrize("ends", [(-0.5, float("inf")), (-1.77, 0.4)])
def test_an_interval_that_explodes_is_too_few_cases(ends):
    figure = Figure(0.1, *ends, 5)
    assert figures.interval(figure, "percent") == TOO_FEW
    assert figures.points_interval(figure) == TOO_FEW
