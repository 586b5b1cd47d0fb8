"""Writes the dump of a database as this release leaves it: run once for each release.

    python tests/storage/databases/dump.py 0.1.0

The dump is never made again afterwards: it shows that later releases read what this one wrote.
"""

import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from discretion.storage import Entry, Store


def main(version: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.db"
        with Store(path) as store:
            store.append(
                [
                    Entry("judgment", "j1", {"answer": "grant"}, {"why": "it is only one day"}),
                    Entry("judgment", "j2", {"answer": "refuse"}, {"why": "my name is Ann"}),
                    Entry("answer", "a1", {"p": 0.25, "tokens": 12}),
                    Entry("run-answer", "a1", {}, grouping="run-1"),
                ]
            )
            store.erase("judgment", "", "j2", "the rater asked for it")
        with closing(sqlite3.connect(path)) as connection:
            lines = list(connection.iterdump())
    target = Path(__file__).with_name(f"{version}.sql")
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
