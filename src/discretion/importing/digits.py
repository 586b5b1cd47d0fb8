"""Digits: which long numbers are cards, phones or order numbers, and which are dates or amounts."""

from __future__ import annotations

import re
from collections.abc import Callable

Mark = Callable[[str, str], str]
"""Gives a thing of a kind its mark."""

_YEAR = r"(?:19|20)\d\d"
_MONTH, _DAY = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_TIME = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?"
_MONEY = r"(?:\d{1,3}(?:[ ,.'’\u00a0\u202f]\d{3}){1,4}|\d{1,9})(?:[.,]\d{1,2})?"
_CURRENCY = (
    r"(?:[$€£¥₽₹]|(?i:usd|eur|gbp|jpy|chf|rub|inr|dollars?|euros?|pounds?|rubles?|руб\w{0,4})\b)"
)
_NO_MORE = r"(?![-/.]?\d)"
KEPT = re.compile(
    rf"""(?<![\w.+-])(?:
      {_YEAR}(?P<a>[-/.]){_MONTH}(?P=a){_DAY}(?:[T\ ]{_TIME}(?:[+-]\d\d:?\d\d)?)?{_NO_MORE}
    | {_DAY}(?P<b>[-/.]){_MONTH}(?P=b)(?:{_YEAR}|\d\d){_NO_MORE}
    | {_MONTH}(?P<c>[-/.]){_DAY}(?P=c)(?:{_YEAR}|\d\d){_NO_MORE}
    | {_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)
    | {_YEAR}\ ?[-–/]\ ?{_YEAR}{_NO_MORE}
    | {_TIME}(?!\d)
    | (?:[$€£¥₽₹]|USD|EUR|GBP|JPY|CHF|RUB|INR)\ ?{_MONEY}(?![\d.,-]*\d)
    | {_MONEY}\ ?{_CURRENCY}
    | [1-9]\d*00\ ?[-–]\ ?[1-9]\d*00{_NO_MORE}
    | (?:0|[1-9]\d{{0,8}})[.,]\d{{1,8}}(?![-/.,\ ]?\d)
    | (?:[1-9]\d{{0,3}}000|[1-9]\d?0{{5,8}})(?![-/.,\ ]?\d)
    )""",
    re.X,
)
"""Dates, times, ranges and amounts: however many digits they have, they stay."""

QUANTITY = re.compile(
    r"\s?(?:%|[$€£¥₽₹]|(?:usd|eur|gbp|rub|dollars?|euros?|pounds?|days?|hours?|weeks?|months?"
    r"|years?|minutes?|items?|pieces?|pcs|units?|times|people|руб|дн|шт))(?!\w)",
    re.I,
)
"""What stands behind a number that counts something."""

_CARD = re.compile(  # 13 to 19 digits, in groups as on a card or in none.
    r"(?<!\d)(?:\d{4}([ -]?)\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{4,5}|\d{13,19})(?!\d)"
)
_RUN = re.compile(r"(?<!\w)(?:\+ ?)?\(?\d(?:(?: ?[-–/(] ?|\) ?[-/]? ?|[ .\u00a0])?\d){6,}+")
_PHONE_CUE = re.compile(
    r"(?:phone|mobile|call|t[eé]l|cell|whatsapp|contact|dial|reach|fax|sms|handy"
    r"|text(?:ed)? (?:me|us)|тел|звон"
    r"|(?:my|our|his|her|their)\s(?:new |own |work |home )?(?:number|no\.?|nr\.?))"
    r"\w{0,6}\W{0,3}(?:\w{1,8}\W{1,2}){0,2}$",
    re.I,
)
_CUE_BEHIND = re.compile(
    r"\W{0,3}(?:is |was )?(?:my |our |the |his |her )?(?:\w{1,8} )?"
    r"(?:phone|mobile|cell|tel|whatsapp|handy|fax|тел)",
    re.I,
)
_DIALED = range(9, 13)
"""Digits of a phone that stands alone on a line below others, as under a letter."""
_CUE_REACH = 32
_SHORTEST_CARD = 12
_SHORTEST_ID = 9
"""Digits of a number that is taken for an id without a word that says so."""


def luhn(number: str) -> bool:
    """ISO 7812: every second digit from the right doubled, the sum of all digits ends in 0."""
    digits = [int(digit) for digit in reversed(number)]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def mark_numbers(text: str, mark: Mark) -> str:
    """Cards, phones and other long numbers in a text, those that are dates or amounts aside."""
    return _RUN.sub(lambda found: _marked(found, mark), text)


def _marked(found: re.Match[str], mark: Mark) -> str:
    """A run of digits with its cards marked, then what is no date or amount in it."""
    run, text = found[0], found.string
    start, end = found.span()
    if len(run) > _SHORTEST_CARD:
        without = _CARD.sub(lambda card: _card(card[0], mark), run)
        if without != run:
            return mark_numbers(without, mark)
    parts = []
    # A sign before it or a currency behind it makes a number an amount.
    for kept in KEPT.finditer(text, max(0, start - 4), end + 12):
        if kept.end() > start and kept.start() < end:
            parts += [_RUN.sub(lambda piece: _classified(piece, mark), text[start : kept.start()]),
                      text[max(start, kept.start()) : min(end, kept.end())]]  # fmt: skip
            start = kept.end()
    if not parts:
        return _classified(found, mark)
    return "".join([*parts, _RUN.sub(lambda piece: _classified(piece, mark), text[start:end])])


def _card(written: str, mark: Mark) -> str:
    number = re.sub(r"[ -]", "", written)
    return mark("card", number) if luhn(number) and number[0] in "23456" else written


def _classified(found: re.Match[str], mark: Mark) -> str:
    run, rest = _without_quantity(found[0], found.string[found.end() :][:12])
    digits, groups = re.sub(r"\D", "", run), re.findall(r"\d+", run)
    before = found.string[max(0, found.start() - _CUE_REACH) : found.start()]
    if len(digits) > 15:
        kind = "order"
    elif (
        run[0] == "+"
        or digits[0] == "0"
        or _PHONE_CUE.search(before)
        or _CUE_BEHIND.match(found.string, found.end())
        or _alone(found, digits)
    ):
        kind = "phone"
    elif len(groups) == 1 and len(digits) >= _SHORTEST_ID:
        kind = "order"
    elif len(digits) >= 9 and max(map(len, groups)) >= 3:
        kind = "phone"
    else:
        kind = ""
    if len(digits) < 7 or not kind:
        return found[0]
    # With and without the country's code it is one phone.
    return mark(kind, digits[-9:] if kind == "phone" else digits) + rest


def _alone(found: re.Match[str], digits: str) -> bool:
    """Whether a number stands alone on a line that is not the first."""
    text, (start, end) = found.string, found.span()
    return (
        len(digits) in _DIALED
        and text[max(0, start - 8) : start].rstrip(" \t").endswith("\n")
        and text[end : end + 8].lstrip(" \t\r.")[:1] in ("", "\n")
    )


def _without_quantity(run: str, behind: str) -> tuple[str, str]:
    """A run of digits, and what at its end is a number of its own: 15 of ``555 26 71 15 days``."""
    last = re.search(r"[ \u00a0](\d{1,4})$", run)
    if last is None:
        return run, ""
    left = len(re.sub(r"\D", "", run[: last.start()]))
    if QUANTITY.match(behind) or (len(last[1]) <= 2 and left >= 10):
        return run[: last.start()], last[0]
    return run, ""
