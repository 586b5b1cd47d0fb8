"""Numerals: how the numbers of a column are written, decided once for all of its cells.

``1.234`` is one thousand or one and a bit, and a single cell cannot say which. A column mostly can:
``20,50`` elsewhere in it settles that the comma is its decimal sign. Where nothing settles it the
reading stops and asks. A cell that contradicts the rest of its column is a bad row, never a number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from functools import lru_cache
from typing import Literal, NamedTuple

from discretion.canonical import plain_decimal
from discretion.core.units import Unit
from discretion.errors import DiscretionError
from discretion.importing.cells import ASIDE, RowError, quoted
from discretion.importing.dates import epoch_format
from discretion.importing.rows import Typed

DecimalSign = Literal[".", ","]

_SIGNS: Mapping[str, str] = {
    "$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₽": "RUB", "₹": "INR",
    "₴": "UAH", "R$": "BRL", "A$": "AUD", "C$": "CAD", "zł": "PLN", "kč": "CZK", "ft": "HUF",
    "kr": "kr",
    "fr": "CHF", "sfr": "CHF", "руб": "RUB", "р": "RUB", "рублей": "RUB", "рубля": "RUB",
    "dollar": "USD", "dollars": "USD", "euro": "EUR", "euros": "EUR", "pound": "GBP",
    "pounds": "GBP",
}  # fmt: skip
_TIMES: Mapping[str, str] = {
    word: name
    for name, words in {
        "days": "day days tag tage tagen jour jours día días dia dias giorno giorni "
        "день дня дней дн",
        "hours": "h hr hrs hour hours stunde stunden heure heures hora horas ora ore час "
        "часа часов",
        "minutes": "min mins minute minutes minuten minuto minutos minuti минут минуты мин",
        "weeks": "week weeks woche wochen semaine semaines semana semanas неделя недели недель",
        "months": "month months monat monate mois mes meses mese mesi месяц месяца месяцев",
        "seconds": "s sec secs second seconds sekunde sekunden segundo segundos секунд секунды",
    }.items()
    for word in words.split()
}
_FACTORS: Mapping[str, int] = {
    "k": 1_000, "тыс": 1_000, "tsd": 1_000, "m": 1_000_000, "mn": 1_000_000, "mio": 1_000_000,
    "млн": 1_000_000, "bn": 1_000_000_000, "mrd": 1_000_000_000,
}  # fmt: skip
_PARTS = re.compile(
    r"""(?P<open>\()?\s*(?P<sign>[-+−–])?\s*
    (?:(?P<before>[A-Z]{0,2}\$|[€£¥₽₹₴]|[^\W\d_]{1,12})\.?\s*)?(?P<minus>[-−–])?\s*
    (?P<body>\d(?:[\d.,'’\s]*\d)?|[.,]\d+)(?P<dash>[.,](?:[-–—]{1,2})?)?(?P<exponent>[eE][-+]?\d{1,3}(?!\d))?
    (?P<gap>\s*)(?P<behind>%|[A-Z]{0,2}\$|[€£¥₽₹₴]|[^\W\d_]{1,12})?\.?
    \s*(?P<more>%|[A-Z]{0,2}\$|[€£¥₽₹₴]|[^\W\d_]{1,12})?\.?
    \s*(?P<last>[-−])?\s*(?P<close>\))?""",
    re.X,
)
_PAIRS: tuple[tuple[DecimalSign, str], ...] = ((".", ","), (",", "."))
_NUMBERS: Mapping[DecimalSign, re.Pattern[str]] = {
    sign: re.compile(
        rf"(?:\d+|[1-9]\d{{0,2}}([{other}'’ ])\d{{3}}(?:\1\d{{3}})*"
        rf"|[1-9]\d?(?:{other}\d\d)+{other}\d{{3}})?(?:{re.escape(sign)}\d+)?"
    )
    for sign, other in _PAIRS
}
_FINE = Context(prec=15)
"""What is computed in binary is exact to 15 digits: 3.300000000000002 is 3.3."""
_FEW = 30
"""Distinct cells from which on a missing trailing zero is no chance."""
_KEPT = 20_000
"""Different cells of a column that are remembered while it is profiled."""
_LONGEST = 60


class NumeralParts(NamedTuple):
    """A cell taken apart."""

    negative: bool
    body: str
    """Digits with their points, commas and spaces."""
    readings: frozenset[DecimalSign]
    """The decimal signs by which the body is a number."""
    exponent: str
    percent: bool
    mark: str
    """A currency's code, a unit, or another word; empty where there is none."""
    factor: str
    """k, m or bn as it is written; a lone m may also be a unit."""

    @property
    def open(self) -> bool:
        """Whether it is another number by each sign."""
        return len(self.readings) == 2 and ("." in self.body or "," in self.body)

    @property
    def decimals(self) -> int:
        """Digits behind the decimal sign of a cell that only one sign reads."""
        (sign,) = self.readings
        return len(self.body.partition(sign)[2])


@lru_cache(maxsize=4096)
def taken_apart(cell: str) -> NumeralParts | None:
    """The parts of a number as people write it; None where it is no number."""
    if len(cell) > _LONGEST or not (found := _PARTS.fullmatch(cell.strip())):
        return None
    if bool(found["open"]) != bool(found["close"]):
        return None
    body = re.sub(r"\s", " ", found["body"])
    readings = frozenset(sign for sign, form in _NUMBERS.items() if form.fullmatch(body))
    signs = [one for one in (found["sign"], found["minus"], found["last"]) if one]
    words = [one for one in (found["before"], found["behind"], found["more"]) if one]
    factor, marks, percent = "", [], False
    for word in words:
        small = word.casefold()
        if word == "%":
            percent = True
        elif small in _FACTORS and word is not found["before"] and not factor:
            # "1.5 m" is a length, "1.5m" may be millions.
            if small == "m" and found["gap"]:
                marks.append(small)
            else:
                factor = small
        else:
            marks.append(_named(word))
    if not readings or len(signs) > 1 or len(set(marks)) > 1 or (signs and found["open"]):
        return None
    negative = bool(found["open"]) or (bool(signs) and signs[0] != "+")
    return NumeralParts(
        negative,
        body,
        readings,
        found["exponent"] or "",
        percent,
        marks[0] if marks else "",
        factor,
    )


def _named(word: str) -> str:
    """One name for all spellings of a currency or a unit."""
    small = word.casefold()
    if word in _SIGNS or small in _SIGNS:
        return _SIGNS.get(word) or _SIGNS[small]
    if re.fullmatch(r"[A-Z]{3}", word):
        return word
    return _TIMES.get(small, small)


def is_currency(mark: str) -> bool:
    return mark == "kr" or re.fullmatch(r"[A-Z]{3}", mark) is not None


def is_number(cell: str) -> bool:
    """Whether a cell is a number in any form that a column may have: for surveys and guesses."""
    return taken_apart(cell) is not None


@dataclass(frozen=True, slots=True)
class NumberForm:
    """How the numbers of one column are written."""

    column: str = ""
    decimal: DecimalSign = "."
    mark: str = ""
    """What the column is counted in, as its cells say: EUR, days; empty where they do not."""
    unit: str = ""
    """What the user said that it is counted in."""
    millions: bool = False
    """Whether an m behind a number is a million."""
    mixed: bool = False
    """Whether each cell says what it is counted in, as in a sheet of several scenarios: such a cell
    stays as it is, and is read in the unit of the case that its row is about."""
    _known: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def plain(self, cell: str) -> str:
        """The number as ``-1234.5`` or ``44.5%``; what is no number at all stays as it is.

        Raises:
            RowError: it is a number, and contradicts the column's form.
        """
        if isinstance(cell, Typed) or (cell.isascii() and cell.isdigit()):
            return str(cell)
        known = self._known.get(cell)
        if known is None:
            known = self._plain(cell)
            if len(self._known) < _KEPT:
                self._known[cell] = known
        return known

    def _plain(self, cell: str) -> str:
        written = taken_apart(cell)
        if written is None:
            return cell
        mark, factor = written.mark, written.factor
        if factor == "m" and not self.millions:
            mark, factor = mark or "m", ""
        if self.mixed and mark and mark != _named(self.unit):
            return cell
        if mark and mark not in (self.mark, _named(self.unit)):
            kind = f"in {self.mark}" if self.mark else "plain numbers"
            raise self._contradiction(cell, f"the other cells of its column are {kind}")
        if self.decimal not in written.readings:
            name = "comma" if self.decimal == "," else "point"
            raise self._contradiction(cell, f"its column has a decimal {name}")
        text = re.sub(rf"[^\d{re.escape(self.decimal)}]", "", written.body).replace(",", ".")
        amount = Decimal(f"{'-' if written.negative else ''}{text}{written.exponent}")
        if factor:
            amount *= _FACTORS[factor]
        if abs(amount.adjusted()) > _LONGEST:
            return cell
        if "." in text and len(amount.as_tuple().digits) > _FINE.prec:
            amount = _FINE.plus(amount)
        return plain_decimal(amount) + "%" * written.percent

    def _contradiction(self, cell: str, why: str) -> RowError:
        return RowError(
            f"{quoted(cell)} is written differently: {why}",
            cell,
            column=self.column,
            fix=f"write it like the others, or {ASIDE}",
        )


class AmbiguousNumbersError(DiscretionError):
    """A column whose numbers can be read in two ways: a question for whoever knows the file."""

    def __init__(self, column: str, example: str, why: str, where: str) -> None:
        self.column = column
        self.readings: dict[DecimalSign, str] = {
            sign: NumberForm(decimal=sign, mark=written.mark).plain(example)
            for sign in (".", ",")
            if (written := taken_apart(example))
        }
        """What the example means by each decimal sign, for a question to the user."""
        by_point, by_comma = self.readings["."], self.readings[","]
        super().__init__(
            f"the numbers can be read in two ways{why}: is {example!r} {by_point} or {by_comma}?",
            where=f"{where}, column {column!r}",
            fix=f"say which sign is the decimal sign: --decimal . ({by_point}) or "
            f"--decimal , ({by_comma})",
        )


@dataclass(slots=True)
class Profile:
    """What was seen of a column's numbers; each different cell counts once."""

    column: str
    numbers: int = 0
    point: int = 0
    """Cells that are numbers only with a decimal point, and the most decimals among them."""
    comma: int = 0
    longest: dict[DecimalSign, int] = field(default_factory=dict)
    open: dict[str, list[str]] = field(default_factory=lambda: {".": [], ",": []})
    """Cells that could be either, by the sign in them."""
    marks: Counter[str] = field(default_factory=Counter)
    factors: set[str] = field(default_factory=set)
    epochs: Counter[str] = field(default_factory=Counter)
    """How many of its numbers look like times since 1970, by their kind."""
    first_epoch: str = ""
    _seen: set[str] = field(default_factory=set)

    def add(self, cell: str) -> None:
        if not cell or cell in self._seen:
            return
        if len(self._seen) < _KEPT:
            self._seen.add(str(cell))
        written = taken_apart(cell)
        if written is None:
            return
        self.numbers += 1
        kind = epoch_format(cell)
        self.epochs[kind] += 1
        self.first_epoch = self.first_epoch or (str(cell) if kind else "")
        if isinstance(cell, Typed):
            return
        if written.mark:
            self.marks[written.mark] += 1
        if written.factor:
            self.factors.add(written.factor)
        if len(written.readings) == 1:
            (sign,) = written.readings
            self.point += sign == "."
            self.comma += sign == ","
            self.longest[sign] = max(self.longest.get(sign, 0), written.decimals)
        elif written.open:
            used = "." if "." in written.body else ","
            self.open[used].append(str(cell))

    @property
    def epoch(self) -> str:
        """The format of its times since 1970; empty where it holds none."""
        kind, count = max(self.epochs.items(), key=lambda one: one[1], default=("", 0))
        return kind if kind and count >= 0.9 * self.numbers else ""

    @property
    def mark(self) -> str:
        """What its cells say that they are counted in."""
        if not self.marks:
            return ""
        mark, count = self.marks.most_common(1)[0]
        return mark if is_currency(mark) or count >= 0.2 * self.numbers else ""

    def sign(self, *, money: bool) -> tuple[DecimalSign | None, str]:
        """The decimal sign, and why it is in doubt; None and no reason where nothing says."""
        point, comma = self.point, self.comma
        if point and comma:
            if max(point, comma) < 4 * min(point, comma):
                return None, " (some have a decimal point, others a decimal comma)"
            return (".", "") if point > comma else (",", "")
        if money and self.open["."] and self.open[","]:
            return None, " (some have three digits behind a point, others behind a comma)"
        # Nobody writes money with three decimals: there 1.234 has a point between thousands.
        point += money * len(self.open[","])
        comma += money * len(self.open["."])
        if not point and not comma:
            return None, ""
        if point and comma:
            return None, " (there are both thousands and decimals)"
        sign: DecimalSign = "." if point else ","
        beside = self.open[sign]
        if beside and not money and not self._fine(sign, beside):
            return None, " (it has numbers with three decimals and numbers with fewer)"
        return sign, ""

    def _fine(self, sign: DecimalSign, beside: list[str]) -> bool:
        """Whether numbers such as 1.234 beside 20.5 are sure to be no thousands: because others
        have three decimals too, or because none of many ends in a zero."""
        if self.longest.get(sign, 0) >= 3:
            return True
        return len(beside) >= _FEW and not any(one.endswith("0") for one in beside)

    @property
    def example(self) -> str:
        either = [*self.open["."], *self.open[","]]
        return either[0] if either else ""


def cells_unit(column: str, cells: Iterable[str]) -> str:
    """What these cells of a column say that they are counted in: EUR, days; empty where nothing."""
    profile = Profile(column)
    for cell in cells:
        profile.add(cell)
    return profile.mark


def forms_of(
    profiles: Mapping[str, Profile], *, given: DecimalSign | None, unit: str, where: str
) -> tuple[dict[str, NumberForm], list[str]]:
    """The form of each column, and what is worth saying about them.

    Raises:
        AmbiguousNumbersError: a column can be read in two ways, and no other tells.
    """
    forms: dict[str, NumberForm] = {}
    notes: list[str] = []
    signs: dict[str, tuple[DecimalSign | None, str]] = {}
    for name, profile in profiles.items():
        money = is_currency(profile.mark) or Unit.named(unit).kind == "money"
        signs[name] = profile.sign(money=money)
    settled = {sign for sign, _ in signs.values() if sign}
    for name, profile in profiles.items():
        sign, why = signs[name]
        if given is not None:
            sign = given
        elif sign is None and profile.example:
            if why or len(settled) != 1:
                raise AmbiguousNumbersError(name, profile.example, why, where)
            (sign,) = settled
            notes.append(
                f"column {name!r}: {profile.example!r} is read with a decimal "
                f"{'comma' if sign == ',' else 'point'}, as the other numbers of this file are"
            )
        elif sign is None and why:
            raise DiscretionError(
                f"the numbers are written in two ways{why}",
                where=f"{where}, column {name!r}",
                fix="write them in one way, or name the right one: --decimal . or --decimal ,",
            )
        _check_unit(name, profile.mark, unit, where)
        many = bool(profile.factors - {"m"}) or is_currency(profile.mark)
        millions = many or Unit.named(unit).kind == "money"
        mark = profile.mark
        if "m" in profile.factors and not millions and not mark:
            mark = "m"
        forms[name] = NumberForm(name, sign or ".", mark, unit, millions)
        if sign == ",":
            notes.append(f"column {name!r}: numbers have a decimal comma")
    return forms, notes


def _check_unit(column: str, mark: str, unit: str, where: str) -> None:
    """Raise where the cells say another currency or measure of time than the user."""
    said = _named(unit) if unit else ""
    both = is_currency(mark) and is_currency(said), {mark, said} <= set(_TIMES.values())
    if said and mark and mark != said and any(both):
        raise DiscretionError(
            f"the cells are in {mark}, and --unit says {unit}",
            where=f"{where}, column {column!r}",
            fix=f"say --unit {mark}, or map another column",
        )
