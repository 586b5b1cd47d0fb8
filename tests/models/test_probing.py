"""Probing: one call where a server takes everything, and one an option where it does not."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator

import pytest

from discretion.core.arms import Message
from discretion.errors import DiscretionError
from discretion.models.anthropic import AnthropicDialect
from discretion.models.probing import Probe, probe_from_json
from servers.shapes import MODEL, Scripted, completion, error, message
from servers.web import Request, Response

from .endpoints_at_hand import NEVER_LOGPROBS, Naps, endpoint, score

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
    assert probe(server.url) == Probe(model=MODEL, build="fp_1", logprobs=5, choices=2, top_p=True)
    (request,) = server.requests
    assert request.body.keys() >= {"logprobs", "top_logprobs", "n", "seed", "temperature", "top_p"}


def test_a_server_that_ignores_what_it_does_not_know(server: Scripted) -> None:
    server.enqueue(completion("yes", build=None))
    assert probe(server.url) == Probe(model=MODEL, build="", logprobs=0, choices=1, top_p=True)


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
    assert len(server.requests) == 1 + 1 + 6


def test_a_server_that_gives_few_first_tokens_is_asked_for_few(server: Scripted) -> None:
    def respond(request: Request) -> Response:
        if request.body.get("top_logprobs", 0) > 5:
            return error(400, "top_logprobs must be at most 5")
        top = TOP if request.body.get("logprobs") else None
        return completion("yes", top=top, choices=request.body.get("n", 1))

    server.otherwise = respond
    assert probe(server.url) == Probe(model=MODEL, build="fp_1", logprobs=5, choices=2, top_p=True)


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


@pytest.mark.parametrize(
    ("status", "what", "calls"),
    [(401, "does not accept the key", 1), (404, "the model", 2), (403, "does not allow", 2)],
)
def test_a_probe_that_fails_says_why(server: Scripted, status: int, what: str, calls: int) -> None:
    server.otherwise = lambda request: error(status)
    with pytest.raises(DiscretionError, match=what):
        probe(server.url)
    assert len(server.requests) == calls


@pytest.mark.parametrize("status", [400, 403, 404, 405, 422, 500, 501])
def test_a_status_that_goes_away_with_an_option_is_about_it(server: Scripted, status: int) -> None:
    def respond(request: Request) -> Response:
        return error(status) if "logprobs" in request.body else completion("yes")

    server.otherwise = respond
    found = probe(server.url)
    assert (found.refused, found.logprobs) == (("logprobs",), 0)


def test_options_are_kept_only_beside_each_other(server: Scripted) -> None:
    """Each is taken by itself, and both together are not."""
    server.otherwise = lambda request: (
        error(400) if {"temperature", "top_p"} <= request.body.keys() else completion("yes")
    )
    found = probe(server.url)
    assert found.refused == ("top_p",)
    assert not found.top_p


def test_a_probe_asks_for_as_many_tokens_as_a_score(server: Scripted) -> None:
    server.otherwise = lambda request: completion("yes", top=TOP, finish="length")
    assert probe(server.url).least_tokens == 1
    assert server.requests[0].body["max_tokens"] == 1


def test_a_server_that_wants_room_for_more_tokens_is_scored_with_it(server: Scripted) -> None:
    def respond(request: Request) -> Response:
        if request.body["max_tokens"] < 16:
            return error(400, "max_tokens must be at least 16")
        return completion("grant", top=TOP if "logprobs" in request.body else None)

    server.otherwise = respond
    found = probe(server.url)
    assert (found.least_tokens, found.logprobs, found.refused) == (16, 5, ())
    assert probe_from_json(found.identity) == found
    score(endpoint(server.url, probed=found))
    assert server.requests[-1].body["max_tokens"] == 16


@pytest.mark.parametrize(
    "top", [[("yes", 4.2), ("no", 1.3)], [("yes", math.nan)], [("yes", -0.1), ("no", -0.1)]]
)
def test_values_that_are_no_log_probabilities_are_not_scored_with(
    server: Scripted, caplog: pytest.LogCaptureFixture, top: list[tuple[str, float]]
) -> None:
    server.otherwise = lambda request: completion("yes", top=top)
    assert probe(server.url).logprobs == 0
    assert "sends log-probabilities that cannot be used: " in caplog.text


DIGITS = [("7", math.log(0.5)), (" 7", math.log(0.1)), ("3", math.log(0.3)), ("4", math.log(0.05))]


@pytest.mark.parametrize(
    ("draw", "differs"),
    [(lambda n: "7" if n % 5 < 3 else "3", False), (lambda n: "7", True), (lambda n: "4", True)],
)
def test_draws_are_compared_with_scores_once(server: Scripted, draw, differs: bool) -> None:
    server.otherwise = lambda request: completion(
        draw(len(server.requests)), top=DIGITS if "logprobs" in request.body else None
    )
    compared = asyncio.run(endpoint(server.url).compare_draws())
    assert compared is not None
    assert compared.p == pytest.approx(0.6)
    assert compared.differs is differs
    assert not compared.repeats
    draws = [request.body for request in server.requests[1:]]
    assert len(draws) == compared.draws == 24
    assert len({body["seed"] for body in draws}) == 24
    assert {body["max_tokens"] for body in draws} == {1}


def test_replies_that_are_shown_again_are_noticed_by_the_probe(server: Scripted) -> None:
    server.otherwise = lambda request: completion("7", top=DIGITS, reply_id="same")
    compared = asyncio.run(endpoint(server.url).compare_draws())
    assert compared is not None
    assert compared.repeats


def test_where_there_are_no_scores_nothing_is_compared(server: Scripted) -> None:
    assert asyncio.run(endpoint(server.url, probed=NEVER_LOGPROBS).compare_draws()) is None
    assert server.requests == []


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
        assert asyncio.run(one.probe()) == Probe(
            model=MODEL, build="", logprobs=0, choices=1, top_p=True
        )
        asked = {"model", "max_tokens", "messages", "system", "temperature", "top_p"}
        assert server.requests[0].body.keys() == asked
