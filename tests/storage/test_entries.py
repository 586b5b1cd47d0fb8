"""What is stored is what was given, as JSON."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.canonical import canonical_json
from discretion.errors import DiscretionError
from discretion.storage.entries import Entry, entries_of, row_of

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)
BODIES = st.dictionaries(st.text(), VALUES, max_size=5)


def back(entry):
    row = row_of(entry)
    [entry] = entries_of([(1, *row[:4], row.commitment is not None, row.payload)])
    return entry


@given(body=BODIES, personal=BODIES)
def test_bodies_come_back_as_they_were(body, personal):
    stored = back(Entry("answer", "a", body, personal))
    assert stored.body == body
    assert stored.personal == personal


@given(body=st.dictionaries(st.text('abcé "\\'), VALUES))
def test_bodies_are_canonical_and_in_ascii(body):
    text = row_of(Entry("answer", "a", body)).body
    assert text.isascii()
    assert canonical_json(json.loads(text)) == canonical_json(body)
    assert text == row_of(Entry("answer", "a", dict(reversed(body.items())))).body


def test_amounts_become_decimal_strings():
    assert back(Entry("answer", "a", {"limit": Decimal("10.00")})).body == {"limit": "10"}


def test_half_a_surrogate_pair_is_kept_as_text():
    assert back(Entry("answer", "a", {}, {"text": "\ud83d"})).personal == {"text": "\ud83d"}


def test_the_salt_is_new_for_every_entry():
    entry = Entry("judgment", "j", {}, {"rater": "Ann"})
    assert row_of(entry).commitment != row_of(entry).commitment


@pytest.mark.parametrize("key", ["a\0b", "\ud800"])
def test_a_name_that_sqlite_would_not_give_back_is_refused(key):
    with pytest.raises(DiscretionError, match="is not a name that can be stored"):
        row_of(Entry("answer", key, {}))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object()])
def test_a_value_without_a_json_form_is_refused(value):
    with pytest.raises((ValueError, TypeError)):
        row_of(Entry("answer", "a", {"p": value}))


@pytest.mark.parametrize("damaged", [["{}", "{"], ["[1", "2]"], ["1, 2", "3"], ["", "{}"]])
def test_a_damaged_body_is_an_error_however_many_are_read(damaged):
    rows = [(seq, "answer", "", str(seq), body, False) for seq, body in enumerate(damaged, 1)]
    with pytest.raises(json.JSONDecodeError):
        entries_of(rows)
