"""A model at a provider is asked what it was taught, as far as a server can be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from discretion.budgets import Spending
from discretion.core.arms import CallFailed, Choices, Message, Prompt, Written
from discretion.core.cases import Case
from discretion.models.endpoint import Endpoint
from discretion.models.endpoint_settings import EndpointSettings
from discretion.models.openai import OpenAIDialect
from discretion.models.probing import Probe
from discretion.training.chats import ChatJob, chats_of
from discretion.training.examples import Example, TrainingItem
from discretion.training.recipes import Recipe
from discretion.training.served_fits import DRAWS, own_calls, served_fit

pytest.importorskip("openai")

DRAWN = Probe("far-1", "", logprobs=0, choices=1)
SAID = """{"version": 1, "kind": "openai", "settings":
{"base_url": "http://127.0.0.1:9/v1", "model": "ft:far"}}"""


def base(probed=DRAWN):
    settings = EndpointSettings(base_url="http://127.0.0.1:9/v1", model="far-1")
    return Endpoint("far", settings, OpenAIDialect(), probed=probed)


def taught(text, grants, refusals):
    prompt = Prompt(
        (Message("user", text),), Choices("yes grants", ("yes",), ("no",), grant_first=True)
    )
    item = TrainingItem(text, Case(text, "p", "s", text=text), granted=True)
    return [
        Example(item, prompt, "yes", weight=grants),
        Example(item, prompt, "no", weight=refusals),
    ]


EXAMPLES = [*taught("Day 15?", 3, 1), *taught("Day 40?", 1, 3)]


def fit(folder, monkeypatch, replies):
    """The fit of a served model whose draws are these, by the text of the prompt."""

    async def generate(self, prompts, decoding, samples):
        assert self.settings.model == "ft:far" and self.allowed
        drawn = [
            replies[one.messages[0].content][draw]
            for one, draw in zip(prompts, samples, strict=True)
        ]
        return [
            Written(said, "seen", 3, 1, 0.1) if said else CallFailed("it is away") for said in drawn
        ]

    monkeypatch.setattr(Endpoint, "generate", generate)
    (folder / "endpoint.json").write_text(SAID, encoding="utf-8")
    job = ChatJob("far-labels-0", base(), chats_of(EXAMPLES, base()), Recipe(), 0)
    return served_fit(job, EXAMPLES, folder, Spending())


def test_what_draws_vary_by_themselves_is_taken_off(tmp_path, monkeypatch):
    found = fit(
        tmp_path,
        monkeypatch,
        {"Day 15?": ["yes", "yes", "yes", "no"], "Day 40?": ["no", "no", "yes", "no"]},
    )
    # As often as the people, so that only their own disagreement is left, less what draws vary.
    assert found.brier == pytest.approx(0.75 * 0.25 - 0.75 * 0.25 / (DRAWS - 1))
    assert (found.mean, found.judgments, found.learned) == (pytest.approx(0.25), 8, True)


def test_where_half_is_not_answered_nothing_is_said(tmp_path, monkeypatch):
    away = [""] * DRAWS
    said = {"Day 15?": ["yes"] * DRAWS, "Day 40?": away}
    assert fit(tmp_path, monkeypatch, said).judgments == 4
    assert fit(tmp_path, monkeypatch, {"Day 15?": away, "Day 40?": away}) is None


def test_a_prompt_is_asked_once_where_it_is_scored_and_a_few_times_where_it_is_drawn():
    assert len(own_calls(base(), EXAMPLES)) == 2 * DRAWS
    assert len(own_calls(base(replace(DRAWN, logprobs=5)), EXAMPLES)) == 2


def test_what_reasons_before_it_decides_cannot_be_asked_of_a_server():
    reasoned = [replace(one, before="Late by a day. So: ") for one in EXAMPLES]
    assert own_calls(base(), reasoned) == []
    assert own_calls(base(None), EXAMPLES) == [], "nothing is known of how it can be asked"
