"""The section on what was learned: every verdict, the recalibrated base, and nobody's markup."""

import json
from dataclasses import replace

import pytest

from discretion.reports import to_json
from discretion.reports.figures import text
from discretion.reports.page import render_page
from discretion.reports.teaching import lesson, summary
from discretion.scorecard.teaching import Declared, teaching_card
from scorecard import hand_made, taught

from .page_text import Reader
from .test_page import HOSTILE


@pytest.fixture(scope="module")
def card():
    return taught.card()


def page_of(teaching):
    return render_page(replace(hand_made.card(hand_made.case_set(1)), teaching=teaching))


def text_of(teaching):
    read = Reader(page_of(teaching))
    assert read.unbalanced == []
    return " ".join(read.text.split())


@pytest.fixture(scope="module")
def told(card):
    return text_of(card)


def line(card, name):
    return next(one for one in lesson(card).lines if one.name == name)


def test_the_section_is_there_only_where_something_was_taught(told):
    assert "What was learned" in told
    assert "What was learned" not in Reader(render_page(hand_made.card(hand_made.case_set(1)))).text


def test_every_sentence_and_every_way_of_deciding_is_on_the_page(card, told):
    for sentence in card.findings:
        assert sentence in told
    for name in {row.name for row in card.rows}:
        assert name in told


def test_the_recalibrated_base_stands_in_a_row_of_its_own(card):
    names = [one.name for one in lesson(card).lines]
    assert len(names) == len({row.name for row in card.rows}) + 1
    own = line(card, "base, recalibrated")
    assert own.gaps == (None, None, card.row("base", "after a and b").gap)
    assert line(card, "base").gaps[2] is None
    assert names.index("base, recalibrated") < names.index("base")


def test_lines_come_nearest_first(card):
    gaps = [one.row.gap.value for one in lesson(card).lines]
    assert gaps == sorted(gaps)


def test_each_target_stands_against_the_recalibrated_base(card):
    for name in taught.OFF:
        against = line(card, name).against
        assert (against.against, against.against_reading) == ("base", "after a and b")
    assert line(card, "baseline/mean").against is None


def test_dots_stand_where_their_gaps_are(card):
    found = lesson(card)
    for one in found.lines:
        for dot in one.dots:
            gap = one.gaps[0 if dot.style == 1 else 2]
            at = found.first + dot.at / 100 * (found.last - found.first)
            assert at == pytest.approx(gap.value)
            assert dot.low <= dot.at <= dot.low + dot.width + 1e-9
            assert dot.low >= 0
            assert dot.low + dot.width <= 100 + 1e-9
    base = card.row("base", "after a and b").gap.value
    assert found.first + found.base / 100 * (found.last - found.first) == pytest.approx(base)


def test_declared_contrasts_are_shown_as_answered_and_after_recalibration(card, told):
    families = lesson(card).families
    assert [len(family) for family in families] == [4, 2]
    for raw, after in (pair for family in families for pair in family):
        assert (raw.name, raw.against) == (after.name, after.against)
        assert (raw.reading, after.reading) == ("raw", "after a and b")
        assert f"{raw.name} against {raw.against}" in told
    assert "Declared contrasts, family 1 of 2" in told
    assert "no relevant difference" in told


def test_the_plan_says_what_was_looked_at_and_what_was_done_otherwise(card, told):
    assert taught.FROZEN.plan in told
    assert "It was carried out as it says." in told
    frozen = replace(taught.FROZEN, looks=3, departures=("trained one seed less",))
    told = text_of(replace(card, frozen=frozen))
    assert "the held-out part, 3 times" in told
    assert "trained one seed less" in told
    assert "It was carried out as it says." not in told


def test_without_a_plan_contrasts_are_headed_as_exploratory():
    one = taught.study()
    some = taught.trials(one, {"labels": 0.2, "real-after": 0.1}, seeds=1)
    found = teaching_card(one, taught.units(one), some, Declared([[("real-after", "labels")]]))
    told = text_of(found)
    assert "Contrasts, exploratory" in told
    assert "Declared contrasts" not in told
    assert "No plan was frozen before training" in told


def test_without_a_contrast_or_a_base_the_page_still_opens(card):
    rows = tuple(row for row in card.rows if row.kind != "base")
    found = lesson(replace(card, rows=rows, contrasts=(), prospects=()))
    assert found.base is None
    assert "What was learned" in text_of(replace(card, rows=rows, contrasts=(), prospects=()))
    assert "What was learned" in text_of(replace(card, rows=(), contrasts=(), prospects=()))


def test_with_one_judgment_a_case_the_chart_shows_brier_scores(card):
    from discretion.stats.figure import missing

    rows = tuple(replace(row, gap=missing("one judgment a case")) for row in card.rows)
    found = lesson(replace(card, rows=rows))
    assert found.measure == "Brier score"
    first = found.lines[0]
    assert first.gaps[0] == card.row(first.name).brier


def test_names_and_reasons_are_only_text(card):
    rows = tuple(replace(row, name=HOSTILE) for row in card.rows[:3])
    frozen = replace(taught.FROZEN, exploratory=True, why=HOSTILE, departures=(HOSTILE,))
    hostile = replace(card, rows=rows, units=(HOSTILE,), findings=(HOSTILE,), frozen=frozen)
    page = page_of(hostile)
    assert "<script>alert" not in page
    assert "<img" not in page
    assert HOSTILE in Reader(page).text


def test_the_terminal_gets_the_same_figures(card):
    head, rows, hidden = summary(card, 100)
    assert hidden == 0
    assert {len(row) for row in rows} == {len(head)}
    own = next(row for row in rows if row[0] == "real-after")
    assert own[1] == text(card.row("real-after").gap)
    assert own[4] == text(card.row("real-after", "after a and b").gap)
    assert own[-1] == "3"
    best, hidden = summary(card, 1)[1:]
    assert len(best) + hidden == len(rows)
    assert best[0] == rows[0]
    assert [row for row in rows[1:] if row[0].split(",")[0] == "base"] == best[1:]


def test_json_has_every_row_contrast_and_prospect(card):
    told = json.loads(json.dumps(to_json(card), allow_nan=False))
    assert len(told["rows"]) == len(card.rows)
    assert len(told["contrasts"]) == len(card.contrasts)
    assert [one["units"] for one in told["prospects"]] == [8, 8]
    assert told["frozen"]["plan"] == taught.FROZEN.plan
