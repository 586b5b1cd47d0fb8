"""Groups of raters: those of a panel in whose column a value stands."""

import pytest

from discretion.core.judgments import Judgment
from discretion.errors import DiscretionError
from discretion.storage import Store, records


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "log.db") as opened:
        yield opened


def judgment(number, case="a", answer="grant", panel="people", **more):
    return Judgment(f"j{number}", case, panel, answer, **more)


def tenured(number, tenure, **more):
    columns = {"tenure": tenure, "reversed": "yes" if number == 4 else "no"} if tenure else {}
    return judgment(number, rater=f"r{number}", columns=columns, **more)


def test_groups_are_those_of_a_panel_in_whose_column_each_value_stands(store):
    some = [
        tenured(1, "starter"),
        tenured(2, "lead", answer="refuse"),
        tenured(3, "lead", case="b"),
        tenured(4, "lead", case="b"),
        tenured(5, ""),
        tenured(6, "boss", panel="others"),
    ]
    store.append([records.judgment_entry(one) for one in some])
    found = records.groups(store, "people", ["tenure", "tenure"])
    assert [(column, value) for column, value, _ in found] == [
        ("tenure", "lead"),
        ("tenure", "starter"),
    ]
    leads = found[0][2]
    assert (leads.name, leads.cases) == ("people[tenure=lead]", ("a", "b"))
    assert (list(leads.rate), list(leads.n)) == ([0, 1], [1, 2])
    kept = records.groups(store, "people[reversed!=yes]", ["tenure"])[0][2]
    assert (kept.name, list(kept.n)) == ("people[reversed!=yes][tenure=lead]", [1, 1])


def test_a_value_with_signs_of_an_expression_in_it_is_a_group_all_the_same(store):
    store.append([records.judgment_entry(tenured(1, "new|old [x]"))])
    [(_, value, panel)] = records.groups(store, "people", ["tenure"])
    assert (value, panel.cases) == ("new|old [x]", ("a",))


def test_columns_that_make_no_groups_are_one_sentence(store):
    store.append([records.judgment_entry(tenured(number, f"t{number}")) for number in range(30)])
    with pytest.raises(DiscretionError) as unknown:
        records.groups(store, "people", ["team"])
    assert str(unknown.value) == (
        "no judgment of the panel 'people' has a column 'team'; they have: reversed, tenure"
    )
    with pytest.raises(DiscretionError) as many:
        records.groups(store, "people", ["tenure"])
    assert str(many.value) == "'tenure' has 30 values; name a column that makes at most 24 groups"
    store.append([records.judgment_entry(judgment(99, panel="bare"))])
    with pytest.raises(DiscretionError, match="import them with --about"):
        records.groups(store, "bare", ["team"])
