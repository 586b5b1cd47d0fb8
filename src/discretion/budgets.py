"""Budgets: what calls may cost, in calls, tokens or money, and the purse they are paid from."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol, runtime_checkable

from discretion.canonical import plain_decimal
from discretion.errors import DiscretionError, StoppedError

PAID_CALLS = 2000
"""So many paid calls may be made without a budget or a yes."""

_WRITTEN = re.compile(r"(\d+(?:\.\d+)?)\s*([kM]?)\s*([A-Za-z]+)")
_TIMES = {"": 1, "k": 1_000, "M": 1_000_000}


@dataclass(frozen=True, slots=True)
class Price:
    """What an endpoint charges."""

    tokens_in: Decimal
    """For a million tokens of prompt."""
    tokens_out: Decimal
    """For a million tokens that the model writes."""
    currency: str

    def of(self, usage: Usage) -> Decimal:
        total = self.tokens_in * usage.tokens_in + self.tokens_out * usage.tokens_out
        return total / 1_000_000


@dataclass(frozen=True, slots=True)
class Usage:
    """What one call used, or may use at most."""

    tokens_in: int
    tokens_out: int


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a run may cost."""

    amount: Decimal
    unit: str
    """``calls``, ``tokens``, or a currency such as ``USD``."""

    @property
    def is_money(self) -> bool:
        return self.unit not in ("calls", "tokens")

    def __str__(self) -> str:
        gap = "" if self.is_money else " "
        return f"{plain_decimal(self.amount)}{gap}{self.unit}"


def read_budget(text: str) -> Budget:
    """The budget in ``5USD``, ``2000calls`` or ``1Mtokens``.

    Raises:
        DiscretionError: it is none of these.
    """
    found = _WRITTEN.fullmatch(text.strip())
    unit = found[3] if found else ""
    known = unit.lower() if unit.lower() in ("calls", "tokens") else unit.upper()
    if found is None or Decimal(found[1]) <= 0 or (known.isupper() and len(known) != 3):
        raise DiscretionError(
            f"{text!r} is no budget", where="--budget", mend="write 5USD, 2000calls or 1Mtokens"
        )
    return Budget(Decimal(found[1]) * _TIMES[found[2]], known)


class Purse:
    """What a run has spent, and may still spend.

    Before a call the most that it may cost is set aside, afterwards what it did cost is paid:
    calls under way together never exceed the budget.
    """

    def __init__(self, budget: Budget | None = None) -> None:
        self.budget = budget
        self.calls = self.tokens = 0
        self.money: dict[str, Decimal] = {}
        """Spent, by currency."""
        self._spent = self._aside = Decimal(0)
        self._changed = asyncio.Condition()

    @property
    def left(self) -> Budget | None:
        """What is left of the budget, for another run; None where there is none."""
        if self.budget is None:
            return None
        return replace(self.budget, amount=self.budget.amount - self._spent)

    async def take(self, most: Usage, price: Price | None, where: str) -> Decimal:
        """Set aside what a call may cost; waits while only calls under way stand against it.

        Raises:
            StoppedError: even if these cost nothing, too little is left.
            DiscretionError: a budget in money does not fit the price.
        """
        amount = self._amount(most, price, where)
        if self.budget is None:
            return amount
        async with self._changed:
            while self._spent + self._aside + amount > self.budget.amount:
                if self._spent + amount > self.budget.amount:
                    raise StoppedError(
                        f"the budget of {self.budget} is spent, or too little is left of it for "
                        "the next call",
                        where=where,
                        mend="what was answered is kept; the same command goes on from here",
                    )
                await self._changed.wait()
            self._aside += amount
        return amount

    async def pay(self, aside: Decimal, used: Usage, price: Price | None, where: str) -> None:
        """Pay what a call did cost, and put the rest of what was set aside back."""
        self.calls += 1
        self.tokens += used.tokens_in + used.tokens_out
        if price is not None:
            before = self.money.get(price.currency, Decimal(0))
            self.money[price.currency] = before + price.of(used)
        if self.budget is None:
            return
        async with self._changed:
            self._aside -= aside
            self._spent += self._amount(used, price, where)
            self._changed.notify_all()

    def _amount(self, usage: Usage, price: Price | None, where: str) -> Decimal:
        unit = self.budget.unit if self.budget else "calls"
        if unit == "calls":
            return Decimal(1)
        if unit == "tokens":
            return Decimal(usage.tokens_in + usage.tokens_out)
        if price is None or price.currency != unit:
            has = f"its prices are in {price.currency}" if price else "it has no prices"
            raise DiscretionError(
                f"a budget in {unit} cannot be kept, since {has}",
                where=where,
                mend="set price_in, price_out and currency in discretion.toml, or give a budget "
                "in calls or tokens",
            )
        return price.of(usage)


@runtime_checkable
class Remote(Protocol):
    """A model, or an arm, that calls out: its calls are paid, its connections are closed."""

    async def open(self, purse: Purse) -> None:
        """Begin a run in the running event loop."""
        ...

    async def close(self) -> None: ...
