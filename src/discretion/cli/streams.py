"""Streams that cannot write every letter: what is printed becomes plainer, and nothing crashes."""

from __future__ import annotations

import codecs
import io
import unicodedata
from typing import TextIO

_PLAIN = {
    "−": "-",
    "–": "-",
    "—": "-",
    "…": "...",
    "“": '"',
    "”": '"',
    "„": '"',
    "‘": "'",
    "’": "'",
    "·": "*",
    "×": "x",
    "≤": "<=",
    "≥": ">=",
    "→": "->",
    "€": "EUR ",
    "£": "GBP ",
    "¥": "JPY ",
    "ß": "ss",
}
_NAME = "discretion-plain"


def speak_plainly(stream: TextIO) -> None:
    """From now on letters that the stream's encoding lacks are written as others that mean the
    same: a minus sign as a hyphen, an ellipsis as three dots."""
    if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
        stream.reconfigure(errors=_NAME)


def writes(stream: TextIO, text: str) -> bool:
    """Whether the stream's encoding has all of a text's letters."""
    try:
        text.encode(stream.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def plainer(text: str, encoding: str) -> str:
    """The text in letters that the encoding has."""
    return text.encode(encoding, _NAME).decode(encoding)


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    found = error.object[error.start : error.end]
    return "".join(_plain(letter) for letter in found), error.end


def _plain(letter: str) -> str:
    apart = unicodedata.normalize("NFKD", letter)
    return _PLAIN.get(letter) or "".join(one for one in apart if one.isascii()) or "?"


codecs.register_error(_NAME, _replace)
