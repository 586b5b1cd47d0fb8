"""The sections of the page on money and on other panels."""

from decimal import Decimal

from discretion.core.policies import Prices
from discretion.reports.page import render_page
from scorecard.hand_made import card, case_set, panel
from scorecard.test_panels import laxer
from scorecard.test_traffic_weights import ticket

from .page_text import Reader
from .test_page import HOSTILE

YEN = Prices(currency="JPY", wrong_grant=Decimal(500), wrong_refusal=Decimal(100))
DOLLARS = Prices(currency="USD", wrong_grant="worth", wrong_refusal=Decimal(15))


def text(**said):
    return Reader(render_page(card(case_set(2), **said))).text


def test_each_currency_has_its_table_with_the_references():
    told = text(prices={"policy-0": YEN, "policy-1": Prices(**{**dict(YEN), "currency": "EUR"})})
    assert "In money" in told
    assert told.count("always refuse") == told.count("always grant") == 2
    assert "JPY, policy-0" in told
    assert "EUR, policy-1" in told


def test_sums_are_shown_in_their_currency():
    found = card(case_set(2), prices={"policy-0": YEN})
    total = found.money[0].arms[-1].costs.total.value
    assert f"¥{total:,.0f}" in Reader(render_page(found)).text


def test_cases_without_a_price_are_counted():
    told = text(prices={"policy-0": DOLLARS})
    assert "20 cases have no price and are left out" in told


def test_it_says_by_which_tickets_it_counts():
    tickets = [(ticket("t", 11, policy="policy-0"), 1200.0)]
    assert "as often as it occurs in 1,200 imported requests" in text(
        prices={"policy-0": YEN}, tickets=tickets
    )
    assert "imported requests" not in text(prices={"policy-0": YEN})


def test_without_prices_mistakes_are_counted_as_requests_come_in():
    told = text(tickets=[(ticket("t", 11, policy="policy-0"), 1200.0)])
    assert "As requests come in" in told
    assert "Without prices, policy-0" in told
    assert "Given" not in told


def test_without_prices_and_other_panels_neither_section_is_there():
    told = text()
    assert "In money" not in told
    assert "Beside other panels" not in told


def test_another_panel_stands_beside_and_its_name_is_only_text():
    some = case_set(2)
    page = render_page(card(some, others=[laxer(some.cases, name=HOSTILE)]))
    assert "<script>alert" not in page
    told = Reader(page).text
    assert "Beside other panels" in told
    assert f"{len(some)} cases" in told
    assert panel(some.cases).name in told
