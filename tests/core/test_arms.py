"""A prompted arm asks every case in a balanced way, and answers only where the model did."""

import asyncio
import math
from collections import Counter
from dataclasses import replace

import pytest

from discretion.core.answers import Answer, Failure, combine
from discretion.core.arms import CallFailed, Choices, Decoding, Message, Prompt, Scored
from stand_in import StandIn, arm, case

CASE = case(1)


def ask(arm, some=CASE):
    return asyncio.run(arm.ask(arm.calls(some)))


def test_a_scored_case_is_asked_once_in_each_order():
    model = StandIn()
    model.enqueue(0.8, 0.4)
    answers = ask(arm(model))
    assert [prompt.choices.grant_first for prompt in model.asked] == [True, False]
    first, second = (prompt.messages[-1].content.splitlines()[-1] for prompt in model.asked)
    grant, refuse = model.asked[0].choices.grant[0], model.asked[0].choices.refuse[0]
    assert first.index(grant) < first.index(refuse)
    assert second.index(grant) > second.index(refuse)
    logit = (math.log(0.8 / 0.2) + math.log(0.4 / 0.6)) / 2
    estimate = combine(CASE.id, answers)
    assert estimate.p == pytest.approx(1 / (1 + math.exp(-logit)))
    assert estimate.order_effect == pytest.approx(0.8 - 0.4)


def test_the_two_masses_are_all_that_counts_of_a_score():
    model = StandIn()
    model.enqueue(Scored(math.log(0.3), math.log(0.6), 0.1, "seen", 7, 0.5))
    first, _ = ask(arm(model, clock=lambda: "2026-03-01"))
    assert first.p == pytest.approx(0.3 / 0.9)
    assert (first.how, first.outside, first.prompt, first.tokens_in) == ("scored", 0.1, "seen", 7)
    assert (first.seconds, first.at) == (0.5, "2026-03-01")


def test_draws_are_divided_equally_over_the_orders():
    model = StandIn(scores=False)
    answers = ask(arm(model, decoding=Decoding(samples=20)))
    assert Counter(prompt.choices.grant_first for prompt in model.asked) == {True: 10, False: 10}
    assert model.draws == [*range(10), *range(10)]
    assert combine(CASE.id, answers).calls == 20
    odd = arm(model, decoding=Decoding(samples=5)).calls(CASE)
    assert Counter(call.prompt.choices.grant_first for call in odd) == {True: 3, False: 3}


def test_a_model_that_could_score_is_sampled_where_that_is_asked_for():
    model = StandIn(scores=True, otherwise=lambda prompt: prompt.choices.refuse[0])
    answers = ask(arm(model, sample=True))
    assert {(answer.how, answer.p) for answer in answers} == {("sampled", 0.0)}


def rotation(count=400, **more):
    calls = [arm(StandIn()).calls(case(number, **more))[0] for number in range(count)]
    return [(call.prompt.choices.vocabulary, call.prompt.wording) for call in calls]


def test_half_the_cases_are_asked_to_grant_or_refuse_and_a_quarter_each_way_of_yes():
    """Within four standard errors of what fair turns would give."""
    vocabularies = Counter(vocabulary for vocabulary, _ in rotation())
    for vocabulary, share in (("grant/refuse", 0.5), ("yes grants", 0.25), ("yes refuses", 0.25)):
        error = math.sqrt(share * (1 - share) / 400)
        assert vocabularies[vocabulary] / 400 == pytest.approx(share, abs=4 * error)


def test_wordings_take_turns_and_do_not_go_with_vocabularies():
    turns = Counter(rotation())
    wordings = Counter(wording for _, wording in rotation())
    assert set(wordings) == {0, 1, 2}
    for (vocabulary, wording), count in turns.items():
        share = (0.5 if vocabulary == "grant/refuse" else 0.25) / 3
        error = math.sqrt(share * (1 - share) / 400)
        assert count / 400 == pytest.approx(share, abs=4 * error), (vocabulary, wording)


def test_cases_that_differ_in_what_should_not_matter_are_asked_alike():
    for number in range(20):
        one, other = (case(number, id=f"{number} {who}", text=who) for who in ("Ada", "Bob"))
        asked = [
            [(c.prompt.choices, c.prompt.wording) for c in arm(StandIn()).calls(some)]
            for some in (one, other)
        ]
        assert asked[0] == asked[1]
    assert len(set(rotation(40, pair=""))) > 1, "without pairs, each case has its own turn"


