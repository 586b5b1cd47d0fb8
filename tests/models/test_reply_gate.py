"""The gate: each kind of reply that is no answer fails with its reason, and never decides."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from discretion.core.arms import CallFailed, Message, OpenScore, Scored, Written
from discretion.errors import StoppedError
from discretion.models.anthropic import AnthropicDialect
from discretion.models.reply_gate import CHECKS
from servers.shapes import Scripted, completion, message
from servers.web import Response

from .endpoints_at_hand import NEVER_LOGPROBS, PROMPT, during, endpoint, score, write

pytest.importorskip("openai")

LONG = replace(PROMPT, messages=(Message("user", "The customer asks for a refund. " * 86),))
"""2,752 characters."""


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted() as running:
        yield running


def body(response: Response, **choice: Any) -> Response:
    """The same reply with fields of its choice changed."""
    changed = json.loads(json.dumps(response.body))
    changed["choices"][0] |= choice
    return replace(response, body=changed)


def tokens(*pairs: tuple[str, float], **changed: Any) -> Response:
    """Likeliest first tokens as they are sent, with their bytes."""
    reply = completion(pairs[0][0], top=list(pairs))
    reply.body["choices"][0]["logprobs"]["content"][0] |= changed
    return reply


def sends(raw: bytes, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(raw, headers=named)


TOOL = [{"id": "a", "type": "function", "function": {"name": "x", "arguments": "{}"}}]
DRAWN = {
    "broke off": (completion("grant", finish="error"), "broke off with an error"),
    "broke off, as others say": (
        completion("grant", finish="insufficient_system_resource"),
        "broke off with an error",
    ),
    "no reason": (completion("grant", finish=None), "does not say why the answer ended"),
    "unknown reason": (completion("grant", finish="abort"), "an unknown reason (abort)"),
    "cut": (completion("grant", finish="length"), "cut at 256 tokens"),
    "cut, as others say": (completion("grant", finish="MAX_TOKENS"), "cut at 256 tokens"),
    "filtered": (completion("grant", finish="content_filter"), "declined to answer"),
    "declined": (completion(None, refusal="grant"), "declined to answer"),
    "declined in a part": (
        completion([{"type": "refusal", "refusal": "grant"}]),
        "declined to answer",
    ),
    "tool call": (completion(None, finish="tool_calls", tool_calls=TOOL), "called a tool"),
    "tool call beside a text": (completion("grant", tool_calls=TOOL), "called a tool"),
    "another role": (completion("grant", role="tool"), "not the assistant's"),
    "an echo": (completion("grant", role="user"), "not the assistant's"),
    "two answers": (completion("grant", choices=2), "2 answers came where 1 was asked for"),
    "empty": (completion("  \n"), "the answer is empty"),
    "only a reasoning beside": (
        completion(None, reasoning_content="I would grant"),
        "nothing follows the model's reasoning",
    ),
    "broken characters": (completion("grant \ud800"), "not valid Unicode"),
    "open thought": (completion("<think>\nI would\ngrant"), "inside the model's reasoning"),
    "open thought in brackets": (completion("[THINK]\ngrant"), "inside the model's reasoning"),
    "a thought after the answer": (completion("refuse\n<think>\ngrant"), "inside the model's"),
    "thought in a thought": (
        completion("<think>a<think>b</think>\ngrant"),
        "inside the model's reasoning",
    ),
    "analysis channel": (
        completion("<|channel|>analysis<|message|>One day.\ngrant"),
        "inside the model's reasoning",
    ),
    "ended analysis channel": (
        completion("<|channel|>analysis<|message|>One day.\ngrant<|end|>"),
        "inside the model's reasoning",
    ),
    "analysis channel, stripped": (completion("analysisOne day.\ngrant"), "inside the model's"),
    "nothing after the thought": (completion("<think>\ngrant\n</think>\n"), "nothing follows"),
    "nothing after it in brackets": (completion("[THINK]grant[/THINK]"), "nothing follows"),
    "an empty final channel": (
        completion("<|channel|>analysis<|message|>grant<|end|><|channel|>final<|message|>"),
        "nothing follows",
    ),
    "a thinking part alone": (
        completion([{"type": "thinking", "thinking": [{"type": "text", "text": "grant"}]}]),
        "the answer is empty",
    ),
    "a part before a thinking part": (
        completion([{"type": "text", "text": "grant"}, {"type": "thinking", "thinking": []}]),
        "the answer is empty",
    ),
    "another count than possible": (
        completion("grant", usage={"prompt_tokens": 10**30, "completion_tokens": 1}),
        "prompt tokens is not possible",
    ),
    "a negative count": (
        completion("grant", usage={"prompt_tokens": -3, "completion_tokens": 1}),
        "prompt tokens is not possible",
    ),
    "no longer named": (completion("grant", model=""), "no longer names its model"),
    "error in the choice": (
        body(completion("grant"), error={"code": 400, "message": "x"}),
        "refuses the request (400)",
    ),
    "error beside the choices": (
        replace(completion("grant"), body=completion("grant").body | {"error": "x"}),
        "sent an error in place of an answer",
    ),
    "no choices": (replace(completion(), body={"choices": []}), "without an answer in it"),
    "a choice that is null": (replace(completion(), body={"choices": [None]}), "without an answer"),
    "an error as a body": (
        replace(completion(), body={"detail": "no model", "code": 5}),
        "sent an error in place of an answer",
    ),
    "an error in a list": (
        replace(completion(), body=[{"error": {"code": 404, "message": "x"}}]),
        "does not know the address or the model (404)",
    ),
    "a failed status": (
        replace(completion(), body={"status": "failed", "choices": []}),
        "sent an error in place of an answer",
    ),
    "a page": (sends(b"<!doctype html><p>grant</p>"), "a text that is no JSON"),
    "a stream": (
        sends(b'data: {"choices": []}\n\ndata: [DONE]\n\n', content_type="text/event-stream"),
        "sent a stream of parts",
    ),
    "a stream by its text alone": (sends(b'data: {"choices": []}\n\n'), "a stream of parts"),
    "garbage said to be packed": (sends(b"grant", content_encoding="gzip"), "cannot be unpacked"),
    "a key twice": (sends(b'{"choices": [], "choices": [1]}'), "gives one key twice"),
    "nested without end": (sends(b"[" * 100_000), "broken off or damaged"),
    "bytes that are no text": (sends(b'{"choices": "\xff\xfe"}'), "broken off or damaged"),
    "nothing": (sends(b""), "broken off or damaged"),
    "a number of 5,000 digits": (sends(b'{"id": ' + b"9" * 5000 + b"}"), "broken off or damaged"),
}


@pytest.mark.parametrize("fault", DRAWN)
def test_a_draw_that_is_no_answer_fails_with_its_reason(server: Scripted, fault: str) -> None:
    reply, what = DRAWN[fault]
    server.otherwise = lambda request: reply
    refused = write(endpoint(server.url, attempts=2))
    assert isinstance(refused, CallFailed)
    assert what in refused.what
    refused.said.encode()


GRANT, REFUSE = math.log(0.8), math.log(0.19)
OLDER = {"tokens": ["grant"], "token_logprobs": [GRANT]}
SCORED = {
    "logits": (tokens(("grant", 18.3), ("refuse", 17.1)), "may be logits or probabilities"),
    "probabilities": (tokens(("grant", 0.8), ("refuse", 0.19)), "may be logits or probabilities"),
    "not a number": (tokens(("grant", math.nan), ("refuse", -1.0)), "not a finite number"),
    "without end": (tokens(("grant", -0.1), ("refuse", -math.inf)), "not a finite number"),
    "a huge number": (tokens(("grant", -(10**400)), ("refuse", -1.0)), "not a finite number"),
    "words": (tokens(("grant", "-0.1"), ("refuse", "-3")), "not a finite number"),  # type: ignore[arg-type]
    "true": (tokens(("grant", True), ("refuse", -3)), "not a finite number"),
    "a token twice": (tokens(("grant", -1.0), ("refuse", -2.0), ("grant", -1.0)), "listed twice"),
    "more than 1": (tokens(("grant", GRANT), ("Grant", GRANT)), "add up to more than 1"),
    "all equally sure": (tokens(("grant", 0.0), ("refuse", 0.0)), "add up to more than 1"),
    "other bytes": (
        tokens(
            ("grant", GRANT),
            top_logprobs=[{"token": "grant", "logprob": GRANT, "bytes": list(b"refuse")}],
        ),
        "text and its bytes differ",
    ),
    "older shape, logits": (
        body(completion(), logprobs=OLDER | {"top_logprobs": [{"grant": 18.3, "refuse": 17.1}]}),
        "may be logits or probabilities",
    ),
    "broke off": (body(tokens(("grant", GRANT)), finish_reason="error"), "broke off"),
    "tool call": (body(tokens(("grant", GRANT)), finish_reason="tool_calls"), "called a tool"),
    "filtered": (body(tokens(("grant", GRANT)), finish_reason="content_filter"), "declined"),
}


@pytest.mark.parametrize("fault", SCORED)
def test_a_score_that_is_none_fails_with_its_reason(server: Scripted, fault: str) -> None:
    reply, what = SCORED[fault]
    server.otherwise = lambda request: reply
    refused = score(endpoint(server.url, attempts=1))
    assert isinstance(refused, CallFailed)
    assert what in refused.what


SOUND = [("grant", GRANT), ("refuse", REFUSE)]
PLAIN = {
    "as documented": tokens(*SOUND, ("Grant", -9999.0)),
    "cut at its one token": body(tokens(*SOUND), finish_reason="length"),
    "null entries": tokens(
        ("grant", 0.0),
        top_logprobs=[
            None,
            {"token": "x", "logprob": None},
            *({"token": token, "logprob": log} for token, log in SOUND),
        ],
    ),
    "a dictionary": tokens(("grant", 0.0), top_logprobs=dict(SOUND)),
    "numbered tokens": tokens(
        ("grant", 0.0),
        top_logprobs=[
            {"token": f"token_id:{n}", "logprob": log, "bytes": list(token.encode())}
            for n, (token, log) in enumerate(SOUND)
        ],
    ),
    "older shape": body(completion(), logprobs=OLDER | {"top_logprobs": [dict(SOUND)]}),
    "older shape with a text": replace(
        completion(),
        body={
            "id": "cmpl-7",
            "model": "stand-in-2026-01",
            "choices": [
                {
                    "text": "grant",
                    "finish_reason": "length",
                    "logprobs": OLDER | {"top_logprobs": [{**dict(SOUND), "error": None}]},
                }
            ],
        },
    ),
}


@pytest.mark.parametrize("shape", PLAIN)
def test_the_same_score_is_read_in_every_shape(server: Scripted, shape: str) -> None:
    server.otherwise = lambda request: PLAIN[shape]
    scored = score(endpoint(server.url))
    assert isinstance(scored, Scored)
    assert scored.log_grant - scored.log_refuse == pytest.approx(math.log(0.8 / 0.195), abs=0.05)


def test_broken_names_are_kept_in_a_form_that_can_be(server: Scripted) -> None:
    server.otherwise = lambda request: completion("grant", build="fp \ud800")
    written = write(endpoint(server.url))
    assert isinstance(written, Written)
    assert written.served_by == "stand-in-2026-01 fp ?"


def test_a_placeholder_does_not_bound_an_answer_that_is_absent(server: Scripted) -> None:
    """-9999 says "not among the likeliest", and not that everything else is as unlikely."""
    server.otherwise = lambda request: tokens(("grant", math.log(0.9)), ("x", -9999.0))
    assert isinstance(score(endpoint(server.url)), OpenScore)


WRITTEN = {
    "plain": completion("grant"),
    "after a thought": completion("<think>\nI would refuse\n</think>\n\ngrant"),
    "after a thought opened by the template": completion("refuse it?\n</think>\ngrant"),
    "final channel": completion(
        "<|channel|>analysis<|message|>refuse<|end|><|start|>assistant<|channel|>final<|message|>"
        "grant<|return|>"
    ),
    "final channel, stripped": completion("analysisWe might refuse.assistantfinalgrant"),
    "in parts": completion(
        [{"type": "thinking", "thinking": "refuse"}, {"type": "text", "text": "grant"}]
    ),
    "beside a reasoning": completion("grant", reasoning_content="refuse"),
    "older shape": replace(
        completion(),
        body={
            "model": "stand-in-2026-01",
            "choices": [{"text": "grant", "finish_reason": "stop", "index": 0}],
        },
    ),
    "an error that is none": replace(
        completion(), body=completion("grant").body | {"error": None, "errors": []}
    ),
    "not counted": completion("grant", usage={"prompt_tokens": 0, "completion_tokens": 0}),
}


@pytest.mark.parametrize("shape", WRITTEN)
def test_an_answer_is_read_in_every_shape(server: Scripted, shape: str) -> None:
    from discretion.core.answers import read_decision

    server.otherwise = lambda request: WRITTEN[shape]
    written = write(endpoint(server.url))
    assert isinstance(written, Written)
    assert read_decision(written.text, ("grant",), ("refuse",)) is True


def test_a_prompt_that_was_cut_is_not_answered(server: Scripted) -> None:
    cut = completion("grant", usage={"prompt_tokens": 152, "completion_tokens": 1})
    server.enqueue(cut)
    refused = write(endpoint(server.url), LONG)
    assert isinstance(refused, CallFailed)
    assert "counted too few tokens for the prompt, so it seems to have cut it" in refused.what
    assert refused.said == "152 tokens were counted in 2,752 characters"
    server.enqueue(completion(top=SOUND, usage={"prompt_tokens": 152, "completion_tokens": 1}))
    assert isinstance(score(endpoint(server.url), LONG), CallFailed)


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("The customer asks for a refund. " * 86, 520),  # ordinary words
        ("-" * 3000 + " refund", 60),  # a rule across a page is few tokens
        ("返金をお願いします。" * 100, 700),
        ("Donaudampfschifffahrtsgesellschaft", 3),  # too short to say
    ],
)
def test_a_count_that_may_be_is_taken(server: Scripted, text: str, counted: int) -> None:
    server.enqueue(completion("grant", usage={"prompt_tokens": counted, "completion_tokens": 1}))
    prompt = replace(PROMPT, messages=(Message("user", text),))
    assert isinstance(write(endpoint(server.url), prompt), Written)


def test_a_reply_that_is_shown_again_is_no_second_draw(server: Scripted) -> None:
    server.otherwise = lambda request: completion("grant", reply_id="cached")
    one = endpoint(server.url)

    async def twice() -> list[Any]:
        from discretion.core.arms import Decoding

        return list(await one.generate([PROMPT] * 3, Decoding(), range(3)))

    found = during(one, twice)
    assert sorted(type(each).__name__ for each in found) == ["CallFailed", "CallFailed", "Written"]
    refused = next(each for each in found if isinstance(each, CallFailed))
    assert "the id of an earlier reply again" in refused.what
    assert isinstance(write(one), Written), "another run has seen nothing yet"


def test_an_error_inside_a_reply_is_tried_again_where_that_can_help(server: Scripted) -> None:
    for inside in ({"code": 429}, {"code": "rate_limit_exceeded"}, {"type": "overloaded_error"}):
        server.enqueue(replace(completion(), body={"error": inside | {"message": "busy"}}))
    server.enqueue(completion("grant", finish="error"))
    assert isinstance(write(endpoint(server.url)), Written)
    assert len(server.requests) == 5


def test_an_error_inside_a_reply_is_named_and_quoted_apart(server: Scripted) -> None:
    inside = {"code": "context_length_exceeded", "message": "too long: A coat on day 15"}
    server.otherwise = lambda request: replace(completion(), body={"error": inside})
    refused = write(endpoint(server.url))
    assert isinstance(refused, CallFailed)
    assert refused.what.endswith("refuses the request (400, context_length_exceeded)")
    assert refused.said == "too long: A coat on day 15"
    assert len(server.requests) == 1


def test_a_key_that_ends_inside_a_reply_stops_the_run(server: Scripted) -> None:
    server.otherwise = lambda request: replace(
        completion(), body={"error": {"code": "insufficient_quota", "message": "pay"}}
    )
    with pytest.raises(StoppedError, match="asks for payment"):
        write(endpoint(server.url))
    assert len(server.requests) == 1


THINKS = {"type": "thinking", "thinking": "refuse", "signature": "s"}
SAYS = {"type": "text", "text": "grant"}
CLAUDE = {
    "before the end of a thought": ([SAYS, THINKS], "end_turn", "nothing follows"),
    "a thought alone": ([THINKS], "end_turn", "nothing follows"),
    "tool": ([SAYS, {"type": "tool_use", "id": "a", "name": "b", "input": {}}], "tool_use", "tool"),
    "server tool": ([{"type": "server_tool_use", "id": "a"}, SAYS], "end_turn", "called a tool"),
    "paused": ([SAYS], "pause_turn", "an unknown reason (pause_turn)"),
    "no reason": ([SAYS], None, "does not say why the answer ended"),
    "cut by the window": ([SAYS], "model_context_window_exceeded", "cut at 256 tokens"),
    "cut": ([SAYS], "max_tokens", "cut at 256 tokens"),
    "declined": ([SAYS], "refusal", "declined to answer"),
}


@pytest.mark.parametrize("fault", CLAUDE)
def test_anthropics_replies_go_through_the_same_gate(fault: str) -> None:
    pytest.importorskip("anthropic")
    blocks, stop, what = CLAUDE[fault]
    reply = message()
    reply.body.update(content=blocks, stop_reason=stop)
    with Scripted(lambda request: reply) as server:
        one = endpoint(server.url, dialect=AnthropicDialect(), probed=NEVER_LOGPROBS)
        refused = write(one)
    assert isinstance(refused, CallFailed)
    assert what in refused.what


def test_anthropics_thought_before_an_answer_and_its_cached_prompt(server: Scripted) -> None:
    pytest.importorskip("anthropic")
    reply = message()
    reply.body.update(content=[THINKS, SAYS])
    reply.body["usage"] |= {
        "input_tokens": 3,
        "cache_read_input_tokens": 900,
        "cache_creation_input_tokens": 7,
    }
    server.otherwise = lambda request: reply
    one = endpoint(server.url, dialect=AnthropicDialect(), probed=NEVER_LOGPROBS)
    written = write(one, LONG)
    assert isinstance(written, Written)
    assert (written.text, written.tokens_in) == ("grant", 910)


@pytest.mark.parametrize(
    "usage",
    [
        {"completion_tokens": 1, "completion_tokens_details": {"reasoning_tokens": 500}},
        {"completion_tokens": 1, "reasoning_tokens": 500},
        {"completion_tokens": 1, "total_tokens": 541},
        {"completion_tokens": 501, "completion_tokens_details": {"reasoning_tokens": 500}},
    ],
)
def test_a_reasoning_that_is_counted_apart_is_paid(server: Scripted, usage: Any) -> None:
    server.enqueue(completion("grant", usage={"prompt_tokens": 40, **usage}))
    written = write(endpoint(server.url))
    assert isinstance(written, Written)
    assert (written.tokens_in, written.tokens_out) == (40, 501)


def test_every_check_of_the_table_has_a_row_here() -> None:
    """A check that no reply above fails would be one that nobody has seen to work."""
    assert [check.name for check in CHECKS] == [
        "refusal",
        "tool call",
        "finish reason",
        "role",
        "one answer",
        "unicode",
        "reasoning",
        "log-probabilities",
        "prompt tokens",
        "id",
        "model",
    ]
