"""Identifiers: ids that people can read, from the names in a file."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from discretion.canonical import short_id
from discretion.importing.cells import RowError

_LONGEST = 60


@lru_cache(maxsize=4096)
def identifier(name: str) -> str:
    """``Late returns`` as ``late-returns``; a name that loses letters ends in a hash of itself.

    Capitals, spaces and signs do not tell two names apart; letters of any script do.
    """
    if not name:
        raise RowError("the name is empty")
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter)).lower()
    slug = re.sub(r"[^a-z0-9._]+", "-", plain).strip("-._")
    lost = any(letter.isalnum() and not letter.isascii() for letter in plain)
    if lost or len(slug) > _LONGEST or not slug:
        slug = f"{slug[:_LONGEST].rstrip('-._')}-{short_id(name)[:8]}".lstrip("-")
    return slug
