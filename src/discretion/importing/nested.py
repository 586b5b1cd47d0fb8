"""Nested: objects within objects as columns with dotted paths, and chats as texts.

``{"decision": {"outcome": "approved"}}`` has the column ``decision.outcome``, and the second item
of a list ``tags`` is ``tags.1``. A list of messages with roles is one text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from discretion.importing.rows import Typed

MOST_ITEMS = 20
"""A longer list, such as an embedding, stays one cell of JSON."""
_DEEPEST = 6
_ROLES = ("role", "from", "speaker", "author")
_CONTENTS = ("content", "value", "text", "message")


class RepeatedError(ValueError):
    """Two ways lead to one column: ``{"a.b": 1, "a": {"b": 2}}``."""


def flat(value: Mapping[str, Any]) -> dict[str, str]:
    """Column to cell, for an object from JSON or the like.

    Raises:
        RepeatedError: two parts of it have the same path.
    """
    cells: dict[str, str] = {}
    for key, item in value.items():
        _put(cells, str(key), item, 1)
    return cells


def thread_of(item: Any) -> str | None:
    """A list of messages as a text, each after who wrote it; None where it is no such list."""
    if not isinstance(item, list) or not item:
        return None
    lines = []
    for message in item:
        if not isinstance(message, Mapping):
            return None
        role = next((message[name] for name in _ROLES if name in message), None)
        found = [name for name in _CONTENTS if name in message]
        if not isinstance(role, str) or not found:
            return None
        content = _content(message[found[0]])
        if content:
            lines.append(f"{role}: {content}")
    return "\n\n".join(lines)


def _content(said: Any) -> str:
    """The text of a message, whose content may come in parts."""
    if isinstance(said, str):
        return said.strip()
    if isinstance(said, list):
        parts = [one.get("text") if isinstance(one, Mapping) else one for one in said]
        return "\n".join(one.strip() for one in parts if isinstance(one, str))
    return "" if said is None else json.dumps(said, ensure_ascii=False)


def _put(cells: dict[str, str], path: str, item: Any, depth: int) -> None:
    parts: Mapping[str, Any] = {}
    if depth < _DEEPEST:
        if isinstance(item, Mapping):
            parts = item
        elif isinstance(item, list) and len(item) <= MOST_ITEMS:
            is_thread = thread_of(item) is not None
            parts = {} if is_thread else {str(place): one for place, one in enumerate(item)}
    if parts:
        for key, part in parts.items():
            _put(cells, f"{path}.{key}", part, depth + 1)
        return
    if path in cells:
        raise RepeatedError(f"two values for {path!r}")
    cells[path] = _cell(item)


def _cell(item: Any) -> str:
    if isinstance(item, Typed):
        return item
    if isinstance(item, str):
        return item.strip()
    if item is None or item == {} or item == []:
        return ""
    thread = thread_of(item)
    return json.dumps(item, ensure_ascii=False) if thread is None else thread


def listed(items: Sequence[Any]) -> list[Any]:
    """The objects of a document: itself a list, or an object that holds one list of objects."""
    if isinstance(items, list):
        return items
    if isinstance(items, Mapping):
        lists = [
            item
            for item in items.values()
            if isinstance(item, list) and item and all(isinstance(one, Mapping) for one in item)
        ]
        if len(lists) == 1:
            return lists[0]
    return []
