"""Keep what `scripts/demo` made: its figures here, its table in README.md, its picture in docs/.

python -m recipes.demo            reads demo/report.json and demo/report.html
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path

from .pages import kept, put_into_readme

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m recipes.demo", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("demo"))
    folder = parser.parse_args().folder
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    )
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    results = kept(report, commit.stdout.strip(), int((folder / "seconds").read_text()))
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    put_into_readme(ROOT / "README.md", results)
    _picture(folder / "report.html", ROOT / "docs" / "demo.png")


def _picture(page: Path, picture: Path) -> None:
    """Where people stop, and where the model does, before and after."""
    import shutil

    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    browser = next(filter(None, map(shutil.which, names)))
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        opened = started.new_page(viewport={"width": 1000, "height": 900}, device_scale_factor=2)
        opened.goto(page.resolve().as_uri())
        heading = opened.get_by_role("heading", name="Where they stop")
        table = opened.get_by_role("heading", name="The value at which half would grant")
        top, bottom = heading.bounding_box(), table.bounding_box()
        if top is None or bottom is None:
            raise SystemExit(f"the chart is not visible on {page}")
        y, tall = top["y"] - 10, bottom["y"] - top["y"]
        opened.screenshot(
            path=picture, clip={"x": 0, "y": y, "width": 1000, "height": tall}, full_page=True
        )
        started.close()


if __name__ == "__main__":
    main()
