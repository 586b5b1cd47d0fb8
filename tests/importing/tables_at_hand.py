"""Small tables written to disk, for tests of what is made of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from discretion.errors import DiscretionError
from discretion.importing import Imported, Layout, parse_map, read_decisions


def written(folder: Path, text: str, name: str = "decisions.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def imported(
    folder: Path, text: str, fields: str, *, skip_bad: bool = False, **options
) -> Imported:
    layout = Layout(parse_map(fields), **options)
    return read_decisions(written(folder, text), layout, skip_bad=skip_bad)


def complaint(folder: Path, text: str, fields: str, **options) -> str:
    """The sentence with which the import stops, without the folder's name."""
    with pytest.raises(DiscretionError) as stopped:
        imported(folder, text, fields, **options)
    return str(stopped.value).replace(f"{folder}/", "")
