"""Prompts of cases that scenarios make are those of version 0.1.0, letter by letter: what was
answered to them is used again."""

import pytest

from discretion import methods
from discretion.canonical import digest
from discretion.core.arms import Ask
from discretion.core.cases import CaseSet
from discretion.core.precedents import Precedent
from discretion.methods import chat
from discretion.storage import records

from . import shipped

NAMES = (*(name for name in methods.names() if name != "plain"), "file:own.txt")
"""Those of version 0.1.0."""


def prompts(example, name, folder, *, twin, state_deviation):
    """What models are put of every fifth case of an example, in every way of asking."""
    policies = shipped.policies(example)
    cases = [case for some in shipped.cases(example).values() for case in some][::5]
    pool = [Precedent(case, 0.8, 5, ("it is only a day",)) for case in cases[:40]]
    (folder / "own.txt").write_text("Rule: {policy}\n{precedents}\n{case}\nBe kind.")
    way = methods.method(name, pool_for=lambda _: pool, folder=folder)
    for at, case in enumerate(cases):
        for order in (True, False):
            vocabulary = way.vocabularies[at % len(way.vocabularies)]
            ask = Ask(vocabulary, order, at % way.wordings, twin, state_deviation)
            prompt = way.prompt(case, policies[case.policy], ask)
            yield [(one.role, one.content) for one in prompt.messages], prompt.choices.grant


@pytest.mark.parametrize("example", shipped.EXAMPLES)
@pytest.mark.parametrize("name", NAMES)
def test_every_method_asks_about_a_described_case_as_it_did(example, name, tmp_path):
    found = [
        list(prompts(example, name, tmp_path, twin=twin, state_deviation=stated))
        for twin, stated in ((False, False), (False, True), (True, False))
    ]
    assert digest(found)[:16] == KEPT[example, name]


@pytest.mark.parametrize("language", chat.LANGUAGES)
def test_the_prompt_for_chat_assistants_and_its_trial_are_what_they_were(language):
    cases = [case for some in shipped.cases("returns").values() for case in some]
    pool = [Precedent(case, 0.8, 5, ("it is only a day",)) for case in cases]
    policy = shipped.policies("returns")["returns"]
    prompt = chat.chat_prompt(policy, pool, language=language, unit="days")
    trial = chat.trial_text("abc", chat.choose_trial(cases)[:20], language=language)
    assert digest((prompt, trial))[:16] == KEPT["chat", language]


@pytest.mark.parametrize(
    ("example", "documents", "versions"),
    [
        ("everyday", "8d852dcc67858ef5", "46d64a6fe5acc68c"),
        ("returns", "4f663ccba8d2d02d", "c1ea0c87cae7b3c0"),
    ],
)
def test_policies_scenarios_and_cases_keep_the_hashes_under_which_they_are_stored(
    example, documents, versions
):
    cases = tuple(case for some in shipped.cases(example).values() for case in some)
    case_set = CaseSet(cases, shipped.policies(example), shipped.scenarios(example))
    assert digest([one.key for one in records.described_entries(case_set)])[:16] == documents
    assert digest([records.case_entry(case).key for case in case_set])[:16] == versions


KEPT = {
    ("everyday", "direct"): "7143be33ca5291f1",
    ("everyday", "deontology"): "333f53c8ad2574f1",
    ("everyday", "consequentialism"): "151ea9bbeb22254a",
    ("everyday", "virtue"): "d446eeda03d18a2c",
    ("everyday", "chain-of-thought"): "89029cd454bde399",
    ("everyday", "purpose"): "58b637714d5ed9c4",
    ("everyday", "precedents"): "de927c4fdd9f84c5",
    ("everyday", "precedents-why"): "f3c133716d62e66e",
    ("everyday", "file:own.txt"): "64cd1275b11f4b83",
    ("returns", "direct"): "dd086b6b77a4745c",
    ("returns", "deontology"): "ff38f70095996e50",
    ("returns", "consequentialism"): "8834c6e7b46a7dfa",
    ("returns", "virtue"): "9b1de15aa98a3124",
    ("returns", "chain-of-thought"): "387e3719a01124f0",
    ("returns", "purpose"): "dcead8547a82ae7e",
    ("returns", "precedents"): "f4fdcb7b75d66a86",
    ("returns", "precedents-why"): "73ddb94340ea927a",
    ("returns", "file:own.txt"): "cb3a709067618229",
    ("chat", "en"): "58b50b319c6e372e",
    ("chat", "ru"): "679dedabd75b94ac",
}
