import pytest

from discretion.methods import names
from discretion.methods.wordings import wordings

DIALECT = {
    "direct": ("decide", "answer", "judge"),
    "chain-of-thought": ("think", "reason", "weigh"),
    "deontology": ("duty", "rights", "obligation"),
    "consequentialism": ("outcome", "harm", "benefit"),
    "virtue": ("character", "honesty", "kindness"),
    "purpose": ("purpose", "aim", "spirit"),
}


@pytest.mark.parametrize("name", wordings().methods)
def test_each_method_has_three_wordings_that_differ_and_an_opening_for_each(name):
    instruction = wordings().methods[name]
    assert len(set(instruction.english)) == len(instruction.english) >= 3
    assert len(instruction.dialect) == len(instruction.english) == len(wordings().openings)


def test_every_method_that_can_be_named_has_its_words():
    assert set(names()) == {*wordings().methods, "plain"}


def test_the_dialect_words_are_those_that_the_built_in_model_was_taught():
    assert {name: wordings().methods[name].dialect for name in DIALECT} == DIALECT


def test_no_two_methods_give_the_same_instruction():
    instructions = [
        text
        for name, instruction in wordings().methods.items()
        if name != "precedents-why"
        for text in instruction.english
    ]
    assert len(set(instructions)) == len(instructions)


def test_precedents_are_worded_alike_with_and_without_explanations():
    methods = wordings().methods
    assert methods["precedents"] == methods["precedents-why"]
