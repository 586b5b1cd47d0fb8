"""The demo's table, as the README shows it, is what was committed."""

from __future__ import annotations

import json
from pathlib import Path

from recipes.demo import pages

ROOT = Path(__file__).parents[1]
RESULTS = json.loads((ROOT / "recipes" / "demo" / "results.json").read_text(encoding="utf-8"))


def test_the_readme_has_the_committed_table(tmp_path: Path) -> None:
    written = (ROOT / "README.md").read_text(encoding="utf-8")
    readme = tmp_path / "README.md"
    head, _, rest = written.partition(pages.BEGIN)
    readme.write_text(
        f"{head}{pages.BEGIN}{pages.END}{rest.partition(pages.END)[2]}", encoding="utf-8"
    )
    pages.put_into_readme(readme, RESULTS)
    assert readme.read_text(encoding="utf-8") == written


def test_it_is_of_the_real_model_before_and_after_and_names_simulated_people() -> None:
    assert set(RESULTS["arms"]) == set(pages.SHOWN)
    assert "imulated" in RESULTS["banner"]
    assert (ROOT / "docs" / "demo.png").is_file()
