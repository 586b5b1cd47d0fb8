"""An endpoint: how a decision is asked for, and what a bad reply becomes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import pytest

from discretion.core.arms import CallFailed, OpenScore, Scored, Written
from discretion.errors import DiscretionError, StoppedError
from servers.shapes import Scripted, completion

from .endpoints_at_hand import NEVER_LOGPROBS, PROBED, PROMPT, during, endpoint, score, write

pytest.importorskip("openai")

FINGERPRINT_0_1 = "5131bedae6bb74e3edcbd83cf61f70106122895d9364f84ea680c9ba4b6ce1bc"
"""Of an endpoint at port 9 with nothing set, as version 0.1 made it."""
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
    assert score(endpoint(server.url)) == OpenScore(40, 2)


def test_one_reply_without_log_probabilities_is_that_calls_alone(
    server: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    """A server that leaves them out now and then is still asked for them."""
    server.otherwise = lambda request: completion(
        top=SURE if len(server.requests) % 4 == 0 else None
    )
    one = endpoint(server.url)
    found = during(one, lambda: one.score([PROMPT] * 12))
    assert sum(isinstance(each, OpenScore) for each in found) == 9
    assert sum(isinstance(each, Scored) for each in found) == 3
    assert [record.getMessage() for record in caplog.records] == [
        "bot: the server left out the log-probabilities of a reply, so that one case is drawn"
    ]


def test_ten_times_the_calls_are_never_made_unasked(server: Scripted) -> None:
    one = endpoint(server.url)

    async def in_turn() -> None:
        for _ in range(20):
            await one.score([PROMPT])

    with pytest.raises(StoppedError, match="5 replies in a row came without log-prob") as stopped:
        during(one, in_turn)
    assert "set top_logprobs = 0 or run: discretion models probe bot" in str(stopped.value)
    assert len(server.requests) == 5


def test_no_truncation_is_asked_for_where_the_probe_found_that_it_is_taken(
    server: Scripted,
) -> None:
    """A probe of version 0.1 did not try: what is asked, and its answers' keys, stay as they
    were."""
    older, newer = endpoint(server.url), endpoint(server.url, probed=replace(PROBED, top_p=True))
    for one in (older, newer, endpoint(server.url, body={"top_k": 0, "extra": {"a": [1]}})):
        write(one)
        score(one)
    bodies = [request.body for request in server.requests]
    assert [body.get("top_p") for body in bodies] == [None, None, 1.0, 1.0, None, None]
    assert [body.get("top_k") for body in bodies] == [None] * 4 + [0, 0]
    assert bodies[-1]["extra"] == {"a": [1]}
    assert older.left_to_server == ("top_p", "top_k", "min_p")
    assert newer.left_to_server == ("top_k", "min_p")
    assert older.fingerprint != newer.fingerprint


def test_a_field_of_the_body_is_sent_in_place_of_what_would_be(server: Scripted) -> None:
    write(endpoint(server.url, probed=replace(PROBED, top_p=True), body={"top_p": 0.9}))
    assert server.requests[0].body["top_p"] == 0.9


def test_a_setting_that_came_later_counts_in_a_fingerprint_only_where_it_is_set() -> None:
    """The address that version 0.1 made of these settings."""
    one = endpoint("http://127.0.0.1:9")
    assert "body" not in one.settings.address
    assert set(one.probed.identity) == {  # type: ignore[union-attr]
        "model",
        "build",
        "logprobs",
        "choices",
        "refused",
        "modern_limit",
    }
    assert endpoint("http://127.0.0.1:9", body={"top_k": 0}).fingerprint != one.fingerprint
    assert one.fingerprint == FINGERPRINT_0_1


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
    assert isinstance(refused, CallFailed)
    assert what in refused.what


@pytest.mark.parametrize("body", [{}, {"choices": []}, {"choices": [{}]}, [], "grant", None])
def test_a_reply_without_a_choice_is_refused_at_once(server: Scripted, body) -> None:
    server.enqueue(replace(completion(), body=body))
    refused = write(endpoint(server.url))
    assert isinstance(refused, CallFailed)
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
