"""Cards: what a reader must know of a tuned model stands on it, and results take their place."""

from dataclasses import replace

import pytest

from discretion.errors import DiscretionError
from discretion.training.cards import (
    card_of,
    results_in,
    with_adapter,
    with_fit,
    with_results,
    without_adapter,
)
from discretion.training.fits import OwnFit
from discretion.training.lineage import Lineage, Source

NOTES = {
    "base": {
        "model": "qwen",
        "fingerprint": "a" * 64,
        "template": "b" * 64,
        "licenses": {"LICENSE": "c" * 64},
    },
    "target": "real-after",
    "seed": 3,
    "fold": 1,
    "hold_out": {"by": "domain", "held": ["leave", "returns"]},
    "recipe": {
        "epochs": 2,
        "learning_rate": 2e-4,
        "batch": 8,
        "lora": True,
        "rank": 16,
        "averaging": "example",
    },
    "trainer": "sft",
    "examples": {"count": 70, "grants": 40, "hash": "d" * 64, "left": {"unsure": 5}},
    "environment": {"torch": "2.13", "peft": None},
}
LINEAGE = Lineage(
    panel="staff",
    simulated=False,
    judgments=90,
    raters=12,
    sources=(Source("tickets.csv", 60, "e" * 64), Source("survey.xlsx", 30, "f" * 64)),
    head="0123456789abcdef" * 4,
    plan="fedcba9876543210" * 4,
    frozen="2026-01-01T00:00:00+00:00",
    by_hand=True,
    exploratory="",
)


def test_base_template_and_licenses_stand_with_their_hashes():
    card = card_of("qwen-real-after-3", NOTES, LINEAGE)
    for said in ("qwen", "`" + "a" * 16 + "`", "`" + "b" * 16 + "`", "LICENSE `" + "c" * 16 + "`"):
        assert said in card


def test_a_whole_model_made_of_an_adapter_keeps_all_else_that_its_card_says():
    card = card_of("qwen-real-after-3", NOTES, LINEAGE)
    fit = OwnFit(0.1, 0.2, None, 40)
    kept = with_adapter(card, "qwen-real-after-3")
    assert "`discretion models merge tuned:qwen-real-after-3 FOLDER`\n- **Environment**" in kept
    whole = without_adapter(with_fit(kept, fit))
    assert whole == with_fit(card, fit).replace("- **Own", "- **Merged** into its base\n- **Own")
    assert without_adapter(card) == card


def test_what_share_of_the_weights_adapters_reach_stands_on_it():
    reached = card_of("x", NOTES, LINEAGE, 0.789)
    assert "LoRA of rank 16 on layers that hold 79% of the weights,\n" in reached
    full = NOTES | {"recipe": NOTES["recipe"] | {"lora": False}}
    assert "all weights,\n" in card_of("x", full, LINEAGE, None)


def test_whose_judgments_were_taught_and_what_was_declared_stand_on_it():
    card = card_of("qwen-real-after-3", NOTES, LINEAGE)
    for said in (
        "staff, 12 raters, 90 judgments in all:",
        "tickets.csv: 60, hash `eeeeeeeeeeeeeeee`",
        "survey.xlsx: 30, hash `ffffffffffffffff`",
        "**Plan** `fedcba9876543210`, frozen 2026-01-01T00:00:00+00:00; not exploratory",
        "when it began `0123456789abcdef`",
        "seed 3, fold 1",
        "5: unsure",
        "leave, returns",
    ):
        assert said in card
    assert "simulat" not in card
    assert "peft" not in card, "a version that is not there is not told"


def test_what_nobody_declared_and_nobody_judged_is_said():
    lineage = replace(
        LINEAGE, simulated=True, raters=None, by_hand=False, exploratory="it was looked at before"
    )
    card = card_of("x", NOTES, lineage)
    assert "**A simulation: nobody judged these cases.**" in card
    assert "raters not known" in card
    assert "taken down by the training itself" in card
    assert "exploratory: it was looked at before" in card


def test_groups_beyond_a_dozen_are_counted():
    held = {"by": "case", "held": [f"case-{number:02}" for number in range(40)]}
    card = card_of("x", NOTES | {"hold_out": held}, LINEAGE)
    assert "case-11 and 28 more" in card
    assert "case-12" not in card


def test_results_take_the_place_of_those_before_and_of_nothing_else():
    card = card_of("x", NOTES, LINEAGE)
    once = with_results(card, "A gap of 0.1.")
    twice = with_results(once, "A gap of 0.2.")
    assert results_in(twice) == "A gap of 0.2."
    assert with_results(twice, results_in(card)) == card
    assert "## Limits" in twice and "**Not to be used**" in twice


def test_a_card_that_somebody_rewrote_is_not_guessed_at():
    with pytest.raises(DiscretionError, match="put the headings back"):
        with_results("# Mine\n\n## Limits\n", "A gap of 0.1.")
    assert results_in("# Mine\n") == ""
