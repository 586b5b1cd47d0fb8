"""Selections: whose judgments count, how much, and what becomes of n."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.core.judgments import Judgment, Tally, gather
from discretion.core.selections import panel_expression, parse_selection
from discretion.errors import DiscretionError
from discretion.stats.rates import Rates
from discretion.storage import Store, records

ROWS = (
    ("a", "grant", "x", {"tenure": "lead"}),
    ("a", "refuse", "y", {"tenure": "starter"}),
    ("a", "grant", "z", {"tenure": "starter", "reversed": "yes"}),
    ("b", "refuse", "x", {"tenure": "lead"}),
    ("b", "unsure", "y", {"tenure": "starter"}),
    ("c", "grant", "q", {}),
)
JUDGMENTS = [
    Judgment(str(index), case, "people", answer, rater=rater, columns=columns)
    for index, (case, answer, rater, columns) in enumerate(ROWS)
]


def panel(written: str):
    return gather(parse_selection(written), JUDGMENTS)


def test_a_name_alone_takes_everybody():
    assert panel("people").cases == gather("people", JUDGMENTS).cases == ("a", "b", "c")
    assert panel("people").weight is None


def test_one_value_takes_only_its_judgments():
    leads = panel("people[tenure=lead]")
    assert leads.name == "people[tenure=lead]"
    assert (leads.cases, leads.rate.tolist(), leads.raters) == (("a", "b"), [1, 0], ("x",))
    assert panel("people[tenure=lead|starter]").n.tolist() == [3, 1]


def test_what_is_excluded_is_left_out_and_an_empty_column_stays():
    kept = panel(panel_expression("people", exclude=["reversed=yes"]))
    assert kept.rate.tolist() == [0.5, 0, 1]
    assert panel("people[tenure=starter][reversed!=yes]").rate.tolist()[0] == 0


def test_weights_move_the_rate_and_lower_n_to_kishs_number():
    weighted = panel(panel_expression("people", weight=["tenure=lead:2,starter:0.5"]))
    # (2 + 0.5 + 0.5)^2 / (4 + 0.25 + 0.25) = 2, and 2.5 of 3 granted.
    assert weighted.n.tolist() == pytest.approx([2, 1, 1])
    assert weighted.rate.tolist() == pytest.approx([2.5 / 3, 0, 1])
    assert weighted.singles and weighted.rated
    assert weighted.unsure.tolist() == [0, 1, 0]
    part = weighted.at(["b", "a"])
    assert part.weight is not None
    assert part.weight.sum() == pytest.approx(3)
    rates = Rates.of_judgments(part.case, part.rater, part.granted, np.zeros(2, int), part.weight)
    assert rates.grants.tolist() == pytest.approx([0, 2 * 2.5 / 3])
    assert rates.ballots is not None
    assert rates.ballots.n.sum() == pytest.approx(3)


def test_a_weight_of_nothing_leaves_out():
    assert panel("people[tenure~starter:0]").n.tolist() == [1, 1, 1]


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=20))
def test_equal_weights_change_nothing_and_unequal_ones_never_add_people(weights):
    rows = [
        Judgment(str(index), "a", "people", "grant", columns={"who": str(index)})
        for index in range(len(weights))
    ]
    each = ",".join(f"{index}:{weight:.6f}" for index, weight in enumerate(weights))
    assert gather(parse_selection(f"people[who~{each}]"), rows).n[0] <= len(weights) + 1e-6
    same = ",".join(f"{index}:7" for index in range(len(weights)))
    assert gather(parse_selection(f"people[who~{same}]"), rows).n[0] == pytest.approx(len(weights))


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("people[tenur=lead]", "no judgment of the panel 'people' has a column 'tenur'; "
         "they have: reversed, tenure"),
        ("people[tenure=boss]", "no judgment of the panel 'people' has 'boss' in 'tenure'; "
         "choose from: lead, starter"),
        ("people[tenure=lead", "--panel: 'people[tenure=lead' is no panel; "
         "write it like people[tenure=lead]"),
        ("people[tenure]", "--panel: 'tenure' is no column=value; "
         "write it like people[tenure=lead]"),
        ("people[tenure~lead]", "--panel: 'tenure~lead' does not say what judgments weigh; "
         "write it like people[tenure~lead:2], with weights from 0"),
    ],
)  # fmt: skip
def test_what_cannot_be_selected_is_one_sentence(written, sentence):
    with pytest.raises(DiscretionError) as caught:
        panel(written)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("options", "where"),
    [({"exclude": ["reversed"]}, "--exclude"), ({"weight": ["tenure=lead"]}, "--weight")],
)
def test_an_option_that_says_nothing_is_named(options, where):
    with pytest.raises(DiscretionError) as caught:
        panel_expression("people", **options)
    assert caught.value.where == where


def test_counted_answers_cannot_be_selected_from():
    with pytest.raises(DiscretionError, match="only counted"):
        gather(parse_selection("people[tenure=lead]"), JUDGMENTS, [Tally("t", "a", "people", 1, 2)])


def test_a_store_gives_the_panel_of_an_expression_and_its_precedents(tmp_path):
    with Store(tmp_path / "log.db") as store:
        store.append(records.judgment_entry(judgment) for judgment in JUDGMENTS)
        assert list(records.judgments(store)) == JUDGMENTS
        leads = records.panel(store, "people[tenure=lead]")
        assert leads.rate.tolist() == records.panel(store, "[tenure=lead]").rate.tolist() == [1, 0]
        with pytest.raises(DiscretionError, match="there is no panel 'staff'"):
            records.panel(store, "staff[tenure=lead]")
        store.erase("judgment", "", "0", "asked for")
        assert records.panel(store, "people[tenure=lead]").cases == ("b",)


def timed(written: str):
    rows = [
        Judgment("1", "a", "people", "grant", rater="x", time="2026-02-28T23:00"),
        Judgment("2", "a", "people", "refuse", rater="y", time="2026-03-01"),
        Judgment("3", "b", "people", "refuse", rater=None, time="2026-03-02"),
        Judgment("4", "b", "people", "grant", rater="x", time=None),
    ]
    found = gather(parse_selection(written), rows)
    return dict(zip(found.cases, found.rate.tolist(), strict=True))


def test_people_are_named_like_a_column_and_who_is_unknown_may_be_any_of_them():
    assert timed("people[rater=x]") == {"a": 1, "b": 1}
    assert timed("people[rater=x|y]") == {"a": 0.5, "b": 1}
    assert timed("people[rater!=x]") == {"a": 0}
    with pytest.raises(DiscretionError, match="has 'z' in 'rater'; choose from: x, y"):
        timed("people[rater=z]")


def test_a_moment_parts_the_judgments_and_those_without_a_time_are_on_neither_side():
    assert timed("people[time<2026-03-01]") == {"a": 1}
    assert timed("people[time>=2026-03-01]") == {"a": 0, "b": 0}
    assert timed("people[time>=2026-03-01][time<2026-03-02]") == {"a": 0}
    assert timed("people[time>=2026-03-01T00:00:00+00:00]") == timed("people[time>=2026-03-01]")


def test_a_moment_that_is_none_is_said():
    with pytest.raises(DiscretionError, match="'March' is no date"):
        parse_selection("people[time<March]")
