"""First tokens over the wire against the same model in this process."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice

import pytest

from discretion import examples
from discretion.core.arms import Ask, Prompt, Scored
from discretion.core.cases import cases_of
from discretion.methods import method
from discretion.workspace.folder import read_folder
from servers.shapes import Scripted
from servers.tiny import TinyTokens

from .endpoints_at_hand import PROBED, during, endpoint

pytestmark = pytest.mark.torch
pytest.importorskip("openai")
pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def tiny() -> TinyTokens:
    return TinyTokens()


@pytest.fixture(scope="module")
def server(tiny: TinyTokens) -> Iterator[Scripted]:
    with Scripted(tiny) as running:
        yield running


@pytest.fixture(scope="module")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> list[Prompt]:
    """Every third case of an example, in both orders, in the built-in model's dialect."""
    folder = tmp_path_factory.mktemp("desk")
    examples.copy("returns", folder)
    contents = read_folder(folder)
    direct = method("direct")
    made = []
    for scenario in contents.scenarios.values():
        policy = contents.policies[scenario.policy]
        for number, case in enumerate(islice(cases_of(scenario, policy), 0, None, 3)):
            vocabulary = direct.vocabularies[number % 3]
            asks = [Ask(vocabulary, order, 0, twin=True) for order in (True, False)]
            made += [direct.prompt(case, policy, ask) for ask in asks]
    return made


def test_where_both_answers_came_back_p_is_that_of_their_first_tokens(
    server: Scripted, tiny: TinyTokens, prompts: list[Prompt]
) -> None:
    one = endpoint(server.url, probed=PROBED)
    over_wire = during(one, lambda: one.score(prompts))
    compared = 0
    for prompt, scored in zip(prompts, over_wire, strict=True):
        logs = tiny.logs([{"role": m.role, "content": m.content} for m in prompt.messages])
        choices = prompt.choices
        grant, refuse = (beginnings(tiny, forms) for forms in (choices.grant, choices.refuse))
        likeliest = set(logs.topk(20).indices.tolist())
        if not (likeliest & set(grant) and likeliest & set(refuse)):
            continue
        assert isinstance(scored, Scored)
        p = 1 / (1 + math.exp(scored.log_refuse - scored.log_grant))
        granted, refused = (float(logs[ids].exp().sum()) for ids in (grant, refuse))
        expected = granted / (granted + refused)
        assert p == pytest.approx(expected, abs=1e-4)
        compared += 1
    assert compared > len(prompts) / 2


def beginnings(tiny: TinyTokens, forms: tuple[str, ...]) -> list[int]:
    """Every token that begins one of the forms, whatever came back of them."""
    texts = {token: tiny.tokenizer.decode([token]).strip() for token in range(len(tiny.tokenizer))}
    return [
        token
        for token, text in texts.items()
        if text and any(form.startswith(text) for form in forms)
    ]
