"""Anthropic's endpoint, spoken natively."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from discretion.core.arms import CallFailed, Written
from discretion.models.anthropic import AnthropicDialect
from discretion.models.endpoint import Endpoint
from servers.shapes import Scripted, error, message

from .endpoints_at_hand import NEVER_LOGPROBS, Naps, endpoint, write

pytest.importorskip("anthropic")


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted(lambda request: message()) as running:
        yield running


def claude(server: Scripted, **settings) -> Endpoint:
    return endpoint(server.url, dialect=AnthropicDialect(), probed=NEVER_LOGPROBS, **settings)


def test_the_system_text_stands_beside_the_messages(
    server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDE", "sk-claude")
    written = write(claude(server, key_env="CLAUDE"))
    assert isinstance(written, Written)
    assert (written.text, written.tokens_in, written.tokens_out) == ("grant", 40, 2)
    (request,) = server.requests
    assert request.path == "/v1/messages"
    assert request.body == {
        "model": "gpt-x",
        "max_tokens": 256,
        "temperature": 1.0,
        "system": "Decide the case.",
        "messages": [{"role": "user", "content": "A coat on day 15. grant or refuse?"}],
    }
    assert request.headers["x-api-key"] == "sk-claude"
    assert request.headers["anthropic-version"]
    assert "authorization" not in request.headers


def test_a_temperature_is_sent_where_the_probe_found_that_it_is_taken(server: Scripted) -> None:
    write(claude(server), temperature=0.5)
    assert server.requests[0].body["temperature"] == 0.5
    newer = replace(NEVER_LOGPROBS, refused=("temperature",))
    write(endpoint(server.url, dialect=AnthropicDialect(), probed=newer))
    assert "temperature" not in server.requests[1].body


def test_nothing_is_taken_from_the_environment(
    server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.setenv(name, "ambient")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "X-Ambient: ambient")
    assert isinstance(write(claude(server)), Written)
    assert "ambient" not in str(server.requests[0])


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        (message("I would rather not", stop="refusal"), "the model declined to answer"),
        (message("I", stop="max_tokens"), "was cut at 256 tokens"),
        (message(""), "the answer is empty"),
        (error(403), "does not allow this key"),
    ],
)
def test_what_is_no_answer_is_refused(server: Scripted, reply, what: str) -> None:
    server.enqueue(reply)
    refused = write(claude(server))
    assert isinstance(refused, CallFailed)
    assert what in refused.what


def test_an_overloaded_server_is_asked_again(server: Scripted) -> None:
    naps = Naps()
    server.enqueue(error(529, code="overloaded_error"))
    assert isinstance(write(claude(server, naps=naps)), Written)
    assert len(naps.seconds) == 1
