"""Budgets: what calls may cost, in calls, tokens or money, and what was spent of them."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
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
    call: Decimal = Decimal(0)
    """For each call, whatever it uses."""

    def of(self, usage: Usage) -> Decimal:
        total = self.tokens_in * usage.tokens_in + self.tokens_out * usage.tokens_out
        return total / 1_000_000 + self.call


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
        return self.shown(self.amount)

    def shown(self, amount: Decimal) -> str:
        """An amount in the budget's unit."""
        gap = "" if self.is_money else " "
        return f"{plain_decimal(amount)}{gap}{self.unit}"


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
            f"{text!r} is no budget", where="--budget", fix="write 5USD, 2000calls or 1Mtokens"
        )
    return Budget(Decimal(found[1]) * _TIMES[found[2]], known)


@dataclass(frozen=True, slots=True)
class Aside:
    """What is set aside for one call."""

    amount: Decimal
    """In the budget's unit."""
    paid: bool
    """It is one of the paid calls."""


class Spending:
    """What a run has spent, and may still spend.

    Before a call the most that it may cost is set aside, afterwards what it did cost is paid:
    calls under way together never exceed the budget.
    """

    def __init__(self, budget: Budget | None = None, *, paid_calls: int | None = None) -> None:
        self.budget = budget
        self.paid_calls = paid_calls
        """So many paid calls may still be made; None means any number."""
        self.calls = self.tokens = 0
        self.money: dict[str, Decimal] = {}
        """Spent, by currency."""
        self._spent = self._aside = Decimal(0)
        self._changed = asyncio.Condition()

    def rest(self) -> Spending:
        """Only what is left of the budget, for another run."""
        left = self.budget and replace(self.budget, amount=self.budget.amount - self._spent)
        return Spending(left, paid_calls=self.paid_calls)

    async def take(
        self, most: Usage, price: Price | None, where: str, *, paid: bool = False
    ) -> Aside:
        """Set aside what a call may cost; waits while only calls under way stand against it.

        Args:
            paid: it costs something, whether or not it is known how much.

        Raises:
            StoppedError: even if these cost nothing, too little is left.
            DiscretionError: a budget in money does not fit the price.
        """
        amount = self._amount(most, price, where)
        if self.budget is not None:
            async with self._changed:
                while self._spent + self._aside + amount > self.budget.amount:
                    if self._spent + amount > self.budget.amount:
                        raise self._overdrawn(self.budget, amount, where)
                    await self._changed.wait()
                self._aside += amount
        if paid and self.paid_calls is not None:
            if not self.paid_calls:
                raise StoppedError(
                    f"{PAID_CALLS:,} paid calls were made, as many as may be without a budget",
                    where=where,
                    fix="what was answered is kept; to go on, add --budget 5USD, --budget "
                    "20000calls or --yes",
                )
            self.paid_calls -= 1
        return Aside(amount, paid)

    async def pay(self, aside: Aside, used: Usage | None, price: Price | None, where: str) -> None:
        """Pay what a call did cost, and put the rest of what was set aside back.

        Args:
            used: None where the call was turned away, or never came to anything: it is not counted.
        """
        if used is not None:
            self.calls += 1
            self.tokens += used.tokens_in + used.tokens_out
        elif aside.paid and self.paid_calls is not None:
            self.paid_calls += 1
        if used is not None and price is not None:
            before = self.money.get(price.currency, Decimal(0))
            self.money[price.currency] = before + price.of(used)
        if self.budget is None:
            return
        async with self._changed:
            self._aside -= aside.amount
            if used is not None:
                self._spent += self._amount(used, price, where)
            self._changed.notify_all()

    def _overdrawn(self, budget: Budget, amount: Decimal, where: str) -> StoppedError:
        """What to say where a call may cost more than is left."""
        kept = "what was answered is kept; " if self._spent else ""
        left = budget.amount - self._spent
        what = f"the budget of {budget} is spent"
        if left > 0:
            # Three figures, upward and downward, so that it never looks as if it were enough.
            most = budget.shown(_rounded(amount, ROUND_CEILING))
            what = (
                f"{budget.shown(_rounded(left, ROUND_FLOOR))} of the budget of {budget} is left, "
                f"and the next call may cost {most}"
            )
        enough = amount <= budget.amount
        fix = "the same command goes on from here" if enough else "give a larger budget"
        return StoppedError(what, where=where, fix=kept + fix)

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
                fix="set price_in, price_out and currency in discretion.toml (of an agent "
                "price_call and currency), or give a budget in calls or tokens",
            )
        return price.of(usage)


def _rounded(amount: Decimal, way: str) -> Decimal:
    return Context(prec=3, rounding=way).plus(amount)


@runtime_checkable
class Remote(Protocol):
    """A model, or an arm, that calls out: its calls are paid, its connections are closed."""

    async def open(self, spending: Spending) -> None:
        """Begin a run in the running event loop."""
        ...

    async def close(self) -> None: ...
