"""Agents over HTTP, against a real server on loopback."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from discretion.budgets import Spending, read_budget
from discretion.core.answers import Answer, Failure
from discretion.errors import DiscretionError, StoppedError
from discretion.models.agents import AgentArm
from servers.shapes import Scripted
from servers.web import Response

from .at_hand import NASTY, arm, ask, case, decision

pytest.importorskip("httpx2")

APPROVES = Response({"action": "approve"})


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted(lambda request: APPROVES) as running:
        yield running


def at(server: Scripted, **settings: Any) -> AgentArm:
    where = {"kind": "http", "url": f"{server.url}/decide", "decision": {"path": "action"}}
    return arm({**where, **settings})


def test_an_agent_is_asked_as_it_runs_and_its_word_is_one_draw(server: Scripted) -> None:
    server.enqueue(APPROVES, Response({"action": "deny"}), Response({"action": "Escalate"}))
    outcomes = ask(at(server, max_in_flight=1), draws=None)
    assert [decision(one) for one in outcomes] == ["grant", "refuse", "defer", "grant"]
    first = outcomes[0]
    assert isinstance(first, Answer)
    assert (first.how, first.draws, first.grant_first, first.vocabulary) == ("sampled", 1, None, "")
    assert json.loads(first.prompt) == server.requests[0].body
    assert first.text == '{"action": "approve"}'


def test_the_request_is_what_the_settings_describe(server: Scripted) -> None:
    request = {"ticket": {"body": "{case}"}, "amount": "{value:number}", "model": "v7"}
    ask(at(server, request=request, headers={"X-Tenant": "shop"}))
    asked = server.requests[0]
    assert asked.body == {
        "ticket": {"body": "A coat, brought back late."},
        "amount": 43,
        "model": "v7",
    }
    assert (asked.path, asked.headers["x-tenant"]) == ("/decide", "shop")


@pytest.mark.parametrize("text", NASTY)
def test_a_text_arrives_as_it_is_and_changes_nothing_else(server: Scripted, text: str) -> None:
    outcome = ask(at(server, request={"t": "{case}", "decision": "none"}), case(text))
    assert server.requests[0].body == {"t": text, "decision": "none"}
    assert decision(outcome[0]) == "grant"


def test_a_key_is_sent_and_never_told(
    server: Scripted, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    monkeypatch.setenv("DESK_KEY", "sk-hidden")
    monkeypatch.setenv("DESK_TENANT", "tenant-hidden")
    one = at(server, key_env="DESK_KEY", headers={"X-Token": "env:DESK_TENANT"})
    server.enqueue(
        Response({"error": "no sk-hidden for tenant-hidden"}),
        Response({"action": "approve", "echo": "sk-hidden"}),
        Response(b"sk-hidden", 400),
    )
    outcomes = [ask(one)[0] for _ in range(3)]
    assert server.requests[0].headers["authorization"] == "Bearer sk-hidden"
    assert server.requests[0].headers["x-token"] == "tenant-hidden"
    assert [decision(one) for one in outcomes] == [
        "failed: the reply reports an error",
        "grant",
        f"failed: 127.0.0.1:{server.port} refuses the request (400)",
    ]
    assert "no *** for ***" in str(outcomes[0])
    assert "hidden" not in str(outcomes) + caplog.text + one.fingerprint


def test_a_variable_that_is_not_set_is_named(server: Scripted) -> None:
    with pytest.raises(DiscretionError, match=r"headers\.X-Token.*DESK_TENANT is not set"):
        ask(at(server, headers={"X-Token": "env:DESK_TENANT"}))


def test_a_key_that_http_cannot_carry_is_said(
    server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESK_KEY", "sk-one\nX-Other: two")
    with pytest.raises(DiscretionError, match="signs that HTTP cannot carry") as error:
        ask(at(server, key_env="DESK_KEY"))
    assert "sk-one" not in str(error.value)
    assert server.requests == []


def test_what_may_pass_is_tried_again_and_every_attempt_is_paid(server: Scripted) -> None:
    cut = Response({"action": "approve"}, keep=0.5)
    server.enqueue(Response({}, 429, {"retry-after": "1"}), Response({}, 503), cut)
    spending = Spending(read_budget("1USD"))
    outcome = ask(at(server, price_call="0.25"), spending=spending)
    assert decision(outcome[0]) == "grant"
    # The server turned two away; the one that was cut may have been worked on.
    assert (len(server.requests), spending.calls) == (4, 2)
    assert spending.money == {"USD": Decimal("0.50")}


def test_a_budget_ends_the_run_in_order(server: Scripted) -> None:
    with pytest.raises(StoppedError, match="budget of 2 calls is spent"):
        ask(at(server), spending=Spending(read_budget("2calls")), draws=3)
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("budget", "what"), [("5kTokens", "how many tokens"), ("5USD", "price_call and currency")]
)
def test_a_budget_that_cannot_be_kept_is_refused(server: Scripted, budget: str, what: str) -> None:
    with pytest.raises(DiscretionError, match=what):
        ask(at(server), spending=Spending(read_budget(budget)))
    assert server.requests == []


@pytest.mark.parametrize(
    ("response", "what"),
    [
        (Response({"error": {"message": "no stock"}}), "the reply reports an error"),
        (Response({"action": "sure"}), "its word is not in the table of words"),
        (Response({"other": 1}), "the reply has no action"),
        (Response(b"<html>"), "the reply is not JSON"),
        (Response(b'{"action": "approve\xff"}'), "sent what is not UTF-8 text"),
        (Response({}, 404), "does not know the address (404)"),
    ],
)
def test_what_gives_no_decision_fails_with_its_reason(
    server: Scripted, response: Response, what: str
) -> None:
    server.enqueue(response)
    outcome = ask(at(server))[0]
    assert isinstance(outcome, Failure)
    assert what in outcome.what
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("response", "what"),
    [
        (Response({}, 401), "does not accept the key"),
        (Response({}, 402), "asks for payment"),
        (Response({}, 307, {"location": "http://127.0.0.1:1/"}), "redirects to another address"),
    ],
)
def test_what_every_call_would_come_to_ends_the_run(
    server: Scripted, response: Response, what: str
) -> None:
    server.otherwise = lambda request: response
    with pytest.raises(StoppedError, match=what):
        ask(at(server))
    assert len(server.requests) == 1


def test_a_reply_is_bounded(server: Scripted) -> None:
    long = {"action": "approve", "more": "x" * 5000}
    server.enqueue(
        Response(long),
        Response(gzip.compress(json.dumps(long).encode()), 200, {"content-encoding": "gzip"}),
        Response({"action": "approve", "more": "x" * 900}),
    )
    one = at(server, max_reply_kb=1, max_in_flight=1)
    longer = f"failed: the answer of 127.0.0.1:{server.port} is longer than 1 KB"
    assert [decision(outcome) for outcome in ask(one, draws=3)] == [longer, longer, "grant"]


def test_a_reply_that_trickles_is_given_up(server: Scripted) -> None:
    server.otherwise = lambda request: Response({"action": "approve"}, trickle=0.1)
    outcome = ask(at(server, timeout_s=0.3, attempts=2))[0]
    assert decision(outcome).endswith("did not answer within 0.3 s (tried 2 times)")


def test_a_dead_agent_is_a_failure_with_its_address() -> None:
    one = arm(
        {
            "kind": "http",
            "url": "http://127.0.0.1:9/ask",
            "decision": {"path": "a"},
            "attempts": 2,
        }
    )
    assert decision(ask(one)[0]) == "failed: 127.0.0.1:9 cannot be reached (tried 2 times)"


def test_nothing_is_sent_to_a_host_that_nobody_allowed() -> None:
    one = arm(
        {"kind": "http", "url": "https://desk.example/a", "decision": {"path": "a"}}, allowed=False
    )
    with pytest.raises(DiscretionError, match="discretion models allow desk"):
        ask(one)


def test_answers_are_known_by_what_could_change_them(server: Scripted) -> None:
    def keys(**settings: Any) -> set[str]:
        return {call.key for call in at(server, **settings).calls(case())}

    known = keys()
    assert len(known) == 4
    assert keys(draws=6) > known
    assert keys(timeout_s=1, max_in_flight=1, price_call="1") == known
    for changed in (
        {"version": "2"},
        {"grant": ["approve", "ok"]},
        {"headers": {"X-A": "b"}},
        {"request": {"text": "{case}"}},
        {"method": "PUT"},
    ):
        assert not keys(**changed) & known, changed
