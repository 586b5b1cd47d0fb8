"""An endpoint: how a decision is asked for, and what a bad reply becomes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import pytest

from discretion.arms import Open, Refused, Scored, Written
from discretion.budgets import Purse, read_budget
from discretion.errors import DiscretionError, StoppedError
from servers.shapes import Scripted, completion, error

from .endpoints_at_hand import NEVER_LOGPROBS, PROBED, PROMPT, Naps, endpoint, score, write

pytest.importorskip("openai")

SURE = [("grant", math.log(0.8)), ("refuse", math.log(0.19)), ("maybe", math.log(0.001))]


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted() as running:
        yield running


def test_a_probability_is_read_from_the_first_token(server: Scripted) -> None:
    server.enqueue(completion("grant", top=SURE))
    scored = score(endpoint(server.url))
    assert isinstance(scored, Scored)
    p = 1 / (1 + math.exp(scored.log_refuse - scored.log_grant))
    assert p == pytest.approx(0.8 / 0.99, abs=0.01)
    assert (scored.how, scored.served_by) == ("logprobs", "stand-in-2026-01 fp_1")
    assert (scored.tokens, scored.tokens_out) == (40, 2)
    asked = server.requests[0].body
    assert (asked["logprobs"], asked["top_logprobs"], asked["temperature"]) == (True, 20, 1.0)
    assert (asked["max_tokens"], asked["model"]) == (1, "gpt-x")
    assert [m["role"] for m in asked["messages"]] == ["system", "user"]
    assert not {"frequency_penalty", "presence_penalty", "top_p"} & asked.keys()


def test_what_leaves_too_much_open_is_not_scored(server: Scripted) -> None:
    server.enqueue(completion("I", top=[("I", math.log(0.6)), ("grant", math.log(0.3))]))
    assert score(endpoint(server.url)) == Open(40, 2)


def test_a_server_that_ignores_the_request_is_noticed_and_not_asked_again(
    server: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    one = endpoint(server.url)
    assert isinstance(score(one), Open)
    assert isinstance(score(one), Open)
    assert len(server.requests) == 1
    assert [record.getMessage() for record in caplog.records] == [
        "bot: the server gives no log-probabilities now, so its answers are sampled instead"
    ]


def test_an_answer_is_written(server: Scripted) -> None:
    written = write(endpoint(server.url), max_tokens=7)
    assert isinstance(written, Written)
    assert (written.text, written.tokens_in, written.tokens_out) == ("grant", 40, 2)
    assert "A coat on day 15" in written.prompt
    assert not written.decided
    asked = server.requests[0].body
    assert asked["max_tokens"] == 7
    assert 0 <= asked["seed"] < 2**31


def test_after_a_reasoning_the_decision_stands_in_the_text(server: Scripted) -> None:
    server.enqueue(completion("It is one day.\nDecision: grant"))
    written = write(endpoint(server.url), replace(PROMPT, reason_first=True))
    assert isinstance(written, Written)
    assert written.decided


def test_draws_of_one_prompt_have_seeds_of_their_own(server: Scripted) -> None:
    one = endpoint(server.url)
    write(one)
    write(one, seed=1)
    seeds = [request.body["seed"] for request in server.requests]
    assert len(set(seeds)) == 2


def test_a_system_text_goes_in_front_where_there_is_no_such_role(server: Scripted) -> None:
    write(endpoint(server.url, system="merge"))
    write(endpoint(server.url, probed=replace(PROBED, refused=("system", "seed", "temperature"))))
    for request in server.requests:
        assert request.body["messages"] == [
            {"role": "user", "content": "Decide the case.\n\nA coat on day 15. grant or refuse?"}
        ]
    assert not {"seed", "temperature"} & server.requests[1].body.keys()


def test_a_temperature_that_cannot_be_had_is_not_passed_over(server: Scripted) -> None:
    one = endpoint(server.url, probed=replace(PROBED, refused=("temperature",)))
    with pytest.raises(DiscretionError, match=r"takes no temperature, so 0\.5"):
        write(one, temperature=0.5)


def test_a_model_that_reasons_is_sampled_with_room_for_it(server: Scripted) -> None:
    one = endpoint(server.url, probed=replace(PROBED, modern_limit=True), reasoning=True)
    assert not one.scores
    write(one)
    assert server.requests[0].body["max_completion_tokens"] == 4096


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        (completion(""), "the answer is empty"),
        (completion(None), "the answer is empty"),
        (completion("I must", finish="length"), "the answer was cut at 256 tokens"),
        (completion("", finish="length"), "the answer was cut at 256 tokens"),
        (completion(None, refusal="I will not."), "the model declined to answer"),
        (completion("grant", finish="content_filter"), "the model declined to answer"),
    ],
)
def test_what_is_no_answer_is_refused(server: Scripted, reply, what: str) -> None:
    server.enqueue(reply)
    refused = write(endpoint(server.url))
    assert isinstance(refused, Refused)
    assert what in refused.what


@pytest.mark.parametrize("body", [{}, {"choices": []}, {"choices": [{}]}, [], "grant", None])
def test_a_reply_without_a_choice_is_refused_at_once(server: Scripted, body) -> None:
    server.enqueue(replace(completion(), body=body))
    refused = write(endpoint(server.url))
    assert isinstance(refused, Refused)
    assert refused.what.endswith("sent a reply without an answer in it")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "what"),
    [
        (400, "refuses the request (400)"),
        (401, "does not accept the key (401)"),
        (403, "does not allow this key to use the model (403)"),
        (404, "does not know the address or the model (404)"),
    ],
)
def test_what_will_not_pass_is_not_tried_again(server: Scripted, status: int, what: str) -> None:
    server.otherwise = lambda request: error(status)
    refused = write(endpoint(server.url))
    assert isinstance(refused, Refused)
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


def test_a_server_that_asks_for_an_hour_is_not_waited_for(server: Scripted) -> None:
    server.otherwise = lambda request: error(429, retry_after="3600")
    refused = write(endpoint(server.url))
    assert isinstance(refused, Refused)
    assert refused.what.endswith("limits how much it may be asked (429), and asks to wait 3600 s")


def test_a_connection_cut_in_the_middle_is_tried_again(server: Scripted) -> None:
    server.enqueue(replace(completion(), keep=0.5))
    assert isinstance(write(endpoint(server.url)), Written)


def test_a_connection_that_is_always_cut_is_said_to_be(server: Scripted) -> None:
    server.otherwise = lambda request: replace(completion(), keep=0.5)
    refused = write(endpoint(server.url, attempts=2))
    assert isinstance(refused, Refused)
    assert "broke off before the answer was complete (tried 2 times)" in refused.what


def test_json_that_breaks_off_is_tried_again_and_said_to_be(server: Scripted) -> None:
    server.otherwise = lambda request: replace(completion(), body=b'{"choices": [{"mess')
    refused = write(endpoint(server.url, attempts=3))
    assert isinstance(refused, Refused)
    assert "JSON that is broken off or damaged (tried 3 times)" in refused.what


def test_a_server_that_does_not_answer_in_time(server: Scripted) -> None:
    server.otherwise = lambda request: replace(completion(), seconds=5)
    refused = write(endpoint(server.url, timeout_s=0.05, attempts=1))
    assert isinstance(refused, Refused)
    assert "did not answer within 0.05 s" in refused.what


def test_a_server_that_is_not_there() -> None:
    refused = write(endpoint("http://127.0.0.1:9", attempts=1))
    assert isinstance(refused, Refused)
    assert refused.what == "127.0.0.1:9 cannot be reached (tried once)"


def test_texts_are_not_sent_on_to_another_address(server: Scripted) -> None:
    server.enqueue(replace(error(307), headers={"location": "http://127.0.0.1:9/elsewhere"}))
    refused = write(endpoint(server.url))
    assert isinstance(refused, Refused)
    assert "redirects to another address" in refused.what


def test_what_a_server_says_is_kept_apart_from_the_sentence(server: Scripted) -> None:
    """It may quote the case, and stands where it can be erased."""
    server.enqueue(error(400, "too long: A coat on day 15", "context_length_exceeded"))
    refused = write(endpoint(server.url))
    assert isinstance(refused, Refused)
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
    assert isinstance(refused, Refused)
    assert "*** of *** is no good" in refused.said
    assert "secret" not in f"{refused}{one.settings}{one.settings.address}"
    server.otherwise = lambda request: error(401, "Incorrect key sk-ve***et")
    assert write(one).said == ""


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


def test_a_server_that_becomes_another_stops_the_run(server: Scripted) -> None:
    server.enqueue(completion(model="stand-in-2027"))
    with pytest.raises(StoppedError, match="now says that it is stand-in-2027; when it was probed"):
        write(endpoint(server.url))


def test_another_build_is_said_once_and_kept_with_each_answer(
    server: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    server.otherwise = lambda request: completion(build="fp_2")
    one = endpoint(server.url)
    assert [write(one).served_by for _ in range(2)] == ["stand-in-2026-01 fp_2"] * 2
    assert [record.getMessage() for record in caplog.records] == [
        "bot: the server now runs build fp_2; when it was probed it was fp_1"
    ]


def test_a_fingerprint_is_of_the_address_and_of_what_the_server_says() -> None:
    url = "http://127.0.0.1:9"
    one = endpoint(url)
    assert one.fingerprint == endpoint(url).fingerprint
    assert one.fingerprint == endpoint(url, timeout_s=3, price_in=1, price_out=2).fingerprint
    others = [
        endpoint(url, model="gpt-y"),
        endpoint(f"{url}1"),
        endpoint(url, system="merge"),
        endpoint(url, headers={"X-Route": "eu"}),
        endpoint(url, probed=replace(PROBED, model="newer")),
        endpoint(url, probed=replace(PROBED, build="fp_2")),
        endpoint(url, probed=NEVER_LOGPROBS),
    ]
    assert len({one.fingerprint, *(other.fingerprint for other in others)}) == len(others) + 1


def test_what_was_not_probed_has_no_fingerprint() -> None:
    with pytest.raises(DiscretionError, match="run: discretion models probe bot"):
        _ = endpoint("http://127.0.0.1:9", probed=None).fingerprint


def test_no_text_leaves_the_machine_without_leave() -> None:
    one = endpoint("https://api.example.com")
    with pytest.raises(DiscretionError, match=r"leave this machine for api\.example\.com, which"):
        write(one)


def test_calls_are_paid_and_stop_before_the_budget_is_overdrawn(server: Scripted) -> None:
    prices = {"price_in": "1000", "price_out": "1000", "currency": "EUR"}
    purse = Purse(read_budget("0.5EUR"))
    one = endpoint(server.url, **prices)
    write(one, purse=purse, max_tokens=10)
    assert (purse.calls, purse.tokens) == (1, 42)
    assert f"{purse.money['EUR']:.3f}" == "0.042"
    with pytest.raises(StoppedError, match=r"budget of 0\.5EUR is spent, or too little is left"):
        write(one, purse=purse, max_tokens=1000)
    assert len(server.requests) == 1


def test_tokens_are_estimated_where_a_server_does_not_count(server: Scripted) -> None:
    server.enqueue(completion("grant it, please", usage=False))
    written = write(endpoint(server.url))
    assert (written.tokens_in, written.tokens_out) == (12, 4)


def test_a_server_here_without_prices_is_free(server: Scripted) -> None:
    purse = Purse(read_budget("1USD"))
    write(endpoint(server.url), purse=purse)
    assert purse.money == {"USD": 0}
