"""Kinship: near-duplicates are found, strangers are left apart, and the order does not matter."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np

from discretion.core.cases import Case
from discretion.importing.near_duplicates import alike, with_kin

WORDS = ["".join(pair) for pair in np.random.default_rng(0).choice(list("abcdefgh"), (500, 6))]


def story(seed: int, length: int = 40) -> list[str]:
    return random.Random(seed).choices(WORDS, k=length)


def cases(*texts: str | None) -> list[Case]:
    return [Case(id=f"c{i}", policy="p", scenario=f"c{i}", text=t) for i, t in enumerate(texts)]


def shared(one: list[str], other: list[str]) -> float:
    """The share of word triples in common, counted."""
    first, second = (
        {tuple(text[i : i + 3]) for i in range(len(text) - 2)} for text in (one, other)
    )
    return len(first & second) / len(first | second)


def test_nearly_all_near_duplicates_are_found_and_no_strangers():
    originals = [story(seed) for seed in range(300)]
    copies = [[*text[:-2], "other", "end"] for text in originals]
    assert min(map(shared, originals, copies)) > 0.85
    group = alike([" ".join(text) for text in (*originals, *copies)])
    assert np.mean(group[:300] == group[300:]) > 0.97
    assert len(set(group[:300].tolist())) == 300


def test_capitals_and_signs_make_no_difference_and_a_short_text_is_what_it_says():
    group = alike(["Coat, please!", "coat PLEASE", "shoes please", "😀", "👍", "😀"])
    assert group[0] == group[1] != group[2]
    assert group[3] == group[5] != group[4]
    assert len(alike([])) == 0


def test_those_who_repeat_another_name_the_smallest_id_whatever_the_order():
    text = " ".join(story(1))
    some = cases(text, " ".join(story(2)), f"{text} thanks", None, "")
    found = with_kin(some)
    assert [case.kin for case in found.cases] == ["", "", "c0", "", ""]
    assert (found.groups, found.alike) == (1, 2)
    assert sorted(with_kin(some[::-1]).cases, key=lambda case: case.id) == list(found.cases)


def test_what_is_stored_does_not_change_and_new_cases_point_to_it():
    text = " ".join(story(1))
    old = Case(id="z", policy="p", scenario="z", text=text)
    older = replace(old, id="zz", kin="root")
    found = with_kin(cases(text, f"{text} again"), [old])
    assert [case.kin for case in found.cases] == ["z", "z"]
    assert [case.kin for case in with_kin(cases(text), [older]).cases] == ["root"]
    assert with_kin([old], [old]).cases == (old,)


def test_vignettes_that_differ_in_a_declared_factor_are_no_near_duplicates():
    """Nearly the same words, told of a loyal and of a new customer; a plain copy stays one."""
    text = " ".join(story(3, 60))
    loyal, new, copy = (
        Case(id=name, policy="p", scenario=name, text=f"{text} {more}", factors={"who": who})
        for name, more, who in (("a", "loyal", "loyal"), ("b", "new", "new"), ("c", "new!", "new"))
    )
    found = with_kin([loyal, new, copy])
    assert [case.kin for case in found.cases] == ["", "", "b"]
    plain = with_kin([replace(case, factors={}) for case in (loyal, new, copy)])
    assert [case.kin for case in plain.cases] == ["", "a", "a"]
