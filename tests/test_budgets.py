"""Budgets: what is set aside never exceeds them, and what is paid is counted."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.budgets import Budget, Price, Spending, Usage, read_budget
from discretion.errors import DiscretionError, StoppedError

PRICE = Price(Decimal("2.50"), Decimal(10), "USD")


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("5USD", 5, "USD"),
        ("0.25 eur", "0.25", "EUR"),
        ("2000calls", 2000, "calls"),
        ("1Mtokens", 1_000_000, "tokens"),
        ("1.5k calls", 1500, "calls"),
    ],
)
def test_a_budget_is_an_amount_and_a_unit(text: str, amount: object, unit: str) -> None:
    assert read_budget(text) == Budget(Decimal(str(amount)), unit)


@pytest.mark.parametrize("text", ["", "5", "USD", "0USD", "-5USD", "5dollars", "5 $", "1e3calls"])
def test_anything_else_is_no_budget(text: str) -> None:
    with pytest.raises(DiscretionError, match="write 5USD, 2000calls or 1Mtokens"):
        read_budget(text)


def test_a_price_is_for_a_million_tokens() -> None:
    assert PRICE.of(Usage(1_000_000, 100_000)) == Decimal("3.5")


def test_a_budget_in_money_needs_a_price_in_it() -> None:
    spending = Spending(read_budget("5EUR"))
    with pytest.raises(DiscretionError, match="its prices are in USD"):
        asyncio.run(spending.take(Usage(1, 1), PRICE, "bot"))
    with pytest.raises(DiscretionError, match="it has no prices"):
        asyncio.run(spending.take(Usage(1, 1), None, "bot"))


def test_calls_under_way_are_waited_for_and_may_cost_less() -> None:
    async def run() -> int:
        spending = Spending(read_budget("100tokens"))
        begun: list[int] = []

        async def call(number: int) -> None:
            aside = await spending.take(Usage(40, 20), None, "bot")
            begun.append(number)
            await asyncio.sleep(0.001)
            await spending.pay(aside, Usage(30, 1), None, "bot")

        await asyncio.gather(call(1), call(2))
        with pytest.raises(StoppedError, match="38 tokens of the budget of 100 tokens is left"):
            await spending.take(Usage(40, 20), None, "bot")
        return spending.tokens

    assert asyncio.run(run()) == 62


@given(
    st.lists(st.tuples(st.integers(1, 50), st.floats(0, 1)), min_size=1, max_size=30),
    st.integers(1, 300),
)
def test_a_budget_is_never_exceeded(calls: list[tuple[int, float]], budget: int) -> None:
    async def run() -> None:
        spending = Spending(Budget(Decimal(budget), "tokens"))

        async def call(most: int, share: float) -> None:
            aside = await spending.take(Usage(most, 0), None, "bot")
            await asyncio.sleep(0)
            await spending.pay(aside, Usage(int(most * share), 0), None, "bot")

        outcomes = await asyncio.gather(*(call(*one) for one in calls), return_exceptions=True)
        assert spending.tokens <= budget
        assert spending.calls == outcomes.count(None)
        assert all(one is None or isinstance(one, StoppedError) for one in outcomes)

    asyncio.run(run())


def test_what_is_left_is_for_another_run() -> None:
    spending = Spending(Budget(Decimal(100), "tokens"))
    aside = asyncio.run(spending.take(Usage(40, 20), None, "bot"))
    asyncio.run(spending.pay(aside, Usage(30, 5), None, "bot"))
    assert spending.rest().budget == Budget(Decimal(65), "tokens")
    assert Spending().rest().budget is None


def test_what_is_left_is_said_with_what_the_next_call_may_cost() -> None:
    async def run(budget: str, most: int, spent: int) -> str:
        spending = Spending(read_budget(budget))
        if spent:
            aside = await spending.take(Usage(spent, 0), PRICE, "bot")
            await spending.pay(aside, Usage(spent, 0), PRICE, "bot")
        with pytest.raises(StoppedError) as stopped:
            await spending.take(Usage(most, 0), PRICE, "bot")
        return str(stopped.value)

    assert asyncio.run(run("100tokens", 60, 70)) == (
        "bot: 30 tokens of the budget of 100 tokens is left, and the next call may cost 60 tokens; "
        "what was answered is kept; the same command goes on from here"
    )
    assert asyncio.run(run("0.0010USD", 543, 0)) == (
        "bot: 0.001USD of the budget of 0.001USD is left, and the next call may cost 0.00136USD; "
        "give a larger budget"
    )
    assert "the budget of 70 tokens is spent; what was" in asyncio.run(run("70tokens", 60, 70))


def test_without_a_budget_so_many_paid_calls_are_made_and_no_more() -> None:
    async def run() -> None:
        spending = Spending(paid_calls=2)
        turned_away = await spending.take(Usage(1, 1), PRICE, "bot", paid=True)
        await spending.pay(turned_away, None, PRICE, "bot")
        for _ in range(2):
            await spending.take(Usage(1, 1), PRICE, "bot", paid=True)
        with pytest.raises(StoppedError, match=r"2,000 paid calls were made.*--budget"):
            await spending.take(Usage(1, 1), PRICE, "bot", paid=True)
        await spending.take(Usage(1, 1), None, "mine")
        assert (spending.calls, spending.money, spending.rest().paid_calls) == (0, {}, 0)

    asyncio.run(run())
