"""A reasoning put in: the method's own prompts, followed by a text that says nothing."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from discretion import methods
from discretion.budgets import Remote
from discretion.core.answers import combine
from discretion.core.arms import Ask, Method, balanced_asks
from discretion.errors import DiscretionError
from discretion.methods.filler import pool
from discretion.methods.prefilled_reasoning import TYPICAL, TYPICAL_IN_DIALECT
from stand_in import POLICY, StandIn, arm, case

NAMES = ("chain-of-thought+empty", "chain-of-thought+neutral", "purpose+empty", "purpose+neutral")
EMPTY, NEUTRAL = NAMES[:2]


def reasoning(name, some, *, twin=False, grant_first=True):
    asked = Ask("grant/refuse", grant_first, 0, twin=twin)
    return methods.method(name).prompt(some, POLICY, asked).reasoning


def words_of(sentences):
    return {word for sentence in sentences for word in sentence.split()}


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_method_and_changes_nothing_of_the_prompt_but_what_was_reasoned(name):
    found = methods.method(name)
    into = methods.method(methods.method_put_into(name))
    assert isinstance(found, Method)
    assert (found.name, found.wordings, found.vocabularies) == (
        name,
        into.wordings,
        into.vocabularies,
    )
    for ask in balanced_asks(case(1), found, crossed=True):
        prompt = found.prompt(case(1), POLICY, ask)
        assert prompt.reasoning is not None
        own = replace(prompt, reasoning=None)
        assert own == into.prompt(case(1), POLICY, ask)


def test_empty_is_nothing_and_neutral_is_as_long_as_an_explanation():
    assert reasoning(EMPTY, case(1)) == ""
    for number in range(40):
        some = case(number, twin="returns. off by 7 percent.")
        for twin, length in ((False, TYPICAL), (True, TYPICAL_IN_DIALECT)):
            text = reasoning(NEUTRAL, some, twin=twin)
            assert 0.8 * length <= len(text.split()) <= 1.2 * length
            assert words_of([text]) <= words_of(pool().dialect if twin else pool().english)


def test_cases_are_put_different_neutral_texts_and_each_its_own_in_both_orders():
    texts = {reasoning(NEUTRAL, case(number)) for number in range(40)}
    assert len(texts) > 30
    assert reasoning(NEUTRAL, case(1)) == reasoning(NEUTRAL, case(1), grant_first=False)


def test_cases_that_differ_in_what_should_not_matter_are_put_the_same_text():
    one, other = (case(1, id=who, text=who) for who in ("Ada", "Bob"))
    assert reasoning(NEUTRAL, one) == reasoning(NEUTRAL, other)


def test_cases_are_asked_in_the_words_in_which_the_method_itself_asks_them():
    def asked(name):
        calls = [call for number in range(60) for call in arm(StandIn(), name).calls(case(number))]
        return {
            (call.case, call.prompt.choices.vocabulary, call.prompt.wording, call.prompt.messages)
            for call in calls
        }

    assert asked(EMPTY) == asked(NEUTRAL) == asked("chain-of-thought")


@pytest.mark.parametrize("name", NAMES)
def test_the_decision_is_scored_once_an_order_without_a_draw_and_without_variance(name):
    model = StandIn()
    model.enqueue(0.8, 0.4)
    asked = arm(model, name)
    answers = asyncio.run(asked.ask(asked.calls(case(1))))
    assert model.draws == []
    assert Counter(prompt.choices.grant_first for prompt in model.asked) == {True: 1, False: 1}
    estimate = combine("case-1", answers)
    assert (estimate.calls, estimate.variance, estimate.how) == (2, 0.0, "scored")
    assert [answer.text for answer in answers] == [prompt.reasoning for prompt in model.asked]


def test_what_was_put_in_is_part_of_an_answers_key():
    keys = {
        name: [call.key for call in arm(StandIn(), name).calls(case(1))]
        for name in (EMPTY, NEUTRAL)
    }
    assert not set(keys[EMPTY]) & set(keys[NEUTRAL])


def test_keys_are_those_of_the_text_and_not_of_the_arms_name(monkeypatch):
    """Another neutral text under the same name is asked anew."""
    [before, _] = arm(StandIn(), NEUTRAL).calls(case(1))
    monkeypatch.setattr(
        "discretion.methods.prefilled_reasoning._neutral", lambda *_: "The page was turned."
    )
    [after, _] = arm(StandIn(), NEUTRAL).calls(case(1))
    assert before.key != after.key


def test_a_server_is_refused_before_it_is_asked_anything():
    class Server(StandIn, Remote):
        async def open(self, spending): ...

        async def close(self): ...

    with pytest.raises(DiscretionError, match="cannot be made to go on after a reasoning"):
        arm(Server(), EMPTY)


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("direct+empty", "'direct' does not reason first"),
        ("chain-of-thought+long", r"no reasoning 'long' to put in; use one of: \+empty, \+neutral"),
        ("chain-of-though+empty", "did you mean 'chain-of-thought'"),
    ],
)
def test_a_name_that_fits_nothing_says_what_would(name, match):
    with pytest.raises(DiscretionError, match=match):
        methods.method(name)


def test_the_name_of_a_prompt_file_is_never_taken_apart():
    assert methods.method_put_into("file:mine+empty") == "file:mine+empty"
    assert methods.method_put_into("chain-of-thought") == "chain-of-thought"
    assert methods.method_put_into("purpose+neutral") == "purpose"
