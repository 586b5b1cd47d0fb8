"""`discretion runs` and `discretion verify`: what the log holds, and whether it still does."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from .conftest import Command


def test_runs_are_listed_with_arms_and_cases(discretion: Command, desk: Path) -> None:
    discretion("evaluate", "--arm", "baseline/mean")
    (run,) = json.loads(discretion("runs", "--json").out)
    assert (run["cases"], run["arms"]) == (90, ["baseline/mean"])
    assert run["finished"] >= run["started"]
    assert run["id"][:8] in discretion("runs").out


def test_an_untouched_log_holds(discretion: Command, desk: Path) -> None:
    outcome = discretion("verify", "--json")
    found = json.loads(outcome.out)
    assert (outcome.code, found["problems"], found["erased"]) == (0, [], 0)
    assert discretion("verify", "--head", found["head"]).code == 0


def test_a_changed_log_exits_with_1(discretion: Command, desk: Path) -> None:
    with sqlite3.connect(desk / "discretion.db") as database:
        tables = database.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
        ).fetchall()
        table = next(name for name, sql in tables if "previous" in sql or "hash" in sql)
        database.execute(f"DELETE FROM {table} WHERE rowid = 3")
    database.close()
    outcome = discretion("verify")
    assert outcome.code == 1
    assert "the log was changed" in outcome.out


def test_a_head_that_the_log_never_had_is_found(discretion: Command, desk: Path) -> None:
    outcome = discretion("verify", "--head", "f" * 64)
    assert outcome.code == 1
