import pytest

from discretion.core.answers import read_decision
from discretion.methods.questions import choices, decision_cue, question, vocabularies

DIALECT = {
    ("grant/refuse", True): "grant or refuse?",
    ("grant/refuse", False): "refuse or grant?",
    ("yes grants", True): "allow it, yes or no?",
    ("yes grants", False): "allow it, no or yes?",
    ("yes refuses", True): "deny it, no or yes?",
    ("yes refuses", False): "deny it, yes or no?",
}


@pytest.mark.parametrize(("vocabulary", "grant_first"), DIALECT)
def test_the_dialect_asks_as_the_built_in_model_was_taught(vocabulary, grant_first):
    asked = choices(vocabulary, grant_first=grant_first, twin=True)
    assert question(asked, twin=True) == DIALECT[vocabulary, grant_first]


def test_the_vocabularies_are_those_of_the_contract():
    assert vocabularies() == ("grant/refuse", "yes grants", "yes refuses")


def test_yes_refuses_where_the_question_is_whether_to_turn_down():
    asked = choices("yes refuses", grant_first=True)
    assert (asked.grant[0], asked.refuse[0]) == ("no", "yes")
    assert "turned down, no or yes?" in question(asked)


@pytest.mark.parametrize("vocabulary", vocabularies())
@pytest.mark.parametrize("twin", [False, True])
@pytest.mark.parametrize("reason_first", [False, True])
def test_the_order_of_the_answers_is_the_only_thing_that_the_order_changes(
    vocabulary, twin, reason_first
):
    here = choices(vocabulary, grant_first=True, twin=twin)
    there = choices(vocabulary, grant_first=False, twin=twin)
    assert (here.grant, here.refuse) == (there.grant, there.refuse)
    first, second = (
        question(asked, reason_first=reason_first, twin=twin).split() for asked in (here, there)
    )
    assert first != second
    assert sorted(word.strip(".,?") for word in first) == sorted(
        word.strip(".,?") for word in second
    )


@pytest.mark.parametrize("vocabulary", vocabularies())
@pytest.mark.parametrize("twin", [False, True])
def test_every_surface_form_is_read_as_the_answer_that_it_stands_for(vocabulary, twin):
    asked = choices(vocabulary, grant_first=True, twin=twin)
    assert not set(asked.grant) & set(asked.refuse)
    for form in asked.grant:
        assert read_decision(f"Decision: {form}", asked.grant, asked.refuse) is True
    for form in asked.refuse:
        assert read_decision(form, asked.grant, asked.refuse) is False


def test_a_reasoning_is_asked_to_end_in_a_line_that_can_be_read():
    asked = choices("yes grants", grant_first=False)
    put = question(asked, reason_first=True)
    assert put.index("Decision: no") < put.index("Decision: yes")
    assert "one word" not in put


def test_the_cue_of_a_decision_is_there_only_after_a_reasoning():
    assert decision_cue(reason_first=True, twin=False) == "\nDecision: "
    assert decision_cue(reason_first=True, twin=True) == " so: "
    assert decision_cue(reason_first=False, twin=False) == ""
