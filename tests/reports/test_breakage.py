"""The sections on what tuning broke and on whether explanations drive decisions."""

from dataclasses import replace

import pytest

from discretion.reports.page import render_page
from discretion.results.collector import tunings
from scorecard.hand_made import always, card, case_set

from .broken import breakage, reasons
from .page_text import Reader
from .test_page import HOSTILE


@pytest.fixture(scope="module")
def some():
    return case_set()


def page(some, **cards):
    return render_page(replace(card(some), **cards))


def test_each_part_stands_beside_the_base_with_its_verdict(some):
    found = breakage(some, after=always(0.4))
    told = Reader(page(some, breakage=found)).text
    assert "What did tuning break" in told
    assert "beside tiny/direct" in told
    for row in found.rows:
        assert f"{100 * row.before:.1f} {100 * row.after:.1f}" in told
    assert "broke" in [row.verdict for row in found.rows]
    assert "The rule is kept wrongly refused" in told


def test_the_sentence_of_a_reason_that_can_be_told_is_on_the_page(some):
    [told] = [one for one in reasons(some) if one.level == "illness"]
    assert told.verdict == "does not show it"
    text = Reader(page(some, reasons=reasons(some))).text
    assert "Does the explanation drive the decision?" in text
    assert told.sentence in text


def test_where_no_level_was_named_at_times_only_there_is_no_table(some):
    never = [one for one in reasons(some) if one.named.value is None]
    assert never
    told = Reader(page(some, reasons=tuple(never))).text
    assert "Does the explanation drive the decision?" in told
    assert "Where named" not in told
    assert "More rows stand in the CSV files" in told


def test_without_tuned_models_neither_section_is_there(some):
    told = Reader(page(some)).text
    assert "What did tuning break" not in told
    assert "drive the decision" not in told


def test_names_are_only_text(some):
    found = page(some, breakage=breakage(some, tuned=HOSTILE), reasons=reasons(some, arm=HOSTILE))
    assert "<script>alert" not in found
    assert Reader(found).unbalanced == []


def note(target="labels", seed=0, fold=0, base="tiny", **more):
    return {"base": {"model": base}, "target": target, "seed": seed, "fold": fold, **more}


NOTES = {
    "a": note(),
    "b": note(seed=1),
    "c": note(fold=1),
    "other": note("real-after"),
    "alone": note(base="qwen"),
}


def test_what_differs_in_seed_and_fold_stands_together_beside_its_base():
    arms = ["tiny/direct", "tuned:a/direct", "tuned:b/direct", "tuned:c/direct"]
    [found] = tunings(arms, NOTES)
    assert (found.name, found.base) == ("tuned:tiny-labels/direct", "tiny/direct")
    assert found.seeds == (("tuned:a/direct", "tuned:c/direct"), ("tuned:b/direct",))


def test_another_target_or_method_stands_apart_under_its_own_name():
    arms = [
        "tiny/direct",
        "tiny/purpose",
        "tuned:a/direct",
        "tuned:a/purpose",
        "tuned:other/direct",
    ]
    found = tunings(arms, NOTES)
    assert [(one.name, one.base) for one in found] == [
        ("tuned:a/direct", "tiny/direct"),
        ("tuned:a/purpose", "tiny/purpose"),
        ("tuned:other/direct", "tiny/direct"),
    ]


def test_a_reasoning_put_in_is_no_way_to_be_deployed():
    name = "chain-of-thought+empty"
    assert tunings([f"tiny/{name}", f"tuned:a/{name}"], NOTES) == ()


def test_without_its_base_asked_in_the_same_way_nothing_is_told():
    assert tunings(["tiny/direct", "tuned:alone/direct", "tuned:a/purpose"], NOTES) == ()
    assert tunings(["tiny/direct", "tuned:unknown/direct", "baseline/mean"], NOTES) == ()
