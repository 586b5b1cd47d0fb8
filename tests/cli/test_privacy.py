"""`discretion privacy`: nothing is called masked before somebody looked at samples."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Command

ROWS = (
    "request,outcome,agent\n"
    '"Hi Anna, write to a@mail.example about the coat",approved,ann\n'
    '"It was somebody called Thomas Keller who took it",denied,bob\n'
)
MAP = ("--map", "text=request,answer=outcome,rater=agent")


@pytest.fixture
def desk(discretion: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "desk"
    assert discretion("init", folder).code == 0
    monkeypatch.chdir(folder)
    Path("old.csv").write_text(ROWS, encoding="utf-8")
    return folder


def test_an_import_shows_samples_and_says_that_they_are_not_approved(
    discretion: Command, desk: Path
) -> None:
    said = discretion("import", "old.csv", *MAP)
    assert "Hi [name 1], write to [email 1] about" in said.err
    assert "may be personal, and is not masked:" in said.err
    assert "Thomas Keller" in said.err
    assert "not approved yet" in said.err
    shown = json.loads(discretion("import", "old.csv", *MAP, "--json").out)["samples"]
    assert shown["approved"] is False
    assert len(shown["masked"]) == 1
    assert len(shown["possible_leftovers"]) == 1


def test_a_prompt_warns_until_the_texts_are_approved_and_again_when_others_come(
    discretion: Command, desk: Path
) -> None:
    discretion("import", "old.csv", *MAP)
    assert "not approved yet" in discretion("prompt").err
    assert json.loads(discretion("privacy", "samples", "--json").out)["approved"] is False
    assert discretion("privacy", "approve", "--by", "privacy officer").code == 0
    assert "not approved" not in discretion("prompt").err
    assert discretion("privacy", "samples").out.endswith("approved\n")
    assert "approved before" in discretion("privacy", "approve").err
    Path("new.csv").write_text("request,outcome,agent\nAnother coat,approved,ann\n")
    discretion("import", "new.csv", *MAP)
    assert "not approved yet" in discretion("prompt").err
    assert discretion("verify").code == 0


def test_without_imported_texts_there_is_nothing_to_approve(
    discretion: Command, desk: Path
) -> None:
    said = discretion("privacy", "approve")
    assert said.code == 2
    assert "there are no imported texts to approve" in said.err


def test_an_import_says_which_sign_is_missing_and_takes_it(discretion: Command, desk: Path) -> None:
    Path("a.csv").write_text("request;price;outcome\nA;1.500;approved\nB;2.000;denied\n")
    fields = ("--map", "text=request,value=price,answer=outcome")
    asked = discretion("import", "a.csv", *fields)
    assert asked.code == 2
    assert "--decimal . (1.5) or --decimal , (1500)" in asked.err
    assert discretion("import", "a.csv", *fields, "--decimal", ",").code == 0
    # The mapping is remembered with the sign.
    assert discretion("import", "a.csv").code == 0
