import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.core.policies import ID
from discretion.importing.cells import RowError
from discretion.importing.identifiers import identifier


def test_names_stay_readable():
    assert identifier("Late returns") == "late-returns"
    assert identifier("blue.house") == "blue.house"
    assert identifier("Café (Zürich)") == "cafe-zurich"


def test_names_that_lose_letters_stay_apart():
    assert identifier("返品 1") != identifier("交換 1")
    assert identifier("a" * 70) != identifier("a" * 71)


def test_a_name_must_be_something():
    with pytest.raises(RowError, match="the name is empty"):
        identifier("")


@given(st.text(min_size=1))
def test_every_name_becomes_an_id(name):
    assert re.fullmatch(ID, identifier(name))
    assert len(identifier(name)) <= 80
