"""A panel's judgments are found without reading any other's, and are those that filtering gives."""

import sqlite3
from collections import Counter
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discretion.core.judgments import Judgment, Tally, gather
from discretion.storage import Entry, Store, engine, migrations, records
from discretion.storage.recorded import decision_entry

PANELS = ("people", "other", "ünïcode's")
CASES = ("a", "b", "c")

decided = st.lists(
    st.tuples(
        st.sampled_from(("judgment", "tally", "decision")),
        st.sampled_from(PANELS),
        st.sampled_from(CASES),
        st.sampled_from(("grant", "refuse", "unsure")),
    ),
    max_size=12,
)


def entries(rows):
    for number, (kind, panel, case, answer) in enumerate(rows):
        name = f"{number}"
        if kind == "judgment":
            yield records.judgment_entry(
                Judgment(name, case, panel, answer, rater=f"r{number % 3}")
            )
        elif kind == "tally":
            yield records.tally_entry(Tally(name, case, panel, 0.5, 4))
        else:
            yield decision_entry("helper", case, 1.0, decision=name)


def without_index(path):
    """The log as a version before the index left it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP INDEX decided")
        connection.execute("DELETE FROM schema WHERE name = 'decided_index'")
        connection.commit()
        connection.execute("PRAGMA journal_mode = DELETE")


def read(store):
    """Everything that is read by panel or by case."""
    return (
        records.panel_names(store),
        {name: list(records.judgments(store, name)) for name in PANELS},
        {name: list(records.tallies(store, name)) for name in PANELS},
        {kind: list(store.decided(kind).items()) for kind in ("judgment", "tally", "decision")},
    )


@settings(max_examples=15, deadline=None)
@given(decided)
def test_a_panels_rows_are_those_that_filtering_all_of_them_gives(tmp_path_factory, rows):
    with Store(tmp_path_factory.mktemp("log") / "log.db") as store:
        store.append(entries(rows))
        judgments, tallies = list(records.judgments(store)), list(records.tallies(store))
        names, by_panel, counted, decided = read(store)
        assert names == list(dict.fromkeys(one.panel for one in (*judgments, *tallies)))
        for name in PANELS:
            assert by_panel[name] == [one for one in judgments if one.panel == name]
            assert counted[name] == [one for one in tallies if one.panel == name]
        for kind, times in decided.items():
            cases = Counter(entry.body["case"] for entry in store.entries(kind))
            assert times == list(cases.items())
        for name in names:
            found, filtered = records.panel(store, name), gather(name, judgments, tallies)
            assert found.cases == filtered.cases
            assert found.raters == filtered.raters
            assert found.rate.tobytes() == filtered.rate.tobytes()
            assert found.rater.tolist() == filtered.rater.tolist()


ROWS = [
    (kind, panel, case, "grant")
    for kind in ("judgment", "tally", "decision")
    for panel in PANELS
    for case in CASES
]


def test_a_log_that_cannot_be_written_is_read_without_the_index_and_stays_as_it_is(
    tmp_path, monkeypatch
):
    path = tmp_path / "log.db"
    with Store(path) as store:
        store.append(entries(ROWS))
        expected = read(store)
    without_index(path)
    before = path.read_bytes()
    for module in (engine, migrations):
        monkeypatch.setattr(module, "is_writable", lambda path: False)
    with Store(path) as store:
        assert read(store) == expected
        assert store.verify().ok
    assert path.read_bytes() == before


def test_an_older_log_gets_the_index_where_it_can_be_written(tmp_path):
    path = tmp_path / "log.db"
    with Store(path) as store:
        store.append(entries(ROWS))
        expected, head = read(store), store.head()
    without_index(path)
    with Store(path) as store:
        assert read(store) == expected
        assert store.head() == head
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'decided'").fetchone()


@pytest.mark.parametrize("wanted", ["places", "panels", "cases"])
def test_other_panels_rows_are_not_looked_at(tmp_path, wanted, monkeypatch):
    with Store(tmp_path / "log.db") as store:
        store.append(entries(ROWS))
        asked = []
        with store._connection() as connection:
            run = connection.exec_driver_sql

            def explained(statement, parameters):
                asked.extend(run(f"EXPLAIN QUERY PLAN {statement}", parameters).all())
                return run(statement, parameters)

            monkeypatch.setattr(connection, "exec_driver_sql", explained)
            from discretion.storage import log

            if wanted == "places":
                log.places_of(connection, "judgment", "people")
            elif wanted == "panels":
                log.panels(connection, "judgment")
            else:
                log.decided(connection, "judgment")
        assert any("INDEX decided" in row[3] for row in asked)


def test_a_body_that_was_damaged_stops_nothing_but_is_found(tmp_path):
    path = tmp_path / "log.db"
    with Store(path) as store:
        store.append(entries(ROWS))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE entries SET body = '{' WHERE seq = 1")
        connection.commit()
    with Store(path) as store:
        assert records.panel_names(store) == list(PANELS)
        assert not store.verify().ok
        assert store.append([Entry("answer", "a", {})]) == [True]
