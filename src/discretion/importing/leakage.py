"""Give-aways: words in the cases' texts that say, or all but say, what was decided.

A model that is shown the outcome needs no judgment. Two kinds are looked for: phrases that state a
decision, and words that stand almost only where people decided one way. The second may be an honest
reason, such as fraud: the words are shown, and what to do is the user's to say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from discretion.core.cases import Case
from discretion.core.facts import shown_cells
from discretion.core.judgments import Judgment, Tally

MOST_TEXTS = 10_000
"""Words are counted in so many texts at most: a warning needs no more."""
MOST_SHOWN = 10
ENOUGH, ONE_SIDED, CHANCE = 10, 0.95, 0.001
"""A run of words is shown where it is in so many texts, this share of them was decided one way,
and so many as that would come by chance this rarely, over all runs of words that were tried."""
_STATED_ENOUGH, _STATED_SHARE = 2, 0.8
_LONGEST = 3

_STATED: dict[str, tuple[str, ...]] = {
    "grant": (
        "refund issued", "refund has been issued", "refund was issued", "issued a refund",
        "issued you a refund", "refund processed", "processed your refund", "have refunded",
        "has been refunded", "been credited", "we have approved", "request approved",
        "has been approved", "was approved", "exception granted", "made an exception",
        "one time exception", "one time courtesy", "goodwill gesture", "gesture of goodwill",
        "happy to make an exception", "возврат оформлен", "возврат одобрен",
    ),
    "refuse": (
        "request denied", "has been denied", "was denied", "we cannot", "we can not",
        "we are unable to", "unable to offer", "unable to process", "unable to refund",
        "must decline", "have to decline", "request declined", "was rejected",
        "has been rejected", "not eligible", "unfortunately we", "cannot make an exception",
        "вынуждены отказать", "в возврате отказано",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Giveaway:
    """Words that go with one decision."""

    words: str
    decision: Literal["grant", "refuse"]
    texts: int
    """In how many of the texts looked at they stand."""
    share: float
    """Of these, the share that was decided so."""
    stated: bool
    """Whether the words state a decision; otherwise they were found by counting."""

    def __str__(self) -> str:
        verb = "granted" if self.decision == "grant" else "refused"
        return f"“{self.words}” in {self.texts:,} texts, {100 * self.share:.0f}% of them {verb}"


def giveaways(texts: Sequence[str], granted: Sequence[bool]) -> list[Giveaway]:
    """The words that give decisions away, those that state one first, then the commonest.

    Args:
        texts: what models will be shown; the first 10,000 are looked at.
        granted: for each, whether most granted it.
    """
    words = [re.findall(r"\w+", text.lower()) for text in texts[:MOST_TEXTS]]
    decided = np.array(granted[:MOST_TEXTS], dtype=bool)
    stated = _stated(words, decided)
    counted = [one for one in _counted(words, decided) if not _within(one, stated)]
    return [*stated, *counted][:MOST_SHOWN]


def decided_texts(
    cases: Sequence[Case], judgments: Sequence[Judgment], tallies: Sequence[Tally]
) -> tuple[list[str], list[bool]]:
    """The texts of decided cases, with their shown columns, and whether most granted, in the order
    of their ids: those are hashes, so that the first are as good as any."""
    balance: dict[str, float] = {}
    for judgment in judgments:
        vote = {"grant": 1.0, "refuse": -1.0}.get(judgment.answer, 0.0)
        balance[judgment.case] = balance.get(judgment.case, 0.0) + vote
    for tally in tallies:
        balance[tally.case] = balance.get(tally.case, 0.0) + (2 * tally.rate - 1) * (tally.n or 1)
    decided = sorted((case for case in cases if balance.get(case.id)), key=lambda case: case.id)
    shown = [case for case in decided if case.text]
    texts = ["\n".join(filter(None, (case.text, shown_cells(case)))) for case in shown]
    return texts, [balance[case.id] > 0 for case in shown]


def _stated(words: Sequence[list[str]], granted: NDArray[np.bool_]) -> list[Giveaway]:
    joined = [f" {' '.join(each)} " for each in words]
    found = []
    for decision in ("grant", "refuse"):
        for phrase in _STATED[decision]:
            inside = np.array([f" {phrase} " in text for text in joined], dtype=bool)
            texts = int(inside.sum())
            if texts < _STATED_ENOUGH:
                continue
            share = float((granted[inside] == (decision == "grant")).mean())
            if share >= _STATED_SHARE:
                found.append(Giveaway(phrase, _decision(decision == "grant"), texts, share, True))
    return sorted(found, key=lambda one: -one.texts)


def _counted(words: Sequence[list[str]], granted: NDArray[np.bool_]) -> list[Giveaway]:
    """Runs of one to three words that stand almost only on one side, by a binomial test."""
    from scipy.special import bdtrc

    if not granted.any() or granted.all():
        return []
    found = []
    rate = float(granted.mean())
    runs, texts, grants = _runs(words, granted)
    for side, base in ((True, rate), (False, 1 - rate)):
        hits = grants if side else texts - grants
        # bdtrc(k, n, p) is the chance of more than k.
        chance = bdtrc(hits - 1, texts.astype(np.int64), base) * len(runs)
        for index in np.flatnonzero((hits >= ONE_SIDED * texts) & (chance < CHANCE)).tolist():
            share = float(hits[index] / texts[index])
            found.append(Giveaway(runs[index], _decision(side), int(texts[index]), share, False))
    found.sort(key=lambda one: (-one.texts, one.words))
    return _distinct(found[: 20 * MOST_SHOWN])


def _runs(
    words: Sequence[list[str]], granted: NDArray[np.bool_]
) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
    """Runs of words that stand in enough texts; in how many, and how many of those granted."""
    known: dict[str, int] = {}
    code = np.array(
        [known.setdefault(word, len(known)) for each in words for word in each], dtype=np.uint64
    )
    text = np.repeat(np.arange(len(words)), [len(each) for each in words])
    flat = [word for each in words for word in each]
    runs: list[str] = []
    counts = []
    for length in range(1, _LONGEST + 1):
        places = len(code) - length + 1
        if places < 1:
            break
        whole = text[:places] == text[length - 1 :]
        name = np.zeros(places, dtype=np.uint64)
        for step in range(length):
            name = name * np.uint64(len(known) + 1) + code[step : step + places]
        starts = np.flatnonzero(whole)
        _, first, kind = np.unique(name[starts], return_index=True, return_inverse=True)
        pairs = np.sort(kind * len(words) + text[starts])
        # Without np.unique, whose hashes take ten times as long as sorting.
        pairs = pairs[np.diff(pairs, prepend=-1) > 0]
        of, at = pairs // len(words), pairs % len(words)
        texts = np.bincount(of, minlength=len(first))
        grants = np.bincount(of, granted[at], minlength=len(first))
        common = np.flatnonzero(texts >= ENOUGH)
        begins = starts[first[common]]
        runs += [" ".join(flat[begin : begin + length]) for begin in begins.tolist()]
        counts.append(np.stack([texts[common], grants[common]]))
    texts, grants = np.concatenate(counts, axis=1).astype(float) if counts else np.zeros((2, 0))
    return runs, texts, grants


def _distinct(found: Sequence[Giveaway]) -> list[Giveaway]:
    """Each group of words within words once: the longest where it is about as common."""
    longest = [
        one
        for one in found
        if not any(
            other.texts >= 0.8 * one.texts and one is not other and _holds(other, one)
            for other in found
        )
    ]
    kept: list[Giveaway] = []
    for one in longest:
        if not _within(one, kept):
            kept.append(one)
    return kept


def _within(one: Giveaway, others: Sequence[Giveaway]) -> bool:
    """Whether it is a part of one of the others, or has two words in common with it."""
    words = set(one.words.split())
    return any(
        len(words & set(other.words.split())) >= min(2, len(words), len(other.words.split()))
        for other in others
    )


def _holds(long: Giveaway, short: Giveaway) -> bool:
    return f" {short.words} " in f" {long.words} "


def _decision(granted: bool) -> Literal["grant", "refuse"]:
    return "grant" if granted else "refuse"
