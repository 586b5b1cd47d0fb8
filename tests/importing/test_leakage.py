"""Give-aways: words that state or betray a decision are named, honest texts are left in peace."""

from __future__ import annotations

import random

from discretion.core.cases import Case
from discretion.core.judgments import Judgment, Tally
from discretion.importing.leakage import MOST_SHOWN, decided_texts, giveaways

WORDS = ("coat", "shoes", "late", "parcel", "driver", "window", "box", "label", "zip", "stain")


def texts(number: int, seed: int = 0) -> tuple[list[str], list[bool]]:
    rng = random.Random(seed)
    return (
        [" ".join(rng.choices(WORDS, k=12)) for _ in range(number)],
        [rng.random() < 0.6 for _ in range(number)],
    )


def test_texts_that_say_nothing_of_the_decision_raise_no_warning():
    for seed in range(5):
        assert giveaways(*texts(400, seed)) == []


def test_a_stated_decision_is_named_even_in_a_small_file():
    some, granted = texts(20)
    for index in [index for index, yes in enumerate(granted) if yes][:3]:
        some[index] += " Refund issued, thanks"
    [found] = giveaways(some, granted)
    assert (found.words, found.decision, found.texts, found.share) == (
        "refund issued",
        "grant",
        3,
        1,
    )
    assert str(found) == "“refund issued” in 3 texts, 100% of them granted"


def test_words_of_a_request_that_go_both_ways_are_no_give_away():
    some, granted = texts(100)
    assert giveaways([f"{text} my card was declined was denied" for text in some], granted) == []


def test_words_that_stand_on_one_side_only_are_found_by_counting():
    some, granted = texts(300)
    leaked = [
        f"{text} code R7" if not yes else text for text, yes in zip(some, granted, strict=True)
    ]
    [found] = giveaways(leaked, granted)
    assert (found.words, found.decision, found.stated) == ("code r7", "refuse", False)
    assert (found.texts, found.share) == (granted.count(False), 1)


def test_where_nearly_all_are_granted_a_common_word_is_no_give_away():
    some, _ = texts(300)
    assert giveaways(some, [index % 30 > 0 for index in range(300)]) == []


def test_nothing_is_found_where_nothing_was_decided_or_all_alike():
    assert giveaways([], []) == []
    assert giveaways(["coat"], [True]) == []
    many = [f"secret{index} word{index}" for index in range(30) for _ in range(40)]
    granted = [index % 2 == 0 for index in range(30) for _ in range(40)]
    assert len(giveaways(many, granted)) <= MOST_SHOWN


def test_a_case_was_granted_where_most_granted_and_ties_are_left_out():
    cases = [Case(id=name, policy="p", scenario=name, text=name) for name in "abcde"]
    said = [("a", "grant"), ("a", "refuse"), ("b", "grant"), ("b", "unsure"), ("c", "refuse")]
    judgments = [Judgment(str(i), case, "us", answer) for i, (case, answer) in enumerate(said)]
    tallies = [Tally("t", "d", "us", 0.2, None)]
    assert decided_texts(cases, judgments, tallies) == (["b", "c", "d"], [True, False, False])
