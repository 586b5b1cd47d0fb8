"""Reading a folder: everything wrong is collected, each with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from discretion.errors import DiscretionError
from discretion.workspace import open_workspace, read_folder

SCENARIO = """\
id: flour
policy: groceries
unit: USD
limit: 10
values: [9, 11]
wordings: ["It costs {value}. {cause}"]
factors:
  cause:
    levels: {none: "", cake: "It is for a cake."}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("policies", "scenarios", "plans"):
        (tmp_path / name).mkdir()
    (tmp_path / "discretion.toml").write_text('[workspace]\nname = "Shop"\n', encoding="utf-8")
    write(tmp_path / "policies" / "groceries.yaml", "id: groceries\nrule: At most $10.\n")
    write(tmp_path / "scenarios" / "flour.yaml", SCENARIO)
    return tmp_path


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def problems(folder: Path) -> list[str]:
    return [str(one).removeprefix(f"{folder}/") for one in read_folder(folder).problems]


def test_a_sound_folder_has_no_problems(folder: Path) -> None:
    contents = read_folder(folder)
    assert contents.problems == ()
    assert (list(contents.policies), list(contents.scenarios)) == (["groceries"], ["flour"])


def test_both_endings_of_yaml_are_read_and_nothing_else(folder: Path) -> None:
    write(folder / "plans" / "one.yml", "arms: [baseline/mean]\n")
    write(folder / "plans" / "two.yaml.example", "arms: [\n")
    assert list(read_folder(folder).plans) == ["one"]


def test_a_scenario_of_an_unknown_policy_is_said_and_left_out(folder: Path) -> None:
    write(folder / "scenarios" / "flour.yaml", SCENARIO.replace("groceries", "grocery"))
    assert problems(folder) == [
        "scenarios/flour.yaml:2: there is no policy 'grocery'; "
        "describe it in policies/, or use one of: groceries"
    ]
    assert read_folder(folder).scenarios == {}


def test_an_id_that_is_taken_is_said_with_the_file_that_has_it(folder: Path) -> None:
    write(folder / "policies" / "other.yaml", "rule: No.\nid: groceries\n")
    assert problems(folder) == [
        "policies/other.yaml:2: the id 'groceries' is taken by groceries.yaml; give it another id"
    ]


def test_a_never_that_can_never_hold_is_said(folder: Path) -> None:
    write(
        folder / "policies" / "groceries.yaml",
        "id: groceries\nrule: At most $10.\nnever:\n  - value > 90\n  - caus == cake\n",
    )
    assert problems(folder) == [
        "policies/groceries.yaml:5: never looks at 'caus', which no scenario of this policy has as "
        "a factor; use one of: cause, limit, value"
    ]


def test_one_broken_file_does_not_hide_another(folder: Path) -> None:
    write(folder / "policies" / "a.yaml", "id: [")
    write(folder / "plans" / "b.yaml", "arms: []")
    write(folder / "discretion.toml", "[workspce]\n")
    assert len(problems(folder)) == 3


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ("[workspace\n", "discretion.toml:1: no valid TOML: "),
        ("[workspce]\n", "discretion.toml:1: unknown setting 'workspce'; "),
        ("[workspace]\nnme = 'x'\n", "discretion.toml:2: unknown setting 'workspace.nme'; "),
        (
            "[simulated]\npanel = 'us'\njudges = 'strict'\nraters = 0\n",
            "discretion.toml:4: simulated.raters: Input should be greater than or equal to 1",
        ),
    ],
)
def test_settings_that_mean_nothing_are_said_with_their_line(
    folder: Path, settings: str, sentence: str
) -> None:
    write(folder / "discretion.toml", settings)
    (said,) = problems(folder)
    assert said.startswith(sentence)


def test_a_folder_without_settings_is_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(DiscretionError) as caught:
        open_workspace(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: there is no workspace here: no discretion.toml; "
        "make one with: discretion init my-desk, then work inside it"
    )


def test_opening_names_the_first_problem_and_counts_the_others(folder: Path) -> None:
    write(folder / "policies" / "a.yaml", "id: [")
    write(folder / "plans" / "b.yaml", "arms: []")
    with pytest.raises(DiscretionError, match=r"and 1 more: see discretion check"):
        open_workspace(folder)
