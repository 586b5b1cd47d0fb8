"""Decisions that meet no case, and imported cases that look like described ones, are found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from discretion import examples
from discretion.core.judgments import Judgment, Tally
from discretion.storage import recorded, records
from discretion.workspace import LOG, Workspace, open_workspace, orphans


@pytest.fixture
def here(tmp_path: Path) -> Workspace:
    examples.copy("returns", tmp_path / "desk")
    return open_workspace(tmp_path / "desk")


def test_where_every_decision_meets_its_case_there_is_nothing_to_say(here: Workspace) -> None:
    case = here.described_cases[0]
    here.store.append([records.judgment_entry(Judgment("j1", case.id, "people", "grant"))])
    assert orphans(here).warnings == ()


def test_looking_makes_no_log(here: Workspace) -> None:
    assert orphans(here).warnings == ()
    assert not (here.folder / LOG).exists()


def test_decisions_of_every_kind_on_a_case_that_is_gone_are_counted(here: Workspace) -> None:
    here.store.append(
        [
            records.judgment_entry(Judgment("j1", "gone", "people", "grant")),
            records.judgment_entry(Judgment("j2", "gone", "people", "refuse")),
            records.tally_entry(Tally("t1", "gone", "people", 0.5, 4)),
            recorded.decision_entry("agent", "lost", 1.0),
        ]
    )
    found = orphans(here)
    assert {(one.case, one.kind, one.count) for one in found.lost} == {
        ("gone", "judgment", 2),
        ("gone", "tally", 1),
        ("lost", "decision", 1),
    }
    judged, counted, decided = found.warnings
    assert judged.startswith("2 judgments are about 1 case that this workspace does not have")
    assert "gone" in judged and "discretion cases --to" in judged
    assert counted.startswith("1 counted answer is about 1 case")
    assert "lost" in decided


@pytest.mark.parametrize(
    "changes",
    [
        {"scenario": "imported-1"},  # the very text of a described case
        {"text": "Another text.", "policy": "imported"},  # its scenario's id and value
    ],
)
def test_an_imported_copy_of_a_described_case_is_found_with_its_decisions(
    here: Workspace, changes: dict[str, str]
) -> None:
    described = here.described_cases[0]
    copy = replace(described, id="copy", direction="at most", **changes)
    here.store.append(
        [
            records.case_entry(copy, imported=True),
            records.judgment_entry(Judgment("j1", "copy", "people", "grant")),
        ]
    )
    (twin,) = orphans(here).twins
    assert (twin.imported.id, twin.decided) == ("copy", 1)
    assert twin.described is not None
    assert twin.described.value == described.value
    (warning,) = orphans(here).warnings
    assert warning.startswith("1 imported case looks like a described one, and 1 decision")


def test_a_ticket_of_its_own_is_no_copy(here: Workspace) -> None:
    ticket = replace(here.described_cases[0], id="t1", scenario="t1", text="My own words.")
    here.store.append([records.case_entry(ticket, imported=True)])
    assert orphans(here).warnings == ()
