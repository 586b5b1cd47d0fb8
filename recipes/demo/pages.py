"""The demo's figures, and the README's table of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- demo: begin -->", "<!-- demo: end -->"
FIGURES = ("disagreement", "wrong_grants", "wrong_refusals", "gap")
SHOWN = {
    "smollm2/plain": "SmolLM2, before",
    "tuned:smollm2-head-0/plain": "SmolLM2 with a head on its hidden states",
    "tuned:smollm2-shuffled-head-0/plain": "the same head, taught the answers in another order",
    "tuned:smollm2-labels-0/plain": "SmolLM2, all weights taught",
    "baseline/mean": "the mean of what was taught, whatever the case",
    "baseline/logistic": "a regression on the declared features, which reads no text",
}


def kept(report: Mapping[str, Any], commit: str, seconds: int) -> dict[str, Any]:
    """What of `discretion report --json` the README needs.

    Args:
        commit: on which it was made.
        seconds: that it took by the clock, after installation.
    """
    arms = {one["name"]: one for one in report["arms"]}
    people = report["people"]
    return {
        "commit": commit,
        "seconds": seconds,
        "banner": report["banner"],
        "cases": arms[next(iter(SHOWN))]["cases"],
        "people": {name: people[name] for name in ("disagreement", "bound")},
        "arms": {
            name: {figure: arms[name][figure] for figure in FIGURES}
            for name in SHOWN
            if name in arms
        },
    }


def table(results: Mapping[str, Any]) -> str:
    """Markdown, a row for each arm, as whole decisions of 100."""
    head = (
        f"| {results['cases']} cases of four fields that were never taught: of 100 decisions | "
        "differ from one person's | wrongly grant | wrongly refuse | gap |\n"
        "|---|---:|---:|---:|---:|"
    )
    return "\n".join([head, *_rows(results)])


def _rows(results: Mapping[str, Any]) -> Iterator[str]:
    for name, label in SHOWN.items():
        if name in results["arms"]:
            arm = results["arms"][name]
            differ = arm["disagreement"]
            between = f"{_of_100(differ['low'])} to {_of_100(differ['high'])}"
            cells = (
                f"{_of_100(differ['value'])} ({between})",
                _of_100(arm["wrong_grants"]["value"]),
                _of_100(arm["wrong_refusals"]["value"]),
                f"{arm['gap']['value']:.2f}",
            )
            yield f"| {label} | {' | '.join(cells)} |"
    people = results["people"]
    yield f"| another of the people | {_of_100(people['disagreement']['value'])} | | | |"
    yield f"| no arm can do better | {_of_100(people['bound']['value'])} | | | |"


def _of_100(share: float) -> str:
    return f"{100 * share:.0f}"


def put_into_readme(readme: Path, results: Mapping[str, Any]) -> None:
    """Replace the table between its markers."""
    before = readme.read_text(encoding="utf-8")
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    part = f"{BEGIN}\n{table(results)}\n{END}"
    readme.write_text(pattern.sub(lambda _: part, before), encoding="utf-8")
