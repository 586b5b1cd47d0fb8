"""Kinship: cases whose texts nearly repeat each other, found by MinHash.

A text is the set of its word triples. Forty of the smallest hashes of each set estimate how much
two sets share (Broder 1997); only texts that agree in four hashes in a row are compared.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from discretion.core.cases import Case

NEARLY = 0.65
"""Share of word triples that two texts must have in common, as estimated."""
_BANDS, _ROWS = 10, 4
_CHUNK = 10_000
"""Texts in memory as numbers at once."""
_MOST_WORDS = 1_000_000
_WORD = re.compile(r"\w+")
_BLANKS = (1, 2)
_WEIGHTS = np.random.default_rng(97).integers(1, 2**63, (3, _BANDS * _ROWS), dtype=np.uint64)

Codes = NDArray[np.uint64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Kinship:
    """Cases, each with its kin."""

    cases: tuple[Case, ...]
    groups: int
    """Groups of two or more that nearly repeat each other."""
    alike: int
    """Of these cases, how many are in such a group."""


def with_kin(cases: Sequence[Case], known: Sequence[Case] = ()) -> Kinship:
    """The cases, each naming the case that it nearly repeats.

    Those of a group name one of `known` where it is among them, since what is stored does not
    change; otherwise the one with the smallest id, so that the order of the rows does not matter.
    Cases that differ in a declared factor are no near-duplicates, however alike their texts: a
    vignette is told twice on purpose.
    """
    stored = {case.id for case in known}
    fresh = [case for case in cases if case.id not in stored]
    all_of_them = [case for case in (*known, *sorted(fresh, key=_id)) if case.text]
    group = alike([case.text or "" for case in all_of_them])
    first: dict[tuple[int, frozenset[tuple[str, str]]], Case] = {}
    kin: dict[str, str] = {}
    for case, number in zip(all_of_them, group.tolist(), strict=True):
        head = first.setdefault((number, frozenset(case.factors.items())), case)
        if head is not case:
            kin[case.id] = head.kin or head.id
    new = {case.id for case in fresh}
    heads = set(kin.values())
    return Kinship(
        tuple(
            replace(case, kin=kin[case.id]) if case.id in kin and case.id in new else case
            for case in cases
        ),
        groups=len(heads),
        alike=sum(case.id in kin or case.id in heads for case in cases),
    )


def alike(texts: Sequence[str]) -> Ints:
    """(N,) the group of each text, numbered from 0."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not texts:
        return np.zeros(0, dtype=np.int64)
    signatures = np.concatenate(
        [_signatures(texts[start : start + _CHUNK]) for start in range(0, len(texts), _CHUNK)]
    )
    ends = [_pairs(signatures, band) for band in range(_BANDS)]
    one, other = (np.concatenate(side) for side in zip(*ends, strict=True))
    edges = coo_array((np.ones(len(one)), (one, other)), shape=(len(texts), len(texts)))
    _, group = connected_components(edges, directed=False)
    return np.asarray(group, dtype=np.int64)


def _pairs(signatures: NDArray[np.uint32], band: int) -> tuple[Ints, Ints]:
    """The texts that agree in a band with an earlier one and, over all hashes, nearly repeat it.

    Each is compared with the first of its bucket only: buckets may hold very many.
    """
    rows = signatures[:, band * _ROWS : (band + 1) * _ROWS].astype(np.uint64)
    key = np.zeros(len(rows), dtype=np.uint64)
    for row in range(_ROWS):
        key = (key + rows[:, row]) * _WEIGHTS[0, row]
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.diff(key[order], prepend=~key[order[:1]]) != 0)
    sizes = np.diff(np.append(starts, len(order)))
    heads = np.repeat(order[starts], sizes)
    near = np.flatnonzero(heads != order)
    kept = [
        part[(signatures[heads[part]] == signatures[order[part]]).mean(axis=1) >= NEARLY]
        for part in np.array_split(near, len(near) // _CHUNK + 1)
    ]
    chosen = np.concatenate(kept)
    return heads[chosen], order[chosen]


def _signatures(texts: Sequence[str]) -> NDArray[np.uint32]:
    """(N, 40) smallest hashes over each text's word triples; two blanks follow its last word."""
    words = _Words()
    numbers: list[int] = []
    starts = []
    for text in texts:
        starts.append(len(numbers))
        numbers += map(words.__getitem__, _WORD.findall(text.lower()) or [text])
        numbers += _BLANKS
        if len(words) > _MOST_WORDS:
            words.clear()
    word = np.array([*numbers, *_BLANKS], dtype=np.uint64)
    first, second, third = _WEIGHTS[1, :3]
    triple = word[:-2] * first + word[1:-1] * second + word[2:] * third
    triple ^= triple >> np.uint64(29)
    of_a_word = np.flatnonzero(word[:-2] > max(_BLANKS))
    triple = triple[of_a_word]
    at = np.searchsorted(of_a_word, starts)
    columns = [
        np.minimum.reduceat((triple * multiplier + shift) >> np.uint64(32), at)
        for multiplier, shift in zip(_WEIGHTS[1] | np.uint64(1), _WEIGHTS[2], strict=True)
    ]
    return np.stack(columns, axis=1).astype(np.uint32)


class _Words(dict[str, int]):
    """Words to numbers that depend on nothing but the word."""

    def __missing__(self, word: str) -> int:
        self[word] = number = zlib.crc32(word.encode("utf-8", "surrogatepass")) + 10
        return number


def _id(case: Case) -> str:
    return case.id
