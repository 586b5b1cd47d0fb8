"""Samples: what a person looks at before texts count as masked.

Patterns find much of what is personal and not all of it. A dozen passages show what became marks,
and some more what may be personal and was left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import Any

from discretion.importing.digits import KEPT

MASKED, LEFT = 12, 8
_LOOKED_AT = 5_000
"""Texts that are looked at, at most."""
_AROUND = 36
"""Letters shown on each side."""
_MARK = re.compile(r"\[[a-z]+ \d+\]")
_CAP = r"[^\W\d_a-zа-яß-öø-ÿ][^\W\d_]+"
_SUSPECT = re.compile(
    rf"(?<=[^\W\d_] )(?<![.!?:] ){_CAP} {_CAP}|@\w|[#№] ?\d{{3,}}"
    r"|\b[A-Z]{1,4}-?\d{4,}\b|\b\d{5,}\b"
)
"""Two capitals in a row within a sentence, an at sign, a code, a long number."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Passages of texts, one line each."""

    masked: tuple[str, ...]
    """Around marks."""
    left: tuple[str, ...]
    """Around what may be personal and stayed: names within sentences, codes, long numbers."""

    @property
    def json(self) -> Mapping[str, Any]:
        return {"masked": list(self.masked), "possible_leftovers": list(self.left)}


def samples(texts: Iterable[str]) -> Samples:
    """Passages of these texts, chosen by a hash: the same texts give the same ones."""
    chosen = sorted(
        islice(dict.fromkeys(texts), _LOOKED_AT),
        key=lambda text: blake2b(text.encode(), digest_size=8).digest(),
    )
    masked: dict[str, str] = {}
    left: dict[str, str] = {}
    for text in chosen:
        for found in _MARK.finditer(text):
            # One of a text, and no two that show the same surroundings.
            shown = _passage(text, *found.span())
            key = _MARK.sub("", shown)
            if len(masked) < MASKED and key not in masked:
                masked[key] = shown
                break
        for found in _SUSPECT.finditer(text):
            if len(left) < LEFT and found[0] not in left and not _is_kept(text, *found.span()):
                left[found[0]] = _passage(text, *found.span())
                break
        if len(masked) == MASKED and len(left) == LEFT:
            break
    return Samples(tuple(masked.values()), tuple(left.values()))


def _is_kept(text: str, start: int, end: int) -> bool:
    """Whether it is a part of a date or an amount."""
    around = KEPT.finditer(text, max(0, start - 12), end + 12)
    return any(one.start() < end and start < one.end() for one in around)


def _passage(text: str, start: int, end: int) -> str:
    """The surroundings of a passage on one line, cut between words."""
    before, behind = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
    if start > _AROUND:
        before = "…" + before.partition(" ")[2]
    if end + _AROUND < len(text):
        behind = behind.rpartition(" ")[0] + "…"
    return " ".join(f"{before}{text[start:end]}{behind}".split())
