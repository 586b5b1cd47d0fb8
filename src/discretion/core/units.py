"""Units of policy values: what an amount is counted in, how it is read and how it is shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Literal

from discretion.canonical import plain_decimal
from discretion.errors import DiscretionError

Kind = Literal["number", "money", "clock", "date", "percent"]

_CURRENCY_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_MOST_DIGITS = 30
"""Before or after the point; what is written longer is a slip, and would fill pages."""
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Unit:
    """What a value is counted in."""

    kind: Kind
    """Decides how an amount is read and shown."""
    name: str
    """The currency code, or the noun in the plural: ``days``, ``points``, ``km``."""

    @classmethod
    def named(cls, name: str) -> Unit:
        """The unit of a name in YAML or on the command line.

        ``USD`` or ``$`` (any three capitals are a currency), ``%`` or ``percent``, ``clock`` for a
        time of day, ``date``; every other name is the noun that is counted: ``days``, ``points``.
        """
        clean = name.strip()
        for code, sign in _CURRENCY_SIGNS.items():
            if clean in (code, sign):
                return cls("money", code)
        if re.fullmatch(r"[A-Z]{3}", clean):
            return cls("money", clean)
        if clean in ("%", "percent"):
            return cls("percent", "percent")
        if clean == "clock":
            return cls("clock", "minutes")
        if clean == "date":
            return cls("date", "days")
        return cls("number", clean)

    def read(self, written: str | int | Decimal) -> Decimal:
        """The amount in the unit's own measure: minutes since midnight, days since year 1,
        percentage points, currency units, or what is counted.

        Raises:
            DiscretionError: what is written is no amount of this unit.
        """
        text = str(written).strip()
        try:
            if self.kind == "clock":
                return self._read_clock(text)
            if self.kind == "date":
                return Decimal(date.fromisoformat(text).toordinal())
            amount = Decimal(self._bare(text))
        except (InvalidOperation, ValueError):
            amount = Decimal("NaN")
        if not amount.is_finite() or abs(amount.adjusted()) > _MOST_DIGITS:
            raise DiscretionError(
                f"{text!r} is no {self._what()}", fix=f"write it like {self._like()}"
            )
        return amount

    def show(self, amount: Decimal) -> str:
        """The amount as people write it: ``$10.01``, ``15 days``, ``12:05``, ``20%``."""
        if self.kind == "clock":
            minutes = int(amount) % 1440
            return f"{minutes // 60}:{minutes % 60:02d}"
        if self.kind == "date":
            return date.fromordinal(int(amount)).isoformat()
        return self.show_distance(amount)

    def show_distance(self, amount: Decimal) -> str:
        """A difference of two amounts, in words: ``$0.01``, ``1 day``, ``5 minutes``."""
        if self.kind == "money":
            return self._show_money(amount)
        number = plain_decimal(amount)
        if self.kind == "percent":
            return f"{number}%"
        if not self.name:
            return number
        return f"{number} {self.singular if abs(amount) == 1 else self.name}"

    @property
    def sign(self) -> str:
        """The sign of a currency that has one: ``$`` of ``USD``."""
        return _CURRENCY_SIGNS.get(self.name, "") if self.kind == "money" else ""

    @property
    def singular(self) -> str:
        """The noun for one of them: ``day`` of ``days``."""
        if self.name.endswith("ies"):
            return self.name[:-3] + "y"
        return self.name[:-1] if self.name.endswith("s") else self.name

    def _show_money(self, amount: Decimal) -> str:
        cents = amount != amount.to_integral_value()
        number = f"{abs(amount):,.2f}" if cents else f"{abs(amount):,.0f}"
        minus = "-" if amount < 0 else ""
        sign = _CURRENCY_SIGNS.get(self.name)
        return f"{minus}{sign}{number}" if sign else f"{minus}{number} {self.name}"

    def _bare(self, text: str) -> str:
        """The number alone: without the sign, code or noun of this unit."""
        for mark in {_CURRENCY_SIGNS.get(self.name, ""), self.name, self.singular, "%"} - {""}:
            if mark == "%" and self.kind != "percent":
                continue
            text = text.removesuffix(mark).removeprefix(mark).strip()
        if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", text):
            text = text.replace(",", "")
        return text

    def _read_clock(self, text: str) -> Decimal:
        match = _CLOCK.fullmatch(text)
        if not match:
            raise ValueError(text)
        return Decimal(int(match[1]) * 60 + int(match[2]))

    def _what(self) -> str:
        nouns = {"clock": "time of day", "date": "date", "money": f"amount of {self.name}"}
        return nouns.get(self.kind, f"number of {self.name}" if self.name else "number")

    def _like(self) -> str:
        likes = {"clock": "12:05", "date": "2026-03-31", "money": "10.01", "percent": "20"}
        return likes.get(self.kind, "15")
