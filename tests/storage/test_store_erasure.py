"""Claims about erasing what is personal in a log."""

import random
import re

import pytest

from discretion.errors import DiscretionError
from discretion.storage import Entry, Store


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "log.db") as store:
        yield store


def judgment(key, why="because"):
    return Entry("judgment", key, {"answer": "grant"}, {"why": why})


def test_erasing_takes_the_personal_part_and_the_chain_still_verifies(store):
    store.append([judgment("j1"), judgment("j2")])
    assert store.erase("judgment", "", "j1", "the rater asked") is True
    erased = store.get("judgment", "", "j1")
    assert (erased.body, erased.personal, erased.erased) == ({"answer": "grant"}, None, True)
    assert store.get("judgment", "", "j2").personal == {"why": "because"}
    (record,) = store.entries("erasure")
    assert record.body == {
        "kind": "judgment",
        "grouping": "",
        "key": "j1",
        "why": "the rater asked",
    }
    found = store.verify()
    assert found.ok
    assert found.erased == 1


def test_erasing_twice_or_where_nothing_is_personal_records_nothing(store):
    store.append([judgment("j"), Entry("answer", "a", {})])
    store.erase("judgment", "", "j", "asked")
    head = store.head()
    assert store.erase("judgment", "", "j", "asked again") is False
    assert store.erase("answer", "", "a", "asked") is False
    assert store.head() == head


def test_what_was_erased_does_not_come_back_when_it_is_appended_again(store):
    store.append([judgment("j")])
    store.erase("judgment", "", "j", "asked")
    assert store.append([judgment("j")]) == [False]
    assert store.get("judgment", "", "j").erased is True


def test_erasing_what_was_only_put_waits_for_it(store):
    store.put(judgment("j"))
    assert store.erase("judgment", "", "j", "asked") is True


def test_erasing_what_is_not_there_is_an_error(store):
    with pytest.raises(DiscretionError, match="there is no judgment 'j' to erase"):
        store.erase("judgment", "", "j", "asked")


def test_erasures_are_written_by_erase_alone(store):
    with pytest.raises(ValueError, match=r"Store\.erase"):
        store.append([Entry("erasure", "1", {})])


@pytest.mark.parametrize("seed", [11, 24])
def test_no_byte_of_what_was_erased_stays_in_the_files(store, seed):
    """Short texts share pages with neighbors, long ones have their own. With these seeds
    deleting the rows instead would leave copies, in spite of secure_delete."""
    rng = random.Random(seed)
    kept, erased = set(), set()
    for start in range(0, 300, 30):
        keys = range(start, start + 30)
        store.append(
            [
                judgment(str(key), f"<secret {key}>" * rng.choice([1, 20, 60, 100, 200, 1000]))
                for key in keys
            ]
        )
        kept.update(keys)
        for key in rng.sample(sorted(kept), len(kept) // 2):
            store.erase("judgment", "", str(key), "asked")
            kept.remove(key)
            erased.add(key)
    files = b"".join(file.read_bytes() for file in store.path.parent.iterdir())
    left = {int(key) for key in re.findall(rb"<secret (\d+)>", files)}
    assert left == kept
    assert store.verify().ok
