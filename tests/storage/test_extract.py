"""Extracts: rows taken out of a log are read, in a log of their own, as they were."""

import pytest

from discretion.errors import DiscretionError
from discretion.storage import Entry, Store
from discretion.storage.extract import hashes, placed, restore

NUMBER = 2_500
"""More than are read or written at once."""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    place = tmp_path_factory.mktemp("log") / "log.db"
    with Store(place) as store:
        store.append(
            Entry("note", f"{number:05}", {"p": number / 3, "t": "ä"}, {"who": f"Ann {number}"})
            for number in range(NUMBER)
        )
        store.erase("note", "", "00003", "asked")
    return place


def test_every_row_has_its_hash_and_the_last_is_the_head(path):
    with Store(path) as store:
        head = store.head()
    found = hashes(path)
    assert (len(found), found[-1]) == (NUMBER + 1, head)
    rows = list(placed(path, [5, 3, 5, 10**9]))
    assert [row.seq for row in rows] == [3, 5]
    assert [row.hash for row in rows] == [found[2], found[4]]


def test_a_log_of_some_rows_reads_them_at_their_places(path, tmp_path):
    some = range(1, NUMBER + 2, 2)
    restore(tmp_path / "some.db", placed(path, some))
    with Store(path) as whole, Store(tmp_path / "some.db") as part:
        there = {entry.seq: entry for entry in whole.entries("note")}
        assert list(part.entries("note")) == [there[seq] for seq in some if seq in there]
        assert part.head() == whole.head()
        assert part.get("note", "", "00001") is None


def test_what_was_erased_stays_erased(path, tmp_path):
    [row] = placed(path, [4])
    assert row.payload.isspace()
    restore(tmp_path / "some.db", [row])
    with Store(tmp_path / "some.db") as part:
        [entry] = part.entries("note")
    assert (entry.erased, entry.personal) == (True, None)


def test_two_rows_of_one_place_are_refused(path, tmp_path):
    [row] = placed(path, [1])
    with pytest.raises(DiscretionError, match="the database failed"):
        restore(tmp_path / "some.db", [row, row])
