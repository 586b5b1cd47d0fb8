"""Where a decision stands in a reply, and what counts as none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from discretion.models.agents.decisions import ReplyReader, UnreadError, parse_path

TABLE = {"approve": "grant", "true": "grant", "deny": "refuse", "escalate": "defer"}


def read(reply: Any, **said: Any) -> str:
    if "path" in said:
        said["path"] = parse_path(said["path"])
    if "argument" in said:
        said["argument"] = parse_path(said["argument"])
    text = reply if isinstance(reply, str) else json.dumps(reply)
    try:
        return ReplyReader(TABLE, **said).read(text)
    except UnreadError as unread:
        return f"unread: {unread.what}"


def openai(*calls: tuple[str, Any], finish: str = "tool_calls", **beside: Any) -> dict[str, Any]:
    made = [
        {"type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        for name, arguments in calls
    ]
    message = {"role": "assistant", "content": None, "tool_calls": made}
    return {"choices": [{"finish_reason": finish, "message": message}], **beside}


def responses(*calls: tuple[str, Any]) -> dict[str, Any]:
    made = [
        {"type": "function_call", "name": name, "arguments": json.dumps(arguments)}
        for name, arguments in calls
    ]
    return {"error": None, "output": [{"type": "reasoning"}, *made]}


def anthropic(*calls: tuple[str, Any]) -> dict[str, Any]:
    made = [{"type": "tool_use", "name": name, "input": arguments} for name, arguments in calls]
    return {"stop_reason": "tool_use", "content": [{"type": "text", "text": "I deny"}, *made]}


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("result.action", ("result", "action")),
        ("choices[0].message.content", ("choices", 0, "message", "content")),
        ('$.a["odd name"][-1]', ("a", "odd name", -1)),
        ("[0]", (0,)),
    ],
)
def test_paths_have_keys_and_places(path: str, steps: tuple[object, ...]) -> None:
    assert parse_path(path) == steps


@pytest.mark.parametrize("path", ["", "a[", "a[x]", "a b", "a..b"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"path|cannot"):
        parse_path(path)


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ({"r": {"a": "approve"}}, "grant"),
        ({"r": {"a": "  DENY\n"}}, "refuse"),
        ({"r": {"a": "escalate"}}, "defer"),
        ({"r": {"a": True}}, "grant"),
        ({"r": {"a": "approved"}}, "unread: its word is not in the table of words"),
        ({"r": {"a": "approve it"}}, "unread: its word is not in the table of words"),
        ({"r": {"a": None}}, "unread: nothing stands where the decision should be"),
        ({"r": {"a": 0.9}}, "unread: no word stands where the decision should be"),
        ({"r": {"a": ["approve"]}}, "unread: no word stands where the decision should be"),
        ({"r": {}}, "unread: the reply has no r.a"),
        ({"r": "approve"}, "unread: the reply has no r.a"),
        ({"error": {"message": "busy"}}, "unread: the reply reports an error"),
        ({"error": "busy", "r": {"a": "approve"}}, "unread: the reply reports an error"),
        ({"r": {"a": "approve", "errors": ["late"]}}, "unread: the reply reports an error"),
        ({"error": None, "errors": [], "r": {"a": "approve"}}, "grant"),
        ("approve", "unread: the reply is not JSON"),
        ("", "unread: the reply is not JSON"),
        ("[" * 100_000, "unread: the reply is not JSON"),
        ("data: {}\n\n", "unread: the reply is a stream; ask the agent for one whole reply"),
    ],
)
def test_a_path_leads_to_the_word(reply: Any, found: str) -> None:
    assert read(reply, path="r.a") == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Sorry.\nDECISION: deny", "refuse"),
        ("DECISION: Approve\nDECISION: approve", "grant"),
        (
            "DECISION: deny\nDECISION: approve",
            "unread: the pattern finds different words in the reply",
        ),
        ("I would approve", "unread: the pattern finds nothing in the reply"),
        ("DECISION: maybe", "unread: its word is not in the table of words"),
        ("<think>DECISION: approve?</think>DECISION: deny", "refuse"),
        ("<think>DECISION: approve", "unread: the reply's reasoning is not closed"),
        ("DECISION: approve</think>", "unread: the pattern finds nothing in the reply"),
        ("DECISION: approve</think>DECISION: deny", "refuse"),
    ],
)
def test_a_pattern_finds_the_word_in_a_text(text: str, found: str) -> None:
    assert read(text, pattern=r"DECISION: (\w+)") == found
    assert read({"t": text}, pattern=r"DECISION: (\w+)", path="t") == found


def test_a_pattern_wants_a_text() -> None:
    found = read({"t": {"approve": 1}}, pattern="approve", path="t")
    assert found == "unread: the decision should be in a text, and there is none"


@pytest.mark.parametrize("shape", [openai, responses, anthropic])
def test_a_tool_call_holds_the_decision(shape: Any) -> None:
    looked, decided = ("look_up", {"action": "approve"}), ("decide", {"action": "deny"})
    assert read(shape(looked, decided), tool="decide", argument="action") == "refuse"
    unread = read(shape(looked), tool="decide", argument="action")
    assert unread == "unread: the reply calls no tool that decides"
    twice = shape(decided, ("decide", {"action": "approve"}))
    differ = read(twice, tool="decide", argument="action")
    assert differ == "unread: its tool calls decide differently"


@pytest.mark.parametrize("shape", [openai, responses, anthropic])
def test_the_tool_that_is_called_is_the_decision(shape: Any) -> None:
    assert read(shape(("approve", {})), tool_names=True) == "grant"
    assert (
        read(shape(("look_up", {}), ("deny", {})), tool_names=True, ignore=["look_up"]) == "refuse"
    )
    unknown = read(shape(("look_up", {}), ("deny", {})), tool_names=True)
    assert unknown == "unread: its word is not in the table of words"


def test_a_reply_that_broke_off_is_none() -> None:
    assert read(openai(("approve", {}), finish="length"), tool_names=True) == (
        "unread: the reply was cut off"
    )
    content = {"choices": [{"finish_reason": "error", "message": {"content": "approve"}}]}
    assert read(content, path="choices[0].message.content") == "unread: the reply ended in an error"


def test_of_several_choices_none_is_picked() -> None:
    one = openai(("approve", {}))
    two = {"choices": one["choices"] * 2}
    assert read(two, tool_names=True) == "unread: the reply has 2 choices, and one is needed"


def test_a_tool_call_may_stand_deeper_in_a_reply() -> None:
    assert read({"result": openai(("approve", {}))}, path="result", tool_names=True) == "grant"


def test_arguments_that_are_no_json_are_no_decision() -> None:
    broken = openai(("decide", {}))
    broken["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] = '{"action": "app'
    assert read(broken, tool="decide", argument="action") == "unread: the reply is not JSON"
