"""`discretion init`: a workspace in which nothing is wrong, and nothing overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from discretion.workspace import open_workspace

from .conftest import Command


def test_an_example_is_complete_and_judged(discretion: Command, tmp_path: Path) -> None:
    outcome = discretion("init", tmp_path / "desk", "--example", "returns")
    assert outcome.code == 0
    assert "2 policies, 90 cases\n2,160 judgments by 24 simulated people\n" in outcome.out
    assert outcome.err.startswith("next: cd ")
    desk = open_workspace(tmp_path / "desk")
    panel = desk.panel()
    assert panel.simulated
    assert panel.n.sum() + panel.unsure.sum() == 90 * 24


def test_other_people_can_be_simulated(discretion: Command, tmp_path: Path) -> None:
    rates = {}
    for judges in ("strict", "lenient"):
        folder = tmp_path / judges
        assert discretion("init", folder, "--example", "returns", "--judges", judges).code == 0
        desk = open_workspace(folder)
        assert desk.contents.settings.simulated.judges == judges
        rates[judges] = float(desk.panel().rate.mean())
    assert rates["strict"] < rates["lenient"] - 0.1


def test_people_who_are_not_known_are_refused_before_anything_is_written(
    discretion: Command, tmp_path: Path
) -> None:
    outcome = discretion("init", tmp_path / "desk", "--example", "returns", "--judges", "kind")
    assert outcome.code == 2
    assert "there are no simulated judges 'kind'; choose from: strict, " in outcome.err
    outcome = discretion("init", tmp_path / "desk", "--judges", "strict")
    assert "nobody is simulated in an empty workspace" in outcome.err
    assert not (tmp_path / "desk").exists()


def test_without_an_example_it_is_a_template_in_which_nothing_is_wrong(
    discretion: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert discretion("init", tmp_path / "desk").code == 0
    monkeypatch.chdir(tmp_path / "desk")
    assert discretion("check").code == 0


def test_two_machines_make_the_same_judgments(discretion: Command, tmp_path: Path) -> None:
    rates = []
    for name in ("a", "b"):
        discretion("init", tmp_path / name, "--example", "returns")
        rates.append(open_workspace(tmp_path / name).panel().rate.tolist())
    assert rates[0] == rates[1]


def test_a_folder_that_holds_something_is_left_alone(discretion: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    outcome = discretion("init", tmp_path)
    assert outcome.code == 2
    assert outcome.err == f"discretion: {tmp_path}: is not an empty folder; choose a new name\n"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_unknown_example_is_said_with_those_there_are(
    discretion: Command, tmp_path: Path
) -> None:
    outcome = discretion("init", tmp_path / "desk", "--example", "retail")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "discretion: there is no example 'retail'; choose one of: everyday, returns\n"
    )
