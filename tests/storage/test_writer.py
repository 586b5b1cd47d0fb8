"""What is handed over is committed, in order, whole and soon; what cannot be is said."""

import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from discretion.errors import DiscretionError
from discretion.storage import Entry, Store


def entry(key, personal=None):
    return Entry("answer", str(key), {"n": str(key)}, personal)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "log.db"


def on_disk(path):
    with closing(sqlite3.connect(path)) as connection:
        return [key for (key,) in connection.execute("SELECT key FROM entries ORDER BY seq")]


def test_what_was_flushed_is_on_disk_in_the_order_of_the_calls(path):
    with Store(path) as store:
        for i in range(1300):
            store.put(entry(i))
        store.flush()
        assert on_disk(path) == [str(i) for i in range(1300)]


def test_what_was_appended_is_on_disk(path):
    with Store(path) as store:
        store.append([entry(1)])
        assert on_disk(path) == ["1"]


def test_what_was_put_is_committed_without_being_asked_for(path):
    with Store(path) as store:
        store.put(entry(1))
        patience = time.monotonic() + 30
        while not on_disk(path) and time.monotonic() < patience:
            time.sleep(0.01)
        assert on_disk(path) == ["1"]


def test_closing_commits_what_was_put(path):
    with Store(path) as store:
        store.put(entry(1), entry(2))
    assert on_disk(path) == ["1", "2"]


def test_a_closed_store_takes_nothing(path):
    store = Store(path)
    store.close()
    with pytest.raises(ValueError, match="closed"):
        store.put(entry(1))
    with pytest.raises(ValueError, match="closed"):
        store.flush()


def test_more_than_fits_into_memory_makes_the_caller_wait_and_loses_nothing(path, monkeypatch):
    monkeypatch.setattr("discretion.storage.writer._MOST_WAITING", 10)
    with Store(path) as store:
        for i in range(200):
            store.put(entry(i))
    assert on_disk(path) == [str(i) for i in range(200)]


def test_threads_share_a_store(path):
    with Store(path) as store:

        def work(name):
            for i in range(100):
                assert store.append([entry(f"{name}-{i}")]) == [True]

        threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.count() == 400
        assert store.verify().ok


@pytest.fixture
def small_disk():
    """Every database opened meanwhile may grow to 40 pages; SQLite calls that a full disk."""

    def limit(connection, _record):
        connection.execute("PRAGMA max_page_count = 40")

    event.listen(Engine, "connect", limit)
    yield
    event.remove(Engine, "connect", limit)


def test_a_full_disk_is_said_and_nothing_is_half_written(path, small_disk):
    store = Store(path)
    store.append([entry(i) for i in range(10)])
    with pytest.raises(DiscretionError) as caught:
        store.append([entry(i, {"text": "x" * 5000}) for i in range(10, 200)])
    assert str(caught.value) == (
        f"{path}: the disk is full; free some space and repeat;"
        " what was stored is whole, and nothing is half written"
    )
    with pytest.raises(DiscretionError, match="the disk is full"):
        store.put(entry("later"))
    with pytest.raises(DiscretionError, match="the disk is full"):
        store.close()
    with Store(path) as store:
        assert [stored.key for stored in store.entries("answer")] == [str(i) for i in range(10)]
        assert store.verify().ok


def test_what_was_put_before_the_disk_was_full_fails_at_the_flush(path, small_disk):
    store = Store(path)
    for i in range(100):
        store.put(entry(i, {"text": "x" * 5000}))
    with pytest.raises(DiscretionError, match="the disk is full"):
        store.flush()
    with pytest.raises(DiscretionError, match="the disk is full"):
        store.close()


def test_a_database_locked_for_long_is_said(path, monkeypatch):
    monkeypatch.setattr("discretion.storage.engine._PATIENCE_MS", 10)
    store = Store(path)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DiscretionError, match="another process has been writing"):
            store.append([entry(1)])
        other.rollback()
    with pytest.raises(DiscretionError):
        store.close()
    assert on_disk(path) == []


def test_an_error_within_the_with_block_is_not_hidden_behind_the_writers(path, small_disk):
    with pytest.raises(KeyError), Store(path) as store:
        store.put(*(entry(i, {"text": "x" * 5000}) for i in range(100)))
        raise KeyError


APPEND_FOR_EVER = """
import sys
from pathlib import Path
from discretion.storage import Entry, Store
store = Store(Path(sys.argv[1]))
start = store.count()
for i in range(start, start + 1_000_000):
    store.put(Entry("put", str(i), {"n": i}, {"text": "x" * 3000}))
    store.append([Entry("append", str(i), {"n": i}, {"text": "y" * 3000})])
    print(i, flush=True)
"""


def test_a_killed_process_loses_nothing_that_was_acknowledged(path):
    for lines in (1, 7, 40, 3, 90):
        child = subprocess.Popen(
            [sys.executable, "-c", APPEND_FOR_EVER, str(path)], stdout=subprocess.PIPE, text=True
        )
        acknowledged = [child.stdout.readline().strip() for _ in range(lines)]
        child.kill()
        acknowledged += child.stdout.read().split()
        child.stdout.close()
        child.wait()
        with Store(path) as store:
            assert store.verify().ok
            assert store.has("append", acknowledged) == set(acknowledged)
            assert store.has("put", acknowledged) == set(acknowledged)


APPEND_500 = """
import sys
from pathlib import Path
from discretion.storage import Entry, Store
with Store(Path(sys.argv[1])) as store:
    print("open", flush=True)
    sys.stdin.readline()
    for i in range(250):
        entry = Entry("answer", f"{sys.argv[2]}-{i}", {"n": i}, {"text": "t"})
        assert store.append([entry]) == [True]
    for i in range(250, 500):
        store.put(Entry("answer", f"{sys.argv[2]}-{i}", {"n": i}, {"text": "t"}))
        store.put(Entry("shared", str(i), {"n": i}))
"""


def test_two_processes_share_a_log(path):
    children = [
        subprocess.Popen(
            [sys.executable, "-c", APPEND_500, str(path), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "ab"
    ]
    for child in children:
        assert child.stdout.readline() == "open\n"
    for child in children:
        child.communicate("go\n")
        assert child.returncode == 0
    with Store(path) as store:
        for name in "ab":
            keys = [stored.key for stored in store.entries("answer") if stored.key[0] == name]
            assert keys == [f"{name}-{i}" for i in range(500)]
        assert store.count("shared") == 250
        assert store.verify().ok
