"""In what form answers are scored: chosen once for a model and a method, kept, and part of keys."""

from dataclasses import replace

import pytest

from discretion import answer_forms
from discretion.answer_forms import choose, settle, told
from discretion.core.arms import FORMS, balanced_asks
from discretion.evaluation import count_calls, evaluate
from discretion.methods import method
from discretion.runs import find_run
from discretion.storage import Store
from stand_in import StandIn, arm, case, case_set

OUTSIDE = {"end": 0.94, "cue": 0.5, "word": 0.6, "cue-word": 0.1}


class Formed(StandIn):
    """A model that a probe finds some mass outside of, by form."""

    def __init__(self, outside=OUTSIDE, form=None, **more):
        super().__init__(batch=64, **more)
        self.outside, self.form, self.probed = outside, form, []

    async def probe(self, prompts):
        self.probed.append(prompts)
        return self.outside

    def _scored(self, reply):
        return replace(super()._scored(reply), outside=self.outside[self.asked[-1].form])


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "log.db") as opened:
        yield opened


@pytest.mark.parametrize(
    ("outside", "form"),
    [
        (OUTSIDE, "cue-word"),
        ({"end": 0.2, "cue-word": 0.0}, "end"),
        ({"end": 0.21, "cue": 0.05, "word": 0.3, "cue-word": 0.045}, "cue"),
        ({"end": 0.9, "word": 0.4}, "word"),
        ({}, "end"),
    ],
)
def test_complete_answers_stay_where_they_work_else_least_mass_outside_chooses(outside, form):
    assert choose(outside) == form


def test_a_probe_of_a_dozen_prompts_chooses_before_the_run_and_once(store):
    model, cases = Formed(), case_set(30)
    run = evaluate(cases, [arm(model)], store)
    assert [len(prompts) for prompts in model.probed] == [12]
    assert len({prompt.messages for prompt in model.probed[0]}) == 12
    assert {prompt.choices.grant_first for prompt in model.probed[0]} == {True, False}
    assert run.forms == find_run(store).forms == {"model/direct": "cue-word"}
    assert {prompt.form for prompt in model.asked} == {"cue-word"}
    evaluate(case_set(40), [arm(model)], store)
    assert len(model.probed) == 1, "the log keeps what was chosen"
    evaluate(cases, [arm(model, "plain")], store)
    assert len(model.probed) == 2, "another method is probed by itself"
    [kept] = told(settle([arm(model)], cases, store), store)
    assert kept == (
        'model/direct is scored by the first words after "Answer:": on 12 prompts 10% of its '
        "probability was on neither answer (94% with complete answers)"
    )


def test_the_probe_does_not_depend_on_the_order_of_the_cases(store, tmp_path):
    model, cases = Formed(), case_set(30)
    settle([arm(model)], cases, store)
    with Store(tmp_path / "other.db") as other:
        settle([arm(model)], list(cases)[::-1], other)
    first, second = model.probed
    assert [one.messages for one in first] == [one.messages for one in second]


def test_counting_calls_probes_nothing(store):
    model = Formed()
    [planned] = count_calls(case_set(5), [arm(model)], store)
    assert (planned.calls, model.probed) == (20, [])


def test_a_form_is_part_of_every_key_and_of_the_fingerprint_but_for_complete_answers():
    plain, formed = arm(StandIn()), arm(Formed())
    keys = {form: [c.key for c in formed.in_form(form).calls(case(1))] for form in FORMS}
    assert len({key for form in FORMS for key in keys[form]}) == 4 * 4
    assert len({formed.in_form(form).fingerprint for form in FORMS}) == 4
    # A model that knows no forms is asked under the same keys as complete answers are.
    assert {call.key for call in plain.calls(case(1))} & set(keys["end"])
    assert plain.fingerprint == formed.in_form("end").fingerprint


def test_complete_answers_that_work_keep_the_keys_they_had(store):
    old, new = Formed(OUTSIDE | {"end": 0.1}), Formed(OUTSIDE | {"end": 0.1}, form="end")
    first = evaluate(case_set(4), [arm(new)], store)
    assert new.probed == [] and first.forms == {}
    again = evaluate(case_set(4), [arm(old)], store)
    assert (len(old.probed), old.asked, again.forms) == (1, [], {})


@pytest.mark.parametrize("more", [{"sample": True}, {}])
def test_what_is_drawn_or_set_by_the_model_is_not_probed(store, more):
    model = Formed(form=None if more else "cue")
    [settled] = settle([arm(model, **more)], case_set(3), store)
    assert model.probed == []
    assert settled.form == ("end" if more else "cue")


def test_a_probe_in_which_nothing_could_be_asked_chooses_nothing(store):
    model = Formed({})
    [settled] = settle([arm(model)], case_set(3), store)
    assert (settled.form, told([settled], store)) == ("end", [])
    model.outside = OUTSIDE
    [settled] = settle([arm(model)], case_set(3), store)
    assert settled.form == "cue-word"


def test_a_method_that_reasons_first_is_probed_without_a_reasoning(store):
    model = Formed({"end": 0.9, "word": 0.1})
    [settled] = settle([arm(model, "chain-of-thought")], case_set(3), store)
    assert settled.form == "word"
    assert {prompt.reasoning for prompt in model.probed[0]} == {""}


# Both questions


def test_a_model_that_can_be_probed_is_asked_each_case_in_both_yes_no_questions():
    asked = [call.prompt.choices for call in arm(Formed()).calls(case(1))]
    assert [(one.vocabulary, one.grant_first) for one in asked] == [
        ("yes grants", True),
        ("yes grants", False),
        ("yes refuses", True),
        ("yes refuses", False),
    ]
    wordings = {call.prompt.wording for call in arm(Formed()).calls(case(1))}
    assert len(wordings) == 1, "in one wording, by rotation"


def test_others_rotate_and_the_toy_does():
    for model in (StandIn(), Formed(reads_twin=True, form="end")):
        one = case(1, twin="returns. off by 7 percent.")
        assert len(arm(model).calls(one)) == 2


def test_a_constant_liking_for_yes_cancels(store):
    model = Formed(form="end")
    model.otherwise = lambda prompt: 0.9 if prompt.choices.grant[0] == "yes" else 0.1
    run = evaluate(case_set(4), [arm(model)], store)
    found = [one.p for one in run.estimates()["model/direct"].values()]
    assert found == pytest.approx([0.5] * 4)


def test_draws_are_shared_over_both_questions():
    calls = arm(Formed(form="end"), sample=True).calls(case(1))
    assert len(calls) == 4, "as many as there were"
    assert len(arm(Formed(form="end"), "chain-of-thought").calls(case(1))) == 16


def test_a_method_without_both_questions_is_asked_in_its_own():
    assert {ask.vocabulary for ask in balanced_asks(case(1), method("plain"), both=True)} == {
        "yes grants"
    }


def test_every_form_has_its_words():
    assert set(answer_forms.IN_WORDS) == set(FORMS)