def test_crossed_asks_every_wording_and_vocabulary_in_both_orders():
    calls = arm(StandIn(), crossed=True).calls(CASE)
    choices = [call.prompt.choices for call in calls]
    asked = {
        (one.vocabulary, call.prompt.wording, one.grant_first)
        for one, call in zip(choices, calls, strict=True)
    }
    assert len(calls) == len(asked) == 3 * 3 * 2
    assert len({call.key for call in calls}) == len(calls)
    estimate = combine(CASE.id, ask(arm(StandIn(), crossed=True)))
    assert (estimate.calls, estimate.wording) == (18, -1)


def test_reasonings_are_drawn_and_the_decision_is_scored_after_each():
    model = StandIn()
    reasonings = [f"Reasoning {number}." for number in range(16)]
    model.enqueue(*reasonings, *(0.05 * (number + 1) for number in range(16)))
    answers = ask(arm(model, "chain-of-thought"))
    assert len(answers) == 16
    assert all(isinstance(answer, Answer) for answer in answers)
    drawn, decided = model.asked[:16], model.asked[16:]
    assert [prompt.reasoning for prompt in drawn] == [None] * 16
    assert [prompt.reasoning for prompt in decided] == reasonings
    assert [answer.text for answer in answers] == reasonings
    assert [answer.p for answer in answers] == pytest.approx([0.05 * (n + 1) for n in range(16)])
    first = answers[0]
    assert (first.how, first.tokens_in, first.tokens_out, first.seconds) == ("scored", 6, 5, 0.5)
    assert Counter(answer.grant_first for answer in answers) == {True: 8, False: 8}
    assert combine(CASE.id, answers).variance > 0


def test_a_reasoning_that_came_to_nothing_fails_alone():
    model = StandIn(otherwise=lambda prompt: "So." if prompt.reasoning is None else 0.75)
    model.enqueue(*["Well."] * 3, CallFailed("too long"), *["Well."] * 12, CallFailed("no mass"))
    answers = ask(arm(model, "chain-of-thought"))
    failures = {at: one for at, one in enumerate(answers) if isinstance(one, Failure)}
    assert {at: (one.what, one.text) for at, one in failures.items()} == {
        0: ("no mass", "Well."),
        3: ("too long", ""),
    }
    assert {round(one.p, 9) for one in answers if isinstance(one, Answer)} == {0.75}


def test_where_no_reasoning_came_nothing_is_scored():
    model = StandIn(otherwise=lambda prompt: CallFailed("down"))
    assert {one.what for one in ask(arm(model, "chain-of-thought"))} == {"down"}
    assert len(model.asked) == 16


def test_a_model_that_cannot_score_is_read_from_what_it_writes():
    def reply(prompt):
        word = prompt.choices.refuse[0] if prompt.choices.grant_first else prompt.choices.grant[0]
        return f"I could {prompt.choices.grant[0]} it.\nDecision: {word}"

    answers = ask(arm(StandIn(scores=False, otherwise=reply), "chain-of-thought"))
    assert {(one.grant_first, one.p, one.how) for one in answers} == {
        (True, 0.0, "sampled"),
        (False, 1.0, "sampled"),
    }


@pytest.mark.parametrize(
    "written", ["", "Perhaps.", "I would not grant this, nor say yes or no.", "Bewilligt."]
)
def test_a_text_that_cannot_be_read_is_a_failure_and_no_decision(written):
    answers = ask(arm(StandIn(scores=False, otherwise=lambda prompt: written)))
    assert {(type(one), one.what, one.text) for one in answers} == {
        (Failure, "the answer cannot be read", written)
    }


def test_a_refused_call_is_a_failure_with_its_reason():
    for scores in (True, False):
        model = StandIn(scores=scores, otherwise=lambda prompt: CallFailed("the context is 10"))
        assert {(type(one), one.what) for one in ask(arm(model))} == {
            (Failure, "the context is 10")
        }


