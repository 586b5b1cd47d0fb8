"""Calls to one endpoint: opened, held within limits, tried again, and paid."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal

from discretion.budgets import Price, Spending, Usage
from discretion.models.endpoint_settings import EndpointSettings
from discretion.models.limits import Limits
from discretion.models.reply_gate import Fault, Gate, printable
from discretion.models.retry import PATIENCE_S, MishapError, Retries
from discretion.models.wire import Dialect, Reply, Wire, WireRequest, used


class Calls:
    """Belongs to one event loop between `open` and `close`; the wire is made when it is needed."""

    def __init__(
        self,
        name: str,
        settings: EndpointSettings,
        dialect: Dialect,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._name, self._settings, self._dialect, self._sleep = name, settings, dialect, sleep
        self._retries = Retries(settings.attempts, sleep)
        self._wire: Wire | None = None
        self.open(Spending())

    def open(self, spending: Spending, model: str = "") -> None:
        """Begin a run: pay from a budget, and take replies of one model, each once.

        Args:
            model: the server's name of the model that was probed; empty takes any.
        """
        settings = self._settings
        self._spending = spending
        self._gate = Gate(model, self._name)
        self._limits = Limits(settings.max_in_flight, settings.requests_per_minute, self._sleep)

    async def close(self) -> None:
        if self._wire is not None:
            await self._wire.close()
            self._wire = None

    async def ask(self, question: WireRequest, seed: object) -> Reply:
        """A question asked until it is answered, and paid; the reply has passed the gate.

        Raises:
            MishapError: it is not, or by no answer, after every attempt that can help.
            StoppedError: too little is left of the budget.
        """
        return await self._retries.run(lambda: self._paid(question), seed)

    async def _paid(self, question: WireRequest) -> Reply:
        """One attempt; where it may have been answered without our hearing so, the most that it
        may have cost is paid, and nothing where it was turned away."""
        price, paid = self._price(), self._settings.is_paid
        bound = Usage(question.size // 2 + 64, question.max_tokens * question.choices)
        aside = await self._spending.take(bound, price, self._name, paid=paid)
        cost = fault = None
        try:
            reply = await self._attempt(question)
            fault = self._gate.fault(reply, question)
            # A count that cannot be is no price.
            miscounted = fault is not None and fault.check == "prompt tokens"
            cost = bound if miscounted else Usage(*used(reply, question))
        except MishapError as mishap:
            if mishap.arrived:
                cost = bound
            raise
        finally:
            await self._spending.pay(aside, cost, price, self._name)
        if fault is not None:
            raise _mishap(fault, reply)
        return reply

    async def _attempt(self, question: WireRequest) -> Reply:
        if self._wire is None:
            self._wire = Wire(self._name, self._settings, self._dialect)
        async with self._limits.turn():
            try:
                return await self._wire.ask(question)
            except MishapError as mishap:
                if mishap.after is not None and mishap.after <= PATIENCE_S:
                    self._limits.hold(mishap.after)
                raise

    def _price(self) -> Price | None:
        """None where the settings give none; a server on this machine is free then."""
        settings, budget = self._settings, self._spending.budget
        if settings.price is None and settings.is_local and budget and budget.is_money:
            return Price(Decimal(0), Decimal(0), budget.unit)
        return settings.price


def _mishap(fault: Fault, reply: Reply) -> MishapError:
    return MishapError(
        fault.what,
        said=fault.said or printable(reply.text),
        passes=fault.passes,
        status=200,
        fix=fault.fix,
        for_all=fault.for_all,
    )
