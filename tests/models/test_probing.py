"""Probing: one call where a server takes everything, and one an option where it does not."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator

import pytest

from discretion.arms import Message
from discretion.errors import DiscretionError
from discretion.models.anthropic import AnthropicDialect
from discretion.models.probing import Probe, probe_from_json
from servers.shapes import MODEL, Scripted, completion, error, message
from servers.web import Request, Response

from .endpoints_at_hand import Naps, endpoint

TOP = [(token, math.log(0.1)) for token in "abcde"]


@pytest.fixture
def server() -> Iterator[Scripted]:
    pytest.importorskip("openai")
    with Scripted() as running:
        yield running


def probe(url: str, **settings) -> Probe:
    return asyncio.run(endpoint(url, probed=None, **settings).probe())


def test_one_call_tells_what_a_server_supports(server: Scripted) -> None:
    server.enqueue(completion("yes", top=TOP, choices=2))
    assert probe(server.url) == Probe(model=MODEL, build="fp_1", logprobs=5, choices=2)
    (request,) = server.requests
    assert request.body.keys() >= {"logprobs", "top_logprobs", "n", "seed", "temperature"}


def test_a_server_that_ignores_what_it_does_not_know(server: Scripted) -> None:
    server.enqueue(completion("yes", build=None))
    assert probe(server.url) == Probe(model=MODEL, build="", logprobs=0, choices=1)


def strict(*refused: str):
    """A server that refuses some fields, and a request with any of them."""

    def respond(request: Request) -> Response:
        roles = [m["role"] for m in request.body["messages"]]
        given = {*request.body, *roles}
        if given & set(refused):
            return error(400, "unsupported")
        top = TOP if request.body.get("logprobs") else None
        return completion("yes", top=top, choices=request.body.get("n", 1))

    return respond


def test_where_everything_is_refused_each_option_is_tried(server: Scripted) -> None:
    server.otherwise = strict("seed", "system")
    found = probe(server.url)
    assert found.refused == ("seed", "system")
    assert (found.logprobs, found.choices) == (5, 2)
    assert len(server.requests) == 1 + 1 + 5


def test_a_server_that_gives_few_first_tokens_is_asked_for_few(server: Scripted) -> None:
    def respond(request: Request) -> Response:
        if request.body.get("top_logprobs", 0) > 5:
            return error(400, "top_logprobs must be at most 5")
        top = TOP if request.body.get("logprobs") else None
        return completion("yes", top=top, choices=request.body.get("n", 1))

    server.otherwise = respond
    assert probe(server.url) == Probe(model=MODEL, build="fp_1", logprobs=5, choices=2)


def test_a_server_that_wants_the_other_limit_of_tokens(server: Scripted) -> None:
    server.otherwise = strict("max_tokens", "logprobs", "temperature")
    found = probe(server.url)
    assert (found.modern_limit, found.logprobs) == (True, 0)
    assert found.refused == ("logprobs", "temperature")


def test_a_model_that_reasons_is_not_asked_for_probabilities(server: Scripted) -> None:
    probe(server.url, reasoning=True)
    body = server.requests[0].body
    assert "logprobs" not in body
    assert body["max_completion_tokens"] == 4096


@pytest.mark.parametrize(("status", "what"), [(401, "does not accept the key"), (404, "the model")])
def test_a_probe_that_fails_says_why(server: Scripted, status: int, what: str) -> None:
    server.otherwise = lambda request: error(status)
    with pytest.raises(DiscretionError, match=what):
        probe(server.url)
    assert len(server.requests) == 1


def test_a_probe_quotes_a_server_that_refuses_even_the_plain_request(server: Scripted) -> None:
    server.otherwise = lambda request: error(400, "send us money")
    with pytest.raises(DiscretionError, match=r"refuses the request \(400\): .*send us money"):
        probe(server.url)


def test_no_case_is_in_a_probe(server: Scripted) -> None:
    probe(server.url)
    sent = [Message(m["role"], m["content"]) for m in server.requests[0].body["messages"]]
    assert sent == [
        Message("system", "You answer in one word."),
        Message("user", "Is ice cold? Answer yes or no."),
    ]


def test_a_probe_is_kept_as_json() -> None:
    found = Probe("m", "b", 3, 1, ("seed",), True)
    assert probe_from_json(found.identity) == found


def test_anthropic_is_probed_without_what_it_has_not() -> None:
    pytest.importorskip("anthropic")
    with Scripted(lambda request: message("yes")) as server:
        one = endpoint(server.url, probed=None, dialect=AnthropicDialect(), naps=Naps())
        assert asyncio.run(one.probe()) == Probe(model=MODEL, build="", logprobs=0, choices=1)
        asked = {"model", "max_tokens", "messages", "system", "temperature"}
        assert server.requests[0].body.keys() == asked
