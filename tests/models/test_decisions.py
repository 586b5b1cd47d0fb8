"""Decision endpoints: a probability an option, both phrasings, both orders, and no refusal that
counts as a refuse."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from discretion.core.arms import CallFailed, Choices, Scored
from discretion.models import load_model
from discretion.models.decisions import DecisionsDialect, SystemOneDialect
from discretion.models.endpoint import Endpoint
from discretion.models.probing import Probe
from servers.shapes import MODEL, Scripted
from servers.web import Request, Response

from .endpoints_at_hand import PROMPT, Naps, during, endpoint, score, write

pytest.importorskip("openai")

USAGE = {"input_tokens": 40, "output_tokens": 0, "total_tokens": 40}
KNOWN = Probe(model=MODEL, build="", logprobs=2, choices=1)
DIALECTS = {"decisions": DecisionsDialect, "systemone": SystemOneDialect}


def says(kind: str, p: float) -> Any:
    """A server to which "yes" and "grant" have probability p."""

    def respond(request: Request) -> Response:
        asked = request.body["questions"]
        (one,) = asked if kind == "decisions" else asked.values()
        if one["type"] in ("predicate", "noul"):
            key = "probability" if kind == "decisions" else "noul"
            answer: dict[str, Any] = {"type": one["type"], key: p}
        elif kind == "decisions":
            masses = {"grant": p, "refuse": 1 - p}
            given = [
                {"value": each["value"], "probability": masses[each["value"]]}
                for each in one["choices"]
            ]
            answer = {"type": "choice", "choice": "grant", "probabilities": given}
        else:
            assert set(one["criteria"]) == {"grant", "refuse"}
            answer = {"type": "choice", "probabilities": {"grant": p, "refuse": 1 - p}}
        return sends(kind, answer)

    return respond


def sends(kind: str, answer: dict[str, Any]) -> Response:
    answers: Any = [answer] if kind == "decisions" else {"decision": answer}
    return Response({"model": MODEL, "answers": answers, "usage": USAGE})


@pytest.fixture(params=DIALECTS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(kind: str) -> Iterator[Scripted]:
    with Scripted(says(kind, 0.8)) as running:
        yield running


def decider(kind: str, server: Scripted, probed: Probe | None = KNOWN) -> Endpoint:
    return endpoint(server.url, dialect=DIALECTS[kind](), probed=probed, naps=Naps())


def share(scored: Any) -> float:
    assert isinstance(scored, Scored)
    return 1 / (1 + math.exp(scored.log_refuse - scored.log_grant))


YES, NO = ("yes", "Yes"), ("no", "No")


@pytest.mark.parametrize("grant_first", [True, False])
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Choices("grant/refuse", ("grant", "Grant"), ("refuse", "Refuse"), True), 0.8),
        (Choices("yes grants", YES, NO, True), 0.8),
        (Choices("yes refuses", NO, YES, True), 0.2),
    ],
)
def test_p_is_that_of_the_option_that_grants(
    kind: str, server: Scripted, asked: Choices, expected: float, grant_first: bool
) -> None:
    prompt = replace(PROMPT, choices=replace(asked, grant_first=grant_first))
    scored = score(decider(kind, server), prompt)
    assert share(scored) == pytest.approx(expected)
    assert (scored.how, scored.tokens, scored.outside) == ("logprobs", 40, pytest.approx(0))
    (request,) = server.requests
    assert request.path == f"/{kind}"
    given = request.body["input" if kind == "decisions" else "state"]
    assert [message["role"] for message in given] == ["system", "user"]
    assert not {"max_tokens", "temperature", "top_p"} & request.body.keys()


def test_two_options_are_named_in_the_order_of_the_prompt(kind: str, server: Scripted) -> None:
    one = decider(kind, server)
    orders = []
    for grant_first in (True, False):
        score(one, replace(PROMPT, choices=replace(PROMPT.choices, grant_first=grant_first)))
        asked = server.requests[-1].body["questions"]
        orders.append(
            [each["value"] for each in asked[0]["choices"]]
            if kind == "decisions"
            else list(asked["decision"]["criteria"])
        )
    assert orders == [["grant", "refuse"], ["refuse", "grant"]]


def test_a_probe_finds_that_it_scores_and_draws_nothing(kind: str, server: Scripted) -> None:
    one = decider(kind, server, None)
    found = asyncio.run(one.probe())
    assert found == KNOWN
    assert len(server.requests) == 1
    known = one.knowing(found, allowed=True)
    assert known.scores
    assert known.left_to_server == ()
    assert asyncio.run(known.compare_draws()) is None


def test_no_text_is_asked_of_it(kind: str, server: Scripted) -> None:
    refused = write(decider(kind, server))
    assert isinstance(refused, CallFailed)
    assert "a decision endpoint writes no text; use a method that does not reason" in refused.what
    assert server.requests == []


GRANT = {"type": "choice", "choice": "grant"}
FAULTS = {
    "refusal": ({"type": "refusal", "name": None}, "declined to answer"),
    "another type": ({"type": "score", "score": 3}, "without an answer in it"),
    "no probabilities": (GRANT, "without an answer in it"),
    "above 1": (GRANT | {"probabilities": {"grant": 18.2, "refuse": 3.0}}, "not a finite number"),
    "below 0": (GRANT | {"probabilities": {"grant": -0.2, "refuse": 0.3}}, "not a finite number"),
    "not a number": (GRANT | {"probabilities": {"grant": "0.8"}}, "not a finite number"),
    "too much": (GRANT | {"probabilities": {"grant": 0.8, "refuse": 0.8}}, "more than 1"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_no_probability_is_a_failure_and_never_a_refuse(
    kind: str, server: Scripted, fault: str
) -> None:
    answer, what = FAULTS[fault]
    if kind == "decisions" and "probabilities" in answer:
        given = [{"value": value, "probability": p} for value, p in answer["probabilities"].items()]
        answer = answer | {"probabilities": given}
    server.otherwise = lambda request: sends(kind, answer)
    refused = score(decider(kind, server))
    assert isinstance(refused, CallFailed)
    assert what in refused.what


def test_an_option_that_is_certain_is_scored(kind: str, server: Scripted) -> None:
    for p in (0.0, 1.0):
        server.otherwise = says(kind, p)
        assert share(score(decider(kind, server))) == pytest.approx(p, abs=1e-9)


def test_a_workspace_names_one_by_its_kind(kind: str) -> None:
    model = load_model("d", {"kind": kind, "base_url": "http://127.0.0.1:9/v1", "model": "m"})
    assert isinstance(model, Endpoint)
    assert not model.writes


def test_reading_two_prompts_takes_two_calls(kind: str, server: Scripted) -> None:
    one = decider(kind, server)
    assert len(during(one, lambda: one.score([PROMPT, PROMPT]))) == 2
    assert len(server.requests) == 2
