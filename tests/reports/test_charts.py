"""Where marks and labels stand: in the picture, in order, and clear of each other."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discretion.reports import charts
from discretion.reports.bias_chart import ROWS, leanings
from discretion.reports.charts import calibration_chart, curve_chart
from discretion.scorecard.scenario_cards import BiasCard, CurveCard, Lean, Point, ThresholdCard
from discretion.stats.figure import Figure, missing
from scorecard.hand_made import card, case_set


def curve(values, unit="days", limit=10.0, direction="at most", shown=str):
    sign = 1 if direction == "at most" else -1
    points = tuple(
        Point(value, shown(value), sign * (value - limit) / 10, 0.5, 0.4, 0.6, 10)
        for value in values
    )
    threshold = ThresholdCard(
        "crossed", values[-1], None, None, None, False, "there", "", missing("no fit")
    )
    return CurveCard(
        scenario="s",
        title="A title",
        policy="p",
        domain="d",
        unit=unit,
        limit=limit,
        limit_shown=shown(limit),
        scale=10.0,
        direction=direction,
        people=points,
        fitted=(),
        threshold=threshold,
        arms=(),
    )


@settings(max_examples=60)
@given(
    values=st.lists(st.floats(0.01, 1e6), min_size=2, max_size=12, unique=True).map(sorted),
    direction=st.sampled_from(["at most", "at least"]),
    length=st.integers(1, 24),
)
def test_ticks_stay_in_the_picture_and_clear_of_each_other(values, direction, length):
    drawn = curve_chart(
        curve(values, "CHF", values[0], direction, lambda value: f"{value:.0f}".rjust(length, "0")),
        [],
    )
    ends = []
    for tick in drawn.x_ticks:
        wide = charts.LETTER * len(tick.label)
        start = {"start": tick.at, "middle": tick.at - wide / 2, "end": tick.at - wide}[tick.anchor]
        ends.append((start, start + wide))
        assert start >= 0
        assert start + wide <= charts.WIDTH + 1e-9
    assert all(one[1] < other[0] for one, other in pairwise(ends))
    assert ends, "the limit at least has a label"


@pytest.mark.parametrize("direction", ["at most", "at least"])
def test_farther_from_the_limit_is_farther_to_the_right(direction):
    values = [9.0, 10.0, 11.0, 14.0, 40.0]
    drawn = curve_chart(curve(values, direction=direction), [])
    across = [mark.x for mark in drawn.people]
    assert across == (sorted(across) if direction == "at most" else sorted(across, reverse=True))
    assert drawn.limit == pytest.approx(across[1])
    assert drawn.stop == pytest.approx(across[-1])
    assert min(across) == charts.LEFT
    assert max(across) == charts.WIDTH - charts.RIGHT


def test_more_grants_stand_higher():
    drawn = curve_chart(card(case_set()).curves[0], ["strict"])
    heights = [mark.y for mark in drawn.people]
    assert heights == sorted(heights)
    assert all(mark.high < mark.y < mark.low for mark in drawn.people[1:-1])


def test_the_noun_stands_on_the_axis_once():
    drawn = curve_chart(card(case_set()).curves[0], ["strict"])
    assert drawn.x_label == "days; rule: at most 10 days"
    assert "10" in [tick.label for tick in drawn.x_ticks]


def test_only_the_arms_asked_for_are_drawn():
    found = card(case_set())
    names = [line.name for line in curve_chart(found.curves[0], ["strict"]).lines]
    assert names == ["people", "strict"]


def test_a_calibrated_arm_lies_on_the_diagonal():
    like = next(arm for arm in card(case_set()).arms if arm.name == "like")
    drawn = calibration_chart(like)
    for mark, one in zip(drawn.people, like.calibration, strict=True):
        assert one.rate == pytest.approx(one.p)
        wide, high = charts.WIDTH - charts.LEFT - charts.RIGHT, charts.HEIGHT - charts.BOTTOM
        across = (mark.x - charts.LEFT) / wide
        assert (high - mark.y) / (high - charts.TOP) == pytest.approx(across)


def lean(name, value, low=None, high=None):
    figure = Figure(value, low, high, 5) if value is not None else missing("none")
    return BiasCard(name, name, Figure(0.5, None, None, 5), (Lean("arm", figure),))


def test_strict_is_left_lax_is_right_and_the_strictest_comes_first():
    chart = leanings([lean("lax", 0.2, 0.1, 0.3), lean("strict", -0.2, -0.3, -0.1)], ["arm"])
    assert [row.card.title for row in chart.rows] == ["strict", "lax"]
    strict, lax = (row.dots[0] for row in chart.rows)
    assert strict.at < 50 < lax.at
    assert strict.low < strict.at < strict.low + strict.width < 50
    assert lax.at - 50 == pytest.approx(50 * 0.2 / chart.reach)


def test_nothing_stands_outside_the_bar():
    chart = leanings([lean("far", -0.9, -1.4, -0.4)], ["arm"])
    dot = chart.rows[0].dots[0]
    assert dot.low == 0
    assert dot.low + dot.width <= 100


def test_of_many_scenarios_the_farthest_out_are_shown():
    cards = [lean(f"s{index:02d}", (index - 20) / 40) for index in range(40)]
    chart = leanings(cards, ["arm"])
    names = [row.card.title for row in chart.rows]
    assert len(names) == ROWS
    assert (names[0], names[-1], chart.scenarios) == ("s00", "s39", 40)
    assert "s20" not in names


def test_without_a_figure_there_is_no_chart():
    assert leanings([lean("none", None)], ["arm"]) is None
    assert leanings([lean("some", 0.1)], []) is None
    assert leanings([], ["arm"]) is None
