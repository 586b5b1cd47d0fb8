"""Scales: levels in order, and a cut."""

import pytest

from discretion.errors import DiscretionError
from discretion.importing.scales import Scale, levels_of


@pytest.mark.parametrize(
    ("words", "levels"),
    [
        (["2", "0", "4", "1", "3"], ("0", "1", "2", "3", "4")),
        (["2.0", "0.0", "1.0"], ("0.0", "1.0", "2.0")),
        (["5 - yes", "1 - no", "3 - neither"], ("1 - no", "3 - neither", "5 - yes")),
        (["Agree", "Disagree", "Strongly agree"], ("Disagree", "Agree", "Strongly agree")),
        (["Probably yes", "Definitely not", "Probably not"],
         ("Definitely not", "Probably not", "Probably yes")),
        (["yes", "no", "maybe"], ()),
        (["0", "1"], ()),
        (["approved", "denied", "pending"], ()),
        ([str(n) for n in range(101)], ()),
    ],
)  # fmt: skip
def test_levels_are_told_from_other_words_and_put_in_order(words, levels):
    assert levels_of(words) == levels


def test_from_the_cut_on_levels_grant():
    scale = Scale("4")
    assert [scale.decision(level) for level in ("1", "3", "4", "7.0", "maybe")] == [
        "refuse", "refuse", "grant", "grant", None,
    ]  # fmt: skip
    assert Scale("somewhat agree").decision("Strongly Agree") == "grant"


def test_the_user_says_the_order_of_other_words_and_turns_a_scale_round():
    scale = Scale("fair", ("bad", "fair", "good"))
    assert [scale.decision(level) for level in ("Bad", "fair", "good")] == [
        "refuse", "grant", "grant",
    ]  # fmt: skip
    assert Scale("2", ("5", "4", "3", "2", "1")).decision("1") == "grant"


@pytest.mark.parametrize("scale", [Scale("fair"), Scale("ok", ("bad", "fair"))])
def test_a_cut_that_is_no_level_is_said(scale):
    with pytest.raises(DiscretionError, match="is not a level"):
        scale.check()
