"""What a system decided is counted decision by decision, and stands as its share of grants."""

import pytest

from discretion.canonical import digest
from discretion.storage import Entry, Store, recorded


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "log.db") as opened:
        yield opened


def test_a_system_that_decided_a_case_twice_stands_with_its_mean(store):
    entries = [recorded.decision_entry("old system", "a", p) for p in (1.0, 0.0, 1.0)]
    store.append([*entries, recorded.decision_entry("other", "b", 1.0)])
    assert recorded.shares(store, "old system") == {"a": (0.5, 2)}
    assert recorded.shares(store, "nobody") == {}
    assert recorded.names(store) == ["old system", "other"]


def test_each_decision_counts_however_much_it_is_like_another(store):
    rows = {"row 1": 1.0, "row 2": 1.0, "row 3": 1.0, "row 4": 0.0}
    entries = [recorded.decision_entry("bot", "a", p, decision=row) for row, p in rows.items()]
    assert store.append(entries) == [True] * 4
    assert store.append(entries) == [False] * 4
    assert recorded.shares(store, "bot") == {"a": (0.75, 4)}


def test_a_share_weighs_as_many_decisions_as_it_is_of(store):
    store.append(
        [
            recorded.decision_entry("bot", "a", 0.75, decision="monday", n=4),
            recorded.decision_entry("bot", "a", 0.0, decision="tuesday", n=1),
        ]
    )
    assert recorded.shares(store, "bot") == {"a": (pytest.approx(3 / 5), 5)}


def test_a_share_of_unknown_n_leaves_the_number_of_decisions_unknown(store):
    store.append(
        [recorded.decision_entry("bot", "a", 0.3), recorded.decision_entry("bot", "b", 1.0)]
    )
    store.append([recorded.decision_entry("bot", "a", 1.0)])
    assert recorded.shares(store, "bot") == {"a": (pytest.approx(0.65), 1), "b": (1.0, 1)}


def test_decisions_that_were_kept_before_they_had_names_are_read_as_they_were(store):
    old = [
        Entry("decision", digest(("a", p)), {"case": "a", "p": p}, grouping="bot")
        for p in (1.0, 0.0)
    ]
    store.append(old)
    assert recorded.shares(store, "bot") == {"a": (0.5, 2)}
    store.append([recorded.decision_entry("bot", "a", 1.0, decision="row 9")])
    assert recorded.shares(store, "bot") == {"a": (pytest.approx(2 / 3), 3)}
