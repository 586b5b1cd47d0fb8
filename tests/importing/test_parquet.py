import datetime as dt
import sys
from decimal import Decimal

import pytest

from discretion.errors import DiscretionError, install_command
from discretion.importing.tables import open_table


def test_a_missing_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DiscretionError) as error:
        open_table(tmp_path / "a.parquet")
    assert str(error.value) == (
        f"reading Parquet needs the [parquet] extra; install it with: {install_command('parquet')}"
    )


def test_typed_columns_are_read_as_a_text_file_would_hold_them(tmp_path):
    pyarrow = pytest.importorskip("pyarrow", reason="needs the [parquet] extra")
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs the [parquet] extra")
    rows = {
        "text": [" late ", None],
        "value": [3.300000000000002, float("nan")],
        "days": [15, 16],
        "ok": [True, False],
        "price": [Decimal("1.234"), None],
        "at": [dt.datetime(2026, 3, 1, 10, tzinfo=dt.UTC), None],
        "decision": [{"outcome": "approved"}, {"outcome": "denied"}],
    }
    path = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.table(rows), path)
    read = open_table(path)
    assert read.header == ("text", "value", "days", "ok", "price", "at", "decision.outcome")
    assert [list(row.cells) for row in read.rows] == [
        ["late", "3.3", "15", "true", "1.234", "2026-03-01T10:00:00+00:00", "approved"],
        ["", "", "16", "false", "", "", "denied"],
    ]


def test_what_is_no_parquet_file_says_so(tmp_path):
    pytest.importorskip("pyarrow", reason="needs the [parquet] extra")
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(DiscretionError, match="is not a Parquet file"):
        open_table(path)
    with pytest.raises(DiscretionError, match="cannot be read"):
        open_table(tmp_path / "missing.parquet")
