"""Threads: a request cut off where what followed it begins."""

from __future__ import annotations

import re

_ENOUGH = 200
"""Letters by which the beginning of what followed is recognized; quoting may change its end."""


def cut(text: str, end: str) -> str | None:
    """The text before `end` begins, however its lines are broken; None where it is not there."""
    words = end[:_ENOUGH].split()
    if len(end) > _ENOUGH and len(words) > 1:
        words.pop()  # It may be half a word.
    place = text.find(" ".join(words))
    if place < 0:
        found = re.search(r"\s+".join(map(re.escape, words)), text)
        if found is None:
            return None
        place = found.start()
    return text[:place].rstrip(" \t\r\n>|-_*")
