"""Judgments: people's answers counted as they were given, unsure apart."""

from __future__ import annotations

import json
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.core.judgments import (
    DECISIONS,
    Decision,
    Judgment,
    Tally,
    gather,
    judgment_from_json,
    judgment_to_json,
    tally_from_json,
    tally_to_json,
)


def judgment(case: str, answer: Decision, rater: str | None = None, panel: str = "us") -> Judgment:
    return Judgment(f"{case}{answer}{rater}{panel}", case, panel, answer, rater)


ROWS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(DECISIONS), st.sampled_from(["x", "y", None]))
)


@given(ROWS)
def test_rates_are_grants_among_those_who_decided(
    rows: list[tuple[str, Decision, str | None]],
) -> None:
    panel = gather("us", [judgment(*row) for row in rows])
    for index, case in enumerate(panel.cases):
        counted = Counter(answer for where, answer, _ in rows if where == case)
        decided = counted["grant"] + counted["refuse"]
        assert panel.n[index] == decided
        assert panel.unsure[index] == counted["unsure"]
        if decided:
            assert panel.rate[index] == pytest.approx(counted["grant"] / decided)
        else:
            assert math.isnan(panel.rate[index])
    assert set(panel.cases) == {case for case, _, _ in rows}


def test_another_panel_does_not_count() -> None:
    panel = gather("us", [judgment("a", "grant"), judgment("a", "refuse", panel="them")])
    assert panel.rate.tolist() == [1.0]


def test_counts_add_to_single_judgments() -> None:
    panel = gather("us", [judgment("a", "grant", "x")], [Tally("t", "a", "us", 0.25, 4, unsure=2)])
    assert panel.rate[0] == pytest.approx(2 / 5)
    assert (panel.n[0], panel.unsure[0]) == (5, 2)
    assert not panel.singles


def test_a_rate_without_n_keeps_its_rate_and_has_no_n() -> None:
    panel = gather("us", [], [Tally("t", "a", "us", 0.445, None)])
    assert panel.rate[0] == pytest.approx(0.445)
    assert math.isnan(panel.n[0])
    assert not panel.singles


def test_who_decided_is_known_only_where_every_rater_is() -> None:
    assert gather("us", [judgment("a", "grant", "x"), judgment("a", "refuse", "y")]).rated
    some = gather("us", [judgment("a", "grant", "x"), judgment("a", "refuse")])
    assert some.singles and not some.rated


def test_one_simulated_source_makes_the_panel_simulated() -> None:
    real = Judgment("1", "a", "us", "grant", source="desk.csv")
    made = Judgment("2", "a", "us", "grant", source="simulated: lenient")
    assert not gather("us", [real]).simulated
    assert gather("us", [real, made]).simulated


def test_part_of_a_panel_keeps_the_asked_order_and_only_its_judgments() -> None:
    rows = [
        judgment(case, answer, rater)
        for case, answer, rater in (
            ("a", "grant", "x"),
            ("b", "refuse", "x"),
            ("c", "grant", "y"),
            ("a", "refuse", "y"),
        )
    ]
    part = gather("us", rows).at(["c", "never seen", "a"])
    assert part.cases == ("c", "a")
    assert part.rate.tolist() == [1.0, 0.5]
    found = sorted(
        (part.cases[case], part.raters[rater], bool(granted))
        for case, rater, granted in zip(part.case, part.rater, part.granted, strict=True)
    )
    assert found == [("a", "x", True), ("a", "y", False), ("c", "y", True)]


def test_a_panel_nobody_belongs_to_is_empty() -> None:
    nobody = gather("us", [])
    assert nobody.cases == () and nobody.at(["a"]).cases == ()
    assert nobody.rate.dtype == np.float64


def test_rows_survive_json() -> None:
    one = Judgment("1", "a", "us", "unsure", "x", "Too late.", 0.5, "2026-03-31", "desk.csv", "ff")
    many = Tally("2", "a", "us", 0.5, None, 3, "desk.csv")
    assert judgment_from_json(json.loads(json.dumps(judgment_to_json(one)))) == one
    assert tally_from_json(json.loads(json.dumps(tally_to_json(many)))) == many
