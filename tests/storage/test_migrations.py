"""Databases of every release are read and written on; what is not ours is refused."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from discretion.errors import DiscretionError
from discretion.storage import Entry, Store
from discretion.storage.migrations import STEPS

DUMPS = sorted((Path(__file__).parent / "databases").glob("*.sql"))


@pytest.fixture(params=DUMPS, ids=lambda dump: dump.stem)
def released(request, tmp_path):
    """A database as a release left it."""
    path = tmp_path / "log.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(request.param.read_text(encoding="utf-8"))
    return path


def test_a_released_database_is_read(released):
    with Store(released) as store:
        kept, erased = store.entries("judgment")
        assert (kept.key, kept.body) == ("j1", {"answer": "grant"})
        assert kept.personal == {"why": "it is only one day"}
        assert (erased.personal, erased.erased) == (None, True)
        assert store.get("answer", "", "a1").body == {"p": 0.25, "tokens": 12}
        assert store.get("run-answer", "run-1", "a1").body == {}
        assert store.verify().ok


def test_a_released_database_is_written_on(released):
    with Store(released) as store:
        before = store.head()
        assert store.append([Entry("answer", "a1", {}), Entry("answer", "a2", {})]) == [False, True]
        assert store.verify(before).ok


def test_migrating_leaves_the_chain_as_it_was(released):
    with closing(sqlite3.connect(released)) as connection:
        before = connection.execute("SELECT seq, body, hash FROM entries").fetchall()
    Store(released).close()
    with closing(sqlite3.connect(released)) as connection:
        assert connection.execute("SELECT seq, body, hash FROM entries").fetchall() == before
        names = connection.execute("SELECT name FROM schema ORDER BY position").fetchall()
    assert [name for (name,) in names] == [step.__name__ for step in STEPS]


def test_a_step_added_later_is_applied_once(tmp_path, monkeypatch):
    path = tmp_path / "log.db"
    with Store(path) as store:
        store.append([Entry("answer", "a1", {})])

    def notes(connection):
        connection.exec_driver_sql("CREATE TABLE notes (text TEXT)")

    monkeypatch.setattr("discretion.storage.migrations.STEPS", [*STEPS, notes])
    for _ in range(2):
        with Store(path) as store:
            assert store.count() == 1
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM notes").fetchone() == (0,)


def test_a_step_that_fails_leaves_the_database_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "log.db"
    Store(path).close()

    def notes(connection):
        connection.exec_driver_sql("CREATE TABLE notes (text TEXT)")
        connection.exec_driver_sql("CREATE TABLE entries (again TEXT)")

    with monkeypatch.context() as patch:
        patch.setattr("discretion.storage.migrations.STEPS", [*STEPS, notes])
        with pytest.raises(DiscretionError, match="already exists"):
            Store(path)
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        assert ("notes",) not in tables.fetchall()
    Store(path).close()


def test_a_newer_database_is_refused(tmp_path):
    path = tmp_path / "log.db"
    Store(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO schema (name) VALUES ('from_the_future')")
        connection.commit()
    with pytest.raises(DiscretionError) as caught:
        Store(path)
    assert str(caught.value) == (
        f"{path}: the database was written by a newer version of Discretion;"
        " upgrade: pip install --upgrade discretion"
    )


def test_another_programs_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "theirs.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    with pytest.raises(DiscretionError, match="a database of another program; name another file"):
        Store(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("songs",)]
