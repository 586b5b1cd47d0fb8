"""An endpoint: how a decision is asked for, and what a bad reply becomes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import pytest

from discretion.arms import Open, Refused, Scored, Written
from discretion.errors import DiscretionError, StoppedError
from servers.shapes import Scripted, completion

from .endpoints_at_hand import NEVER_LOGPROBS, PROBED, PROMPT, endpoint, score, write

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
