"""Canonical JSON, hashes and ids: the same bytes on every machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces; amounts as plain decimal strings.

    Decimals lose trailing zeros, so that 10 and 10.00 are one amount. NaN and infinities are
    refused: they have no JSON form, and a missing number is null. Keys are strings.
    """
    return _encode(value)


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON, 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def short_id(value: Any) -> str:
    """The first 16 digits of the digest: an id that people can still compare by eye."""
    return digest(value)[:16]


def fraction_of(value: Any) -> float:
    """A number in [0, 1) drawn from the digest: rotation and sampling without a random state."""
    return int(digest(value)[:13], 16) / 16**13


def plain_decimal(amount: Decimal) -> str:
    """An amount without exponent and without trailing zeros: 1E+1 and 10.0 are both ``10``."""
    normal = amount.normalize()
    return format(normal + 0 if normal == 0 else normal, "f")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain_decimal(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")


# Made once: every call that is asked is known by a digest.
_encode = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain
).encode
