"""Whatever is changed in a log behind the store's back is found."""

import hashlib
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discretion.storage import GENESIS, Entry, Store


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "log.db"
    with Store(path) as store:
        store.append(
            [
                Entry("judgment", f"j{i}", {"answer": "grant"}, {"why": f"reason {i}"})
                for i in range(5)
            ]
        )
        store.append([Entry("answer", "a", {"p": 0.5})])
    return path


def tamper(path, *statements):
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def problems(path, head=None):
    with Store(path) as store:
        return store.verify(head).problems


def test_a_log_as_written_verifies(path):
    with Store(path) as store:
        found = store.verify(store.head())
    assert found.ok
    assert (found.entries, found.erased, found.problems) == (6, 0, ())


def test_an_empty_log_verifies_with_the_first_head(tmp_path):
    with Store(tmp_path / "log.db") as store:
        assert store.head() == GENESIS
        assert store.verify(GENESIS).ok


def test_the_hash_is_the_one_documented(path):
    """docs/design/storage.md says how to check a log without this program."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT kind, grouping, key, body, commitment, hash, salt, payload"
            " FROM entries LEFT JOIN payloads USING (seq) ORDER BY seq"
        ).fetchall()
    previous = "0" * 64
    for kind, grouping, key, body, commitment, hash_, salt, payload in rows:
        text = previous
        for field in (kind, grouping, key, body):
            text += f"{len(field.encode())}:{field}"
        text += commitment or ""
        assert hashlib.sha256(text.encode()).hexdigest() == hash_
        if payload is not None:
            assert hashlib.sha256(salt + payload.encode()).hexdigest() == commitment
        previous = hash_


def test_fields_cannot_slide_into_each_other(tmp_path):
    def head(name, entry):
        with Store(tmp_path / name) as store:
            store.append([entry])
            return store.head()

    heads = {
        head("1.db", Entry("ab", "c", {}, grouping="")),
        head("2.db", Entry("a", "c", {}, grouping="b")),
        head("3.db", Entry("a", "bc", {}, grouping="")),
        head("4.db", Entry("a", "", {}, grouping="bc")),
    }
    assert len(heads) == 4


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ('UPDATE entries SET body = \'{"answer":"refuse"}\' WHERE seq = 3', "row 3: its hash"),
        ("UPDATE entries SET grouping = 'x' WHERE seq = 3", "row 3: its hash"),
        ("UPDATE entries SET key = 'other' WHERE seq = 3", "row 3: its hash"),
        ("UPDATE entries SET commitment = NULL WHERE seq = 3", "row 3: its hash"),
        ('UPDATE payloads SET payload = \'{"why":""}\' WHERE seq = 2', "row 2: the personal part"),
        ("UPDATE payloads SET salt = zeroblob(16) WHERE seq = 2", "row 2: the personal part"),
        ("DELETE FROM payloads WHERE seq = 2", "row 2: the personal part is missing"),
        ("UPDATE payloads SET payload = ' ' WHERE seq = 2", "row 2: the personal part is missing"),
        ("INSERT INTO payloads VALUES (6, zeroblob(16), '{}')", "row 6: the personal part is not"),
        ("INSERT INTO payloads VALUES (9, zeroblob(16), '{}')", "row 9: a personal part that no"),
        ("DELETE FROM entries WHERE seq = 2", "row 3: it follows row 1"),
        ("UPDATE entries SET seq = 99 WHERE seq = 6", "row 99: it follows row 5"),
    ],
)
def test_a_change_is_found_where_it_was_made(path, statement, problem):
    tamper(path, statement)
    assert any(found.startswith(problem) for found in problems(path))


def test_rows_that_changed_places_are_found(path):
    tamper(
        path,
        "UPDATE entries SET seq = 99 WHERE seq = 3",
        "UPDATE entries SET seq = 3 WHERE seq = 4",
        "UPDATE entries SET seq = 4 WHERE seq = 99",
    )
    assert any("row 3: its hash" in found for found in problems(path))


def test_rows_cut_off_the_end_are_found_with_a_head_alone(path):
    with Store(path) as store:
        head = store.head()
    tamper(path, "DELETE FROM entries WHERE seq = 6")
    assert problems(path) == ()
    assert problems(path, head) == (
        f"the head {head} is not in the log: rows were cut off or rewritten",
    )


def test_a_head_noted_earlier_is_still_in_a_log_that_grew(path):
    with Store(path) as store:
        head = store.head()
        store.append([Entry("answer", "b", {})])
        assert store.head() != head
        assert store.verify(head).ok


def test_an_erasure_claimed_of_what_is_still_there_is_found(path):
    with Store(path) as store:
        store.erase("judgment", "", "j1", "asked")
    tamper(path, 'UPDATE payloads SET payload = \'{"why":"it came back"}\' WHERE seq = 2')
    assert "row 2: an erasure is recorded, but the personal part is not gone" in problems(path)


def test_problems_stop_at_twenty(tmp_path):
    path = tmp_path / "log.db"
    with Store(path) as store:
        store.append([Entry("answer", str(i), {}) for i in range(50)])
    tamper(path, "UPDATE entries SET body = '[]'")
    assert len(problems(path)) == 20


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_single_changed_byte_is_found(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("byte") / "log.db"
    with Store(path) as store:
        store.append(
            [Entry("judgment", f"key {i}{i}", {"n": i}, {"why": "é" * i}) for i in range(4)]
        )
    table, column = data.draw(
        st.sampled_from(
            [
                ("entries", "kind"),
                ("entries", "key"),
                ("entries", "body"),
                ("entries", "commitment"),
                ("entries", "hash"),
                ("payloads", "salt"),
                ("payloads", "payload"),
            ]
        )
    )
    seq = data.draw(st.integers(1, 4))
    with closing(sqlite3.connect(path)) as connection:
        ((old,),) = connection.execute(
            f"SELECT CAST({column} AS BLOB) FROM {table} WHERE seq = ?", (seq,)
        )
        place = data.draw(st.integers(0, len(old) - 1))
        new = bytearray(old)
        new[place] ^= data.draw(st.integers(1, 255))
        type_ = "BLOB" if column == "salt" else "TEXT"
        connection.execute(
            f"UPDATE {table} SET {column} = CAST(? AS {type_}) WHERE seq = ?", (bytes(new), seq)
        )
        connection.commit()
    assert problems(path)
