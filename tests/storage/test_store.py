"""A log is appended and read; what is personal can be erased from it."""

import subprocess
import sys
import tracemalloc

import pytest

from discretion.storage import Entry, Store


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "log.db") as store:
        yield store


def judgment(key, why="because"):
    return Entry("judgment", key, {"answer": "grant"}, {"why": why})


def test_an_entry_comes_back_as_it_was_stored(store):
    store.append([Entry("answer", "a", {"p": 0.1}, {"text": "yes"}, grouping="run-1")])
    stored = store.get("answer", "run-1", "a")
    assert (stored.kind, stored.grouping, stored.key) == ("answer", "run-1", "a")
    assert (stored.body, stored.personal) == ({"p": 0.1}, {"text": "yes"})
    assert (stored.seq, stored.erased) == (1, False)


def test_what_is_not_there_is_none(store):
    store.append([judgment("j")])
    assert store.get("judgment", "", "other") is None
    assert store.get("judgment", "run-1", "j") is None
    assert store.get("answer", "", "j") is None


def test_appending_again_changes_nothing(store):
    assert store.append([judgment("j1", "first")]) == [True]
    head = store.head()
    assert store.append([judgment("j1", "second")]) == [False]
    assert store.head() == head
    assert store.get("judgment", "", "j1").personal == {"why": "first"}


def test_appending_says_which_were_new_within_one_call_too(store):
    store.append([judgment("j2")])
    keys = ["j1", "j2", "j1", "j3"]
    assert store.append([judgment(key) for key in keys]) == [True, False, False, True]


def test_one_key_may_stand_under_several_kinds_and_groupings(store):
    entries = [Entry("a", "k", {}), Entry("b", "k", {}), Entry("a", "k", {}, grouping="g")]
    assert store.append(entries) == [True, True, True]


def test_appending_nothing_is_nothing(store):
    assert store.append([]) == []
    assert store.count() == 0


def test_keys_come_sorted_over_many_pages_and_without_their_neighbors(store, monkeypatch):
    monkeypatch.setattr("discretion.storage.store._KEYS", 7)
    wanted = ["", "a", "a b", "a b c", "Z", "é", "\U0001f600", *map(str, range(20))]
    others = [
        Entry("used", "b", {}),
        Entry("used", "b", {}, grouping="run-10"),
        Entry("us", "b", {}, grouping="run-1"),
    ]
    store.append([*others, *(Entry("used", key, {}, grouping="run-1") for key in wanted)])
    assert list(store.keys("used", "run-1")) == sorted(wanted)
    assert list(store.keys("used")) == ["b"]
    assert list(store.keys("used", "run-2")) == []


def test_keys_whose_number_fills_the_last_page_are_all_there(store, monkeypatch):
    monkeypatch.setattr("discretion.storage.store._KEYS", 5)
    store.append([Entry("used", str(i), {}) for i in range(10)])
    assert len(list(store.keys("used"))) == 10


def test_an_append_with_a_bad_entry_stores_none_of_it(store):
    with pytest.raises(ValueError, match="JSON"):
        store.append([judgment("j1"), Entry("answer", "a", {"p": float("nan")})])
    assert store.count() == 0


def test_many_entries_are_stored_a_part_at_a_time_and_none_where_one_is_bad(store):
    def coming(count):
        yield from (judgment(f"j{number % 6_000}", "x" * 2_000) for number in range(count))

    def breaking():
        yield from coming(5_000)
        raise KeyError("a row")

    store.put(judgment("before"))
    for bad in (breaking(), [*coming(5_000), Entry("judgment", "nan", {"p": float("nan")})]):
        with pytest.raises((KeyError, ValueError)):
            store.append(bad)
    assert store.count() == 1
    tracemalloc.start()
    try:
        fresh = store.append(coming(8_000))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000  # The texts alone are 12 MB, and as long again made ready.
    assert fresh == [True] * 6_000 + [False] * 2_000
    assert [entry.key for entry in store.entries("judgment")][:3] == ["before", "j0", "j1"]
    store.put(judgment("after"))
    store.flush()
    assert store.verify().entries == 6_002
    assert store.verify().ok


def test_entries_come_in_the_order_of_the_log_over_many_pages(store):
    store.append(
        [Entry("answer", f"{i * 7919 % 1201}", {"i": i}, grouping=str(i % 2)) for i in range(1201)]
    )
    assert [entry.body["i"] for entry in store.entries("answer")] == list(range(1201))
    assert [entry.body["i"] for entry in store.entries("answer", "1")] == list(range(1, 1201, 2))
    assert list(store.entries("judgment")) == []


def test_entries_may_be_appended_while_they_are_read(store):
    store.append([judgment(f"j{i}") for i in range(700)])
    for entry in store.entries("judgment"):
        store.append([Entry("answer", entry.key, {})]) if entry.seq % 100 == 0 else None
    assert store.count("answer") == 7


def test_find_keeps_the_order_of_the_keys_and_leaves_out_what_is_missing(store):
    store.append([judgment(f"j{i}") for i in range(1200)])
    keys = [f"j{i}" for i in range(1300, -1, -1)]
    assert [entry.key for entry in store.find("judgment", keys)] == keys[101:]


def test_has_tells_the_keys_that_are_there(store):
    store.append([Entry("answer", f"a{i}", {}) for i in range(0, 5000, 2)])
    asked = [f"a{i}" for i in range(5000)]
    assert store.has("answer", asked) == set(asked[::2])
    assert store.has("answer", asked, "run-1") == set()
    assert store.has("answer", []) == set()


def test_count_is_of_all_of_a_kind_and_of_a_grouping(store):
    store.append([Entry("a", str(i), {}, grouping="g") for i in range(3)])
    store.append([Entry("a", "x", {}), Entry("b", "x", {}, grouping="g")])
    assert [store.count(), store.count("a"), store.count("a", "g")] == [5, 4, 3]


def test_the_personal_part_can_be_left_unread(store):
    store.append([judgment("j"), Entry("judgment", "k", {})])
    with_part, without_part = store.entries("judgment", personal=False)
    assert (with_part.personal, with_part.erased) == (None, None)
    assert (without_part.personal, without_part.erased) == (None, False)
    (found,) = store.find("judgment", ["j"], personal=False)
    assert found == with_part


def test_reading_many_entries_takes_little_memory(store):
    store.append([Entry("answer", str(i), {"i": i}, {"text": "x" * 2000}) for i in range(10_000)])
    tracemalloc.start()
    try:
        total = sum(entry.body["i"] for entry in store.entries("answer"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == sum(range(10_000))
    assert peak < 5_000_000  # The texts alone are 20 MB.


def test_a_program_that_ends_without_closing_leaves_everything_in_one_file(tmp_path):
    """Whoever copies the log afterwards, as continuous integration does, has all of it."""
    program = (
        "from pathlib import Path; from discretion.storage import Entry, Store\n"
        "store = Store(Path('log.db')); store.append([Entry('answer', 'a', {'p': 0.1})])\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    assert [path.name for path in tmp_path.iterdir()] == ["log.db"]
    (tmp_path / "log.db").rename(tmp_path / "copied.db")
    with Store(tmp_path / "copied.db") as store:
        assert store.get("answer", "", "a").body == {"p": 0.1}
