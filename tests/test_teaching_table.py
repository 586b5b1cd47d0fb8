"""The teaching table, as the docs and the recipes show it, is what was committed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recipes.teaching import pages

ROOT = Path(__file__).parents[1]
PLACE = ROOT / "recipes" / "teaching"
TABLE = json.loads((PLACE / "results.json").read_text(encoding="utf-8"))


def test_the_page_has_the_committed_table(tmp_path: Path) -> None:
    copy = tmp_path / "teaching.md"
    written = (ROOT / "docs" / "reference" / "teaching.md").read_text(encoding="utf-8")
    copy.write_text(written.replace("0.", "9."), encoding="utf-8")
    assert pages.BEGIN in written
    pages.put_into_page(copy, TABLE)
    table = written.partition(pages.BEGIN)[2].partition(pages.END)[0]
    assert table in copy.read_text(encoding="utf-8")
    assert "untuned, recalibrated" in table


def test_the_page_of_all_figures_is_made_of_the_committed_ones() -> None:
    assert (PLACE / "RESULTS.md").read_text(encoding="utf-8") == pages.page(TABLE)


@pytest.mark.parametrize("panel", TABLE["panels"])
def test_every_target_was_asked_every_field(panel: str) -> None:
    teaching = TABLE["panels"][panel]["teaching"]
    assert len(teaching["units"]) == TABLE["size"]["domains"]
    asked = TABLE["size"]["domains"] * TABLE["size"]["cases"]
    taught = {row["name"] for row in teaching["rows"] if row["kind"] == "target"}
    assert len(taught) == 7
    for row in teaching["rows"]:
        if row["name"] in taught:
            assert row["gap"]["n"] == asked
