"""Recognizers that other packages bring: asked before the patterns, and never silently broken."""

from importlib.metadata import EntryPoint

import pytest

from discretion.errors import DiscretionError
from discretion.importing import recognizers
from discretion.importing.redaction import redact


def towns(text):
    """A recognizer as a package may bring it."""
    start = text.find("Springfield")
    return [(start, start + 11, "town")] if start >= 0 else []


def broken(text):
    raise ValueError("no model")


def beyond(text):
    return [(0, len(text) + 5, "town")]


def over_a_mark(text):
    return [(text.find("[") + 2, text.find("]"), "town")] if "[" in text else []


@pytest.fixture
def brought(monkeypatch):
    def bring(*names):
        points = [EntryPoint(name, f"{__name__}:{name}", recognizers.GROUP) for name in names]
        monkeypatch.setattr(recognizers, "entry_points", lambda group: points)
        recognizers.recognizers.cache_clear()

    yield bring
    monkeypatch.undo()
    recognizers.recognizers.cache_clear()


def test_what_it_finds_becomes_a_mark_of_its_kind(brought):
    brought("towns")
    redacted = redact("Hi Anna, I live in Springfield.")
    assert redacted.text == "Hi [name 1], I live in [town 1]."
    assert redacted.found == {"town": 1, "name": 1}


def test_the_same_thing_keeps_its_mark(brought):
    brought("towns")
    first = redact("Springfield again")
    assert redact("From Springfield", first.marks).text == "From [town 1]"


def test_nothing_within_a_mark_is_marked_again(brought):
    brought("over_a_mark")
    assert redact("see [ticket 12] please").text == "see [ticket 12] please"


@pytest.mark.parametrize("name", ["broken", "beyond", "not_there"])
def test_one_that_fails_stops_the_import(brought, name):
    brought(name)
    with pytest.raises(DiscretionError, match=f"the recognizer '{name}' failed"):
        redact("Springfield")
