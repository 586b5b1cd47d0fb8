"""The decision in an agent's reply: where it stands, and what its words mean.

What cannot be read is a failed call with its reason. It never becomes a decision.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from discretion.core.reasoning_blocks import after_reasoning

Decision = Literal["grant", "refuse", "defer"]

_STEP = re.compile(r"""\.?([^.\[\]"'\s]+)|\[(-?\d+)\]|\[(?:"([^"]*)"|'([^']*)')\]""")
_BROKEN_OFF = {
    "length": "was cut off",
    "max_tokens": "was cut off",
    "content_filter": "was filtered",
    "refusal": "is a refusal to answer",
    "error": "ended in an error",
}
"""What a reply is whose reason for ending says so."""


class UnreadError(Exception):
    """A reply in which no decision stands."""

    def __init__(self, what: str, said: str = "") -> None:
        super().__init__(what)
        self.what = what
        """One clause that never quotes the reply."""
        self.said = said
        """What stands in place of a decision."""


def parse_path(written: str) -> tuple[str | int, ...]:
    """The steps of a path: ``result.action``, ``choices[0].message``, ``a["odd name"]``, ``[-1]``.

    Raises:
        ValueError: it is no path.
    """
    rest = written.strip().removeprefix("$")
    steps: list[str | int] = []
    while rest:
        step = _STEP.match(rest)
        if step is None:
            raise ValueError(f"{written!r} cannot be followed from {rest!r} on")
        name, index, double, single = step.groups()
        steps.append(int(index) if index else next(s for s in (name, double, single) if s))
        rest = rest[step.end() :]
    if not steps:
        raise ValueError("a path names at least one key")
    return tuple(steps)


class ReplyReader:
    """How the replies of one agent are read."""

    def __init__(
        self,
        words: Mapping[str, Decision],
        *,
        path: Sequence[str | int] = (),
        pattern: str = "",
        tool: str = "",
        argument: Sequence[str | int] = (),
        tool_names: bool = False,
        ignore: Sequence[str] = (),
        scalar: bool = False,
    ) -> None:
        """
        Args:
            words: what each word means, in the form that `as_word` gives.
            path: where to look, from the top of a JSON reply.
            pattern: a regular expression for the word in a text; its first group, if it has one.
            tool: the tool whose call holds the decision, in ``argument``.
            tool_names: the name of the tool that is called is the word.
            ignore: tools whose calls decide nothing.
            scalar: a reply may be the bare word, as JSON, in place of what the path leads to.
        """
        self._words, self._path, self._scalar = words, tuple(path), scalar
        self._pattern = re.compile(pattern) if pattern else None
        self._tool, self._argument = tool, tuple(argument)
        self._tool_names, self._ignore = tool_names, frozenset(ignore)

    def read(self, reply: str) -> Decision:
        """The decision of a reply.

        Raises:
            UnreadError: there is none, or more than one.
        """
        tools = self._tool or self._tool_names
        if not (self._path or tools or self._scalar):
            return self._decide([self._in_text(reply)])
        value = _json(reply)
        if not (self._scalar and isinstance(value, str | bool | int)):
            value = _follow(value, self._path)
        if tools:
            return self._decide(list(self._in_tools(value)))
        return self._decide([self._in_text(value) if self._pattern else as_word(value)])

    def _in_text(self, text: Any) -> str:
        if not isinstance(text, str):
            raise UnreadError("the decision should be in a text, and there is none", _short(text))
        if self._pattern is None:
            return as_word(text)
        answered = after_reasoning(text)
        if answered is None:
            raise UnreadError("the reply's reasoning is not closed", text)
        places = self._pattern.finditer(answered)
        found = {as_word(one[1 if one.re.groups else 0]) for one in places}
        if not found:
            raise UnreadError("the pattern finds nothing in the reply", text)
        if len(found) > 1:
            raise UnreadError("the pattern finds different words in the reply", text)
        return found.pop()

    def _in_tools(self, value: Any) -> Iterator[str]:
        for name, arguments in _tool_calls(value):
            if name in self._ignore:
                continue
            if self._tool_names:
                yield as_word(name)
            elif name == self._tool:
                yield as_word(_follow(arguments, self._argument))

    def _decide(self, words: Sequence[str]) -> Decision:
        if not words:
            raise UnreadError("the reply calls no tool that decides")
        for word in words:
            if word not in self._words:
                raise UnreadError("its word is not in the table of words", word)
        found = {self._words[word] for word in words}
        if len(found) > 1:
            raise UnreadError("its tool calls decide differently", ", ".join(words))
        return found.pop()


def as_word(value: Any) -> str:
    """A word as it stands in the table: in small letters, without white space around it.

    Raises:
        UnreadError: it is no word, number, or yes and no.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value).strip().casefold()
    what = "nothing" if value is None else "no word"
    raise UnreadError(f"{what} stands where the decision should be", _short(value))


def _json(reply: str) -> Any:
    try:
        return json.loads(reply)
    except (ValueError, RecursionError):
        streamed = reply.lstrip().startswith(("data:", "event:"))
        why = "a stream; ask the agent for one whole reply" if streamed else "not JSON"
        raise UnreadError(f"the reply is {why}", reply) from None


def _follow(value: Any, path: Sequence[str | int]) -> Any:
    """What a path leads to; nothing that it passes may say that something went wrong."""
    _check(value)
    for step in path:
        try:
            value = _step(value, step)
        except (IndexError, KeyError):
            way = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in path)
            raise UnreadError(f"the reply has no {way.lstrip('.')}", _short(value)) from None
        _check(value)
    return value


def _step(value: Any, step: str | int) -> Any:
    """A member of an object or an item of a list; a text has places too, and they lead nowhere."""
    if isinstance(value, Mapping) and isinstance(step, str):
        return value[step]
    if isinstance(value, list) and isinstance(step, int):
        return value[step]
    raise KeyError(step)


def _check(value: Any) -> None:
    if not isinstance(value, Mapping):
        return
    for key in ("error", "errors"):
        if value.get(key):
            raise UnreadError("the reply reports an error", _message(value[key]))
    for key in ("finish_reason", "stop_reason"):
        ended = value.get(key)
        if isinstance(ended, str) and ended in _BROKEN_OFF:
            raise UnreadError(f"the reply {_BROKEN_OFF[ended]}")


def _message(error: Any) -> str:
    message = error.get("message") if isinstance(error, Mapping) else error
    return message if isinstance(message, str) else _short(error)


def _short(value: Any) -> str:
    return json.dumps(value, default=str)[:300]


def _tool_calls(value: Any) -> Iterator[tuple[str, Any]]:
    """(tool, arguments) of every call in a reply of OpenAI's or Anthropic's form, or in one of its
    messages."""
    if not isinstance(value, Mapping):
        return
    if isinstance(choices := value.get("choices"), list):
        if len(choices) != 1:
            raise UnreadError(f"the reply has {len(choices)} choices, and one is needed")
        _check(choices[0])
        value = choices[0].get("message") if isinstance(choices[0], Mapping) else None
        if not isinstance(value, Mapping):
            return
    calls = [
        *(one.get("function") for one in _mappings(value.get("tool_calls"))),
        *(one for one in _mappings(value.get("output")) if one.get("type") == "function_call"),
        *(one for one in _mappings(value.get("content")) if one.get("type") == "tool_use"),
    ]
    for call in calls:
        if isinstance(call, Mapping) and isinstance(call.get("name"), str):
            arguments = call.get("arguments", call.get("input"))
            yield call["name"], _json(arguments) if isinstance(arguments, str) else arguments


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
