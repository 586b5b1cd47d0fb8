"""Calls to an endpoint: tried again where that can help, paid, and silent about secrets."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from discretion.budgets import Spending, read_budget
from discretion.core.arms import CallFailed, Written
from discretion.errors import StoppedError
from servers.shapes import Scripted, completion, error
from servers.web import Response

from .endpoints_at_hand import Naps, endpoint, write

pytest.importorskip("openai")


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted() as running:
        yield running


@pytest.mark.parametrize(
    ("status", "what"),
    [
        (400, "refuses the request (400)"),
        (403, "does not allow this key to use the model (403)"),
        (404, "does not know the address or the model (404)"),
    ],
)
def test_what_will_not_pass_is_not_tried_again(server: Scripted, status: int, what: str) -> None:
    server.otherwise = lambda request: error(status)
    refused = write(endpoint(server.url))
    assert isinstance(refused, CallFailed)
    assert what in refused.what
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503])
def test_what_may_pass_is_tried_again(server: Scripted, status: int) -> None:
    naps = Naps()
    server.enqueue(error(status), error(status))
    assert isinstance(write(endpoint(server.url, naps=naps)), Written)
    assert len(server.requests) == 3
    assert len(naps.seconds) == 2
    assert naps.seconds[0] < naps.seconds[1]


def test_a_server_is_given_the_time_that_it_asks_for(server: Scripted) -> None:
    date = "Mon, 23 Nov 2026 10:00:00 GMT"
    naps = Naps()
    server.enqueue(
        error(429, retry_after="7"),
        error(429, retry_after="Mon, 23 Nov 2026 10:00:30 GMT", date=date),
    )
    assert isinstance(write(endpoint(server.url, naps=naps)), Written)
    assert any(7 <= nap < 8 for nap in naps.seconds)
    assert any(30 <= nap < 32 for nap in naps.seconds)


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        (error(401), "does not accept the key (401); set key_env"),
        (error(402), "asks for payment (402); see to the account's credit"),
        (error(429, code="insufficient_quota"), "asks for payment (429, insufficient_quota)"),
        (
            error(429, retry_after="3600"),
            "limits how much it may be asked (429), and asks to wait 3600 s",
        ),
    ],
)
def test_what_every_other_call_would_meet_too_stops_the_run(
    server: Scripted, reply: Response, what: str
) -> None:
    server.otherwise = lambda request: reply
    with pytest.raises(StoppedError) as stopped:
        write(endpoint(server.url))
    assert what in str(stopped.value)
    assert "what was answered is kept, and the same command goes on" in str(stopped.value)
    assert len(server.requests) == 1


def test_a_connection_cut_in_the_middle_is_tried_again(server: Scripted) -> None:
    server.enqueue(replace(completion(), keep=0.5))
    assert isinstance(write(endpoint(server.url)), Written)


def test_a_connection_that_is_always_cut_is_said_to_be(server: Scripted) -> None:
    server.otherwise = lambda request: replace(completion(), keep=0.5)
    refused = write(endpoint(server.url, attempts=2))
    assert isinstance(refused, CallFailed)
    assert "broke off before the answer was complete (tried 2 times)" in refused.what


def test_json_that_breaks_off_is_tried_again_and_said_to_be(server: Scripted) -> None:
    server.otherwise = lambda request: replace(completion(), body=b'{"choices": [{"mess')
    refused = write(endpoint(server.url, attempts=3))
    assert isinstance(refused, CallFailed)
    assert "JSON that is broken off or damaged (tried 3 times)" in refused.what


def test_a_server_that_does_not_answer_in_time(server: Scripted) -> None:
    server.otherwise = lambda request: replace(completion(), seconds=5)
    refused = write(endpoint(server.url, timeout_s=0.05, attempts=1))
    assert isinstance(refused, CallFailed)
    assert "did not answer within 0.05 s" in refused.what


def test_a_reply_that_trickles_in_is_no_answer_in_time(server: Scripted) -> None:
    """Each wait for bytes is short; all of them together are not."""
    server.otherwise = lambda request: replace(completion(), trickle=0.05)
    refused = write(endpoint(server.url, timeout_s=0.3, attempts=1))
    assert isinstance(refused, CallFailed)
    assert "did not answer within 0.3 s" in refused.what


def test_a_page_in_place_of_an_answer_is_said_to_be_no_json(server: Scripted) -> None:
    server.otherwise = lambda request: Response(b"<html>please log in</html>")
    refused = write(endpoint(server.url, attempts=1))
    assert isinstance(refused, CallFailed)
    assert "sent a text that is no JSON" in refused.what
    assert "please log in" in refused.said


def test_a_server_that_is_not_there() -> None:
    refused = write(endpoint("http://127.0.0.1:9", attempts=1))
    assert isinstance(refused, CallFailed)
    assert refused.what == "127.0.0.1:9 cannot be reached (tried once)"


def test_texts_are_not_sent_on_to_another_address(server: Scripted) -> None:
    server.enqueue(replace(error(307), headers={"location": "http://127.0.0.1:9/elsewhere"}))
    refused = write(endpoint(server.url))
    assert isinstance(refused, CallFailed)
    assert "redirects to another address" in refused.what


def test_what_a_server_says_is_kept_apart_from_the_sentence(server: Scripted) -> None:
    """It may quote the case, and stands where it can be erased."""
    server.enqueue(error(400, "too long: A coat on day 15", "context_length_exceeded"))
    refused = write(endpoint(server.url))
    assert isinstance(refused, CallFailed)
    assert refused.what.endswith("refuses the request (400, context_length_exceeded)")
    assert "A coat on day 15" in refused.said


def test_a_key_is_sent_and_never_told(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_KEY", "sk-very-secret")
    monkeypatch.setenv("TEAM", "team-secret")
    given = {"key_env": "BOT_KEY", "headers": {"X-Team-Token": "env:TEAM", "X-Route": "eu"}}
    server.otherwise = lambda request: error(400, "sk-very-secret of team-secret is no good")
    one = endpoint(server.url, **given)
    refused = write(one)
    sent = server.requests[0].headers
    assert (sent["authorization"], sent["x-team-token"], sent["x-route"]) == (
        "Bearer sk-very-secret",
        "team-secret",
        "eu",
    )
    assert isinstance(refused, CallFailed)
    assert "*** of *** is no good" in refused.said
    assert "secret" not in f"{refused}{one.settings}{one.settings.address}"
    server.otherwise = lambda request: error(401, "Incorrect key sk-ve***et")
    with pytest.raises(StoppedError) as stopped:
        write(one)
    assert "check the key in BOT_KEY" in str(stopped.value)
    assert "sk-" not in str(stopped.value)


def test_nothing_is_taken_from_the_environment_and_nothing_told_about_this_machine(
    server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "OPENAI_API_KEY": "ambient",
        "OPENAI_ADMIN_KEY": "ambient",
        "OPENAI_BASE_URL": "http://127.0.0.1:9/ambient",
        "OPENAI_ORG_ID": "ambient",
        "OPENAI_PROJECT_ID": "ambient",
        "OPENAI_CUSTOM_HEADERS": "X-Ambient: ambient\nAuthorization: ambient",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    assert isinstance(write(endpoint(server.url, query={"api-version": "2026-01"})), Written)
    request = server.requests[0]
    assert request.path == "/v1/chat/completions?api-version=2026-01"
    assert request.headers.keys() <= {
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "user-agent",
        "content-length",
        "content-type",
    }
    assert "ambient" not in str(request)


def test_calls_are_paid_and_stop_before_the_budget_is_overdrawn(server: Scripted) -> None:
    prices = {"price_in": "1000", "price_out": "1000", "currency": "EUR"}
    spending = Spending(read_budget("0.5EUR"))
    one = endpoint(server.url, **prices)
    write(one, spending=spending, max_tokens=10)
    assert (spending.calls, spending.tokens) == (1, 42)
    assert f"{spending.money['EUR']:.3f}" == "0.042"
    with pytest.raises(StoppedError, match=r"0\.458EUR of the budget of 0\.5EUR is left"):
        write(one, spending=spending, max_tokens=1000)
    assert len(server.requests) == 1


def test_an_attempt_whose_answer_was_lost_is_paid_and_one_turned_away_is_not(
    server: Scripted,
) -> None:
    prices = {"price_in": "1000", "price_out": "1000"}
    spending = Spending(read_budget("10USD"))
    server.enqueue(error(429), replace(completion(), keep=0.5))
    assert isinstance(
        write(endpoint(server.url, **prices), spending=spending, max_tokens=10), Written
    )
    assert len(server.requests) == 3
    lost = 51 // 2 + 64 + 10
    assert (spending.calls, spending.tokens) == (2, 42 + lost)
    assert spending.money["USD"] == Decimal(42 + lost) / 1000


def test_tokens_are_estimated_where_a_server_does_not_count(server: Scripted) -> None:
    server.enqueue(completion("grant it, please", usage=False))
    written = write(endpoint(server.url))
    assert (written.tokens_in, written.tokens_out) == (12, 4)


def test_a_server_here_without_prices_is_free(server: Scripted) -> None:
    spending = Spending(read_budget("1USD"))
    write(endpoint(server.url), spending=spending)
    assert spending.money == {"USD": 0}


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[str]:
    """The address of a server whose certificate nobody vouches for."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl, to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost")
    subprocess.run(
        [openssl, *made, "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_certificate_that_is_not_trusted_is_said_to_be_once(untrusted: str) -> None:
    """Trying again helps nobody, and the server can be reached."""
    with pytest.raises(StoppedError) as stopped:
        write(endpoint(untrusted, naps=(naps := Naps())))
    assert "shows a certificate that this machine does not trust" in str(stopped.value)
    assert "set SSL_CERT_FILE to a file that holds its authority's" in str(stopped.value)
    assert naps.seconds == []
