"""Settings of agents: what is wrong is said, and no key stands in the file."""

from __future__ import annotations

from typing import Any

import pytest

from discretion.errors import DiscretionError
from discretion.models.agents.settings import read_agent_settings

HTTP = {"kind": "http", "url": "https://desk.example/ask", "decision": {"path": "action"}}


def said(**settings: Any) -> str:
    with pytest.raises(DiscretionError) as error:
        read_agent_settings("desk", {**HTTP, **settings})
    return str(error.value)


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"decision": {}}, "it is not said where the decision stands in a reply"),
        ({"decision": {"path": "a["}}, "[models.desk] decision.path: 'a[' cannot be followed"),
        ({"decision": {"pattern": "("}}, "decision.pattern: not a regular expression"),
        ({"decision": {"tool": "decide"}}, "tool and argument belong together"),
        ({"decision": {"pattern": "a", "tool_names": True}}, "names more than one place"),
        ({"decision": {"pth": "a"}}, "use one of: path, pattern"),
        ({"grant": ["ok"], "defer": ["OK "]}, "the word 'OK ' has two meanings"),
        ({"refuse": []}, "no word means refuse"),
        ({"request": {"a": "{cases}"}}, "[models.desk] request: there is no slot {cases}"),
        ({"request": '{"a": {case}}'}, "the request is not JSON"),
        ({"url": "ftp://desk.example"}, "this is not an address"),
        ({"url": "https://desk.example:x/"}, "this is not an address"),
        ({"method": "GET"}, "[models.desk] method: should be 'POST', 'PUT' or 'PATCH'"),
        ({"colour": 1}, "[models.desk] colour: is not a setting of this kind of agent"),
        ({"draws": 0}, "[models.desk] draws: should be greater than or equal to 1"),
    ],
)
def test_a_mistake_is_said_with_its_place(settings: dict[str, Any], what: str) -> None:
    assert what in said(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"headers": {"Authorization": "Bearer sk-123456"}},
        {"key_env": "sk-123456!"},
        {"url": "https://me:sk-123456@desk.example/"},
        {"url": "https://desk.example/?api_key=sk-123456"},
    ],
)
def test_a_key_in_the_file_is_an_error_that_does_not_repeat_it(settings: dict[str, Any]) -> None:
    told = said(**settings)
    assert "a key must not stand in" in told
    assert "123456" not in told


@pytest.mark.parametrize("secret", [{"key_env": "KEY"}, {"headers": {"X-Api": "env:KEY"}}])
def test_a_key_goes_to_another_machine_by_https_alone(secret: dict[str, Any]) -> None:
    told = said(url="http://desk.example/ask", **secret)
    assert told == ("[models.desk] url: a key would cross the network unencrypted; use https://")
    read_agent_settings("desk", {**HTTP, "url": "http://127.0.0.1:1/ask", **secret})


@pytest.mark.parametrize("function", ["agent", "agent:", "agent.py:decide", ":decide", "a:b:c"])
def test_a_function_is_named_by_module_and_name(function: str) -> None:
    with pytest.raises(DiscretionError, match="names no function"):
        read_agent_settings("desk", {"kind": "python", "function": function})


def test_what_does_not_change_an_answer_is_not_part_of_what_the_agent_is() -> None:
    one = read_agent_settings("desk", HTTP)
    again = {**HTTP, "timeout_s": 5, "draws": 9, "attempts": 1, "price_call": 0.1}
    assert read_agent_settings("desk", again).identity == one.identity
    for changed in ({"version": "2"}, {"grant": ["go"]}, {"headers": {"A": "b"}}):
        assert read_agent_settings("desk", {**HTTP, **changed}).identity != one.identity