@pytest.mark.parametrize("place", ["log_grant", "log_refuse", "outside"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_masses_that_are_not_numbers_are_failures(place, value):
    broken = replace(Scored(-0.5, -1.0, 0.0, "seen", 3, 0.1), **{place: value})
    model = StandIn(otherwise=lambda prompt: broken)
    assert {type(one) for one in ask(arm(model))} == {Failure}
    model = StandIn(otherwise=lambda prompt: "So." if prompt.reasoning is None else broken)
    assert {type(one) for one in ask(arm(model, "chain-of-thought"))} == {Failure}


def test_a_tuned_model_is_not_asked_what_it_was_taught_nor_what_nearly_repeats_it():
    tuned = arm(StandIn(), seen=frozenset({CASE.id}))
    other = case(2)
    assert tuned.calls(CASE) == ()
    assert tuned.calls(replace(other, kin=CASE.id)) == ()
    assert len(tuned.calls(other)) == 2


def test_a_case_without_a_text_is_not_asked_nor_one_without_a_twin():
    assert arm(StandIn()).calls(case(1, text=None)) == ()
    twin = StandIn(reads_twin=True)
    assert arm(twin).calls(CASE) == ()
    asked = arm(twin).calls(case(1, text=None, twin="returns. off by 7 percent."))
    assert all("off by 7 percent" in call.prompt.messages[0].content for call in asked)


class Fixed:
    """A method that always gives one prompt."""

    name, wordings, reason_first = "fixed", 1, False
    vocabularies = ("grant/refuse",)

    def __init__(self, prompt):
        self._prompt = prompt

    def prompt(self, case, policy, ask):
        return self._prompt


PROMPT = Prompt(
    (Message("system", "Decide."), Message("user", "A coat.")),
    Choices("grant/refuse", ("grant",), ("refuse",), True),
)


def key(prompt=PROMPT, *, some=CASE, sampled=True, fingerprint="f", name="model", sample=0, **more):
    settings = {part: more.pop(part) for part in list(more) if part in Decoding.__slots__}
    model = StandIn(scores=not sampled, fingerprint=fingerprint, name=name)
    asked = replace(arm(model, decoding=Decoding(**settings), **more), method=Fixed(prompt))
    return asked.calls(some)[sample].key


CHOICES = PROMPT.choices


def reworded(**changes):
    return {"prompt": replace(PROMPT, **changes)}


def offered(**changes):
    return reworded(choices=replace(CHOICES, **changes))


CHANGES = {
    "the model": {"fingerprint": "g"},
    "a message": reworded(messages=(PROMPT.messages[0], Message("user", "A hat."))),
    "a role": reworded(messages=(Message("user", "Decide."), PROMPT.messages[1])),
    "where messages part": reworded(messages=(Message("system", "Decide.A coat."),)),
    "a surface form": offered(grant=("grant", "Grant")),
    "which answer grants": offered(grant=("refuse",), refuse=("grant",)),
    "the order": offered(grant_first=False),
    "reasoning first": reworded(reason_first=True),
    "the cue": reworded(decision_cue="So: "),
    "the temperature": {"temperature": 0.5},
    "the length": {"max_tokens": 8},
    "the seed": {"seed": 1},
    "which draw": {"sample": 1},
    "scored, not drawn": {"sampled": False},
    "asked afresh": {"fresh": "2026-03-01"},
}


def test_keys_differ_wherever_something_differs_that_could_change_the_answer():
    keys = {what: key(**change) for what, change in CHANGES.items()}
    assert len({key(), *keys.values()}) == 1 + len(CHANGES)
    assert keys == {what: key(**change) for what, change in CHANGES.items()}, "and stay the same"


def test_keys_are_equal_where_only_names_and_numbers_of_draws_differ():
    same = [
        key(name="another name"),
        key(some=case(2)),
        key(samples=40),
        key(reasonings=32),
        key(prompt=replace(PROMPT, wording=2)),
        key(clock=lambda: "2026"),
    ]
    assert set(same) == {key()}
    scored = {
        key(sampled=False, temperature=heat, seed=seed) for heat in (0.5, 1.0) for seed in (0, 1)
    }
    assert len(scored) == 1, "what is computed does not depend on how it would be drawn"


def test_the_clock_and_the_model_are_asked_not_the_machine():
    answers = ask(arm(StandIn(), clock=lambda: "2026-03-01T00:00:00+00:00"))
    assert {answer.at for answer in answers} == {"2026-03-01T00:00:00+00:00"}


def test_what_a_fingerprint_of_an_arm_covers():
    plain = arm(StandIn()).fingerprint
    assert arm(StandIn(name="other")).fingerprint == plain
    others = (
        arm(StandIn(fingerprint="other")),
        arm(StandIn(), "purpose"),
        arm(StandIn(), state_deviation=True),
    )
    assert len({plain, *(one.fingerprint for one in others)}) == 4


def test_stating_the_deviation_changes_the_prompt():
    told = arm(StandIn(), state_deviation=True).calls(CASE)[0].prompt.messages[-1].content
    plain = arm(StandIn()).calls(CASE)[0].prompt.messages[-1].content
    assert CASE.over(in_parts=False) in told
    assert CASE.over(in_parts=False) not in plain
