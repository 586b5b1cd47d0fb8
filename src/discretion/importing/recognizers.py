"""Recognizers: what other packages bring to find personal data; none comes with this one.

A package names a function in the entry point group ``discretion.redactors``. It takes a text and
gives spans, each with its start, its end and its kind, such as ``(12, 21, "name")``; what stands
there becomes a mark like ``[name 1]``. Installed recognizers are always asked, before the patterns
of this package.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib.metadata import entry_points

from discretion.errors import DiscretionError

GROUP = "discretion.redactors"

Span = tuple[int, int, str]
"""Start and end in the text, and the kind: small letters, such as name, street or health."""

Recognizer = Callable[[str], Iterable[Span]]

_KIND = re.compile(r"[a-z]{1,20}")
_MARK = re.compile(r"\[[a-z]+ \d+\]")


@lru_cache(maxsize=1)
def recognizers() -> tuple[tuple[str, Recognizer], ...]:
    """The installed ones, by name.

    Raises:
        DiscretionError: one of them cannot be loaded.
    """
    found: list[tuple[str, Recognizer]] = []
    for entry in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        try:
            found.append((entry.name, entry.load()))
        except Exception as error:
            raise _failed(entry.name, error) from error
    return tuple(found)


def spans_of(name: str, recognizer: Recognizer, text: str) -> list[Span]:
    """What one recognizer finds, in order, without overlaps and outside of marks.

    Raises:
        DiscretionError: it fails, or gives what is no span of the text. Then nothing is imported:
            a text must not pass as masked because what looks at it is broken.
    """
    try:
        spans = sorted((int(start), int(end), str(kind)) for start, end, kind in recognizer(text))
    except Exception as error:
        raise _failed(name, error) from error
    taken = [mark.span() for mark in _MARK.finditer(text)]
    kept: list[Span] = []
    for start, end, kind in spans:
        if not (0 <= start < end <= len(text) and _KIND.fullmatch(kind)):
            raise _failed(name, ValueError(f"{(start, end, kind)} is not a span of the text"))
        free = not any(start < to and at < end for at, to in taken)
        if free and (not kept or start >= kept[-1][1]):
            kept.append((start, end, kind))
    return kept


def _failed(name: str, error: Exception) -> DiscretionError:
    return DiscretionError(
        f"the recognizer {name!r} failed ({type(error).__name__}: {error})",
        where=f"entry point {GROUP}",
        fix="repair or uninstall the package that brings it",
    )
