"""Fail where a Python file is longer than a reader can hold: 500 lines."""

from __future__ import annotations

import sys
from pathlib import Path

LIMIT = 500
ROOT = Path(__file__).parents[1]

long = [
    f"{path.relative_to(ROOT)}: {lines} lines, more than {LIMIT}; split it by its nouns"
    for folder in ("src", "tests", "recipes", "benchmarks", "proofs", "scripts")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LIMIT
]
print("\n".join(long), end="\n" if long else "")
sys.exit(bool(long))
