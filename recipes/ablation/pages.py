"""The figures of what is done, and their table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .cells import CELLS

HEAD = """\
# What teaches a real model

Made by `python -m recipes.ablation`; what it tells stands in
[the experiments](../../docs/experiments.md). The model is SmolLM2-135M-Instruct (real). The people
are **simulated**, but for the rows that begin with `blue`, whose people are real. Each row is one
training; nothing of the held-out domains was taught. `first` is what the others differ from in one
thing. Training multiplies in bfloat16 unless a name says `float32`; weights are float32, and the
model is asked in float32 unless a name says `bfloat16`.

- *gap*: noise-corrected, on held-out cases; 0 would be a model that knows the people's rates.
- *mean's*: that of a model that says the mean of what was taught, whatever the case.
- *signed*: how much more often it grants.
- *order*: the correlation with the people within each held-out domain.
- *elsewhere*: mean probability on neither answer.

"""
COLUMNS = (
    "cell",
    "judgments on texts",
    "steps",
    "gap",
    "mean's",
    "signed",
    "order",
    "elsewhere",
    "CPU s",
)


def gathered(folder: Path) -> dict[str, Any]:
    """The results in a folder by the name of their cell, in the order of the cells."""
    done = {name: folder / f"{name}.json" for name in CELLS}
    return {
        name: json.loads(path.read_text(encoding="utf-8"))
        for name, path in done.items()
        if path.exists()
    }


def page(results: Mapping[str, Any]) -> str:
    """A row for each cell."""
    lines = [f"| {' | '.join(COLUMNS)} |", "|---|---:|---:|---:|---:|---:|---|---:|---:|"]
    return HEAD + "\n".join([*lines, *_rows(results)]) + "\n"


def _rows(results: Mapping[str, Any]) -> Iterator[str]:
    for name, found in results.items():
        steps = found["steps"]
        cells = (
            name,
            f"{found['judgments']:,} on {found['texts']}" if steps else "none",
            str(steps),
            f"{found['gap']:.3f}",
            f"{found['gap_of_mean']:.3f}",
            f"{found['signed']:+.3f}",
            " ".join(f"{one:.2f}" for one in found["within"].values()),
            f"{found['elsewhere']:.3f}",
            f"{found['cpu_seconds']:.0f}",
        )
        yield f"| {' | '.join(cells)} |"
