"""The example workspaces: copied whole, complete, and in order."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from discretion import baselines, examples, methods
from discretion.core.plans import Plan
from discretion.core.policies import Policy
from discretion.core.scenarios import Scenario
from discretion.documents import Described, read_yaml
from discretion.errors import DiscretionError
from discretion.toy.judges import PANELS

from .shipped import (
    EXAMPLES,
    FOLDER,
    cases,
    described,
    policies,
    scenarios,
    settings,
)


class TestCopying:
    def test_the_examples_are_known_by_name_and_the_template_is_not_one(self) -> None:
        assert examples.names() == EXAMPLES

    @pytest.mark.parametrize("name", [*EXAMPLES, examples.TEMPLATE])
    def test_a_copy_has_every_file_byte_for_byte(self, name: str, tmp_path: Path) -> None:
        examples.copy(name, tmp_path / "new" / "desk")
        wanted = {
            p.relative_to(FOLDER / name): p for p in (FOLDER / name).rglob("*") if p.is_file()
        }
        copied = [p for p in (tmp_path / "new" / "desk").rglob("*") if p.is_file()]
        assert {p.relative_to(tmp_path / "new" / "desk") for p in copied} == set(wanted)
        for path in copied:
            source = wanted[path.relative_to(tmp_path / "new" / "desk")]
            assert path.read_bytes() == source.read_bytes()

    def test_an_empty_folder_may_be_filled(self, tmp_path: Path) -> None:
        examples.copy("returns", tmp_path)
        assert (tmp_path / "discretion.toml").is_file()

    def test_a_folder_with_something_in_it_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
        with pytest.raises(DiscretionError) as refused:
            examples.copy("returns", tmp_path)
        assert str(refused.value) == f"{tmp_path}: is not an empty folder; choose a new name"
        assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]

    def test_a_file_in_the_way_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "desk").write_text("mine", encoding="utf-8")
        with pytest.raises(DiscretionError, match="is not an empty folder; choose a new name"):
            examples.copy("returns", tmp_path / "desk")

    def test_a_place_that_cannot_be_written_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("", encoding="utf-8")
        with pytest.raises(DiscretionError, match=r"file/desk: cannot be written \(.+\); choose"):
            examples.copy("returns", tmp_path / "file" / "desk")

    @pytest.mark.parametrize("name", ["retuns", "", "../examples", "__pycache__"])
    def test_an_unknown_name_is_answered_with_the_known_ones(
        self, name: str, tmp_path: Path
    ) -> None:
        with pytest.raises(DiscretionError) as refused:
            examples.copy(name, tmp_path / "desk")
        assert str(refused.value) == (
            f"there is no example {name!r}; choose one of: everyday, returns"
        )
        assert not (tmp_path / "desk").exists()


class TestTheTemplate:
    def test_nothing_in_it_is_in_force(self) -> None:
        assert not list((FOLDER / "template").rglob("*.yaml"))

    @pytest.mark.parametrize(
        ("path", "shape"),
        [
            ("policies/my-rule.yaml.example", Policy),
            ("scenarios/my-scenario.yaml.example", Scenario),
            ("plans/first.yaml.example", Plan),
        ],
    )
    def test_each_file_to_copy_is_right_as_it_stands(
        self, path: str, shape: type[Described]
    ) -> None:
        thing, mistakes = read_yaml(FOLDER / "template" / path).describe(shape)
        assert thing is not None, [str(mistake) for mistake in mistakes]

    def test_it_has_no_simulated_people(self) -> None:
        assert "simulated" not in settings("template")


class TestTheWorkspaces:
    def test_everyday_has_ten_scenarios_and_more_in_eight_domains_and_more(self) -> None:
        assert len(scenarios("everyday")) >= 10
        assert len({policy.domain for policy in policies("everyday").values()}) >= 8

    def test_everyday_is_large_enough_to_measure_and_small_enough_for_a_demo(self) -> None:
        made = cases("everyday")
        assert 400 <= sum(map(len, made.values())) <= 600
        assert max(map(len, made.values())) <= 60

    def test_the_known_first_steps_past_the_line_are_there(self) -> None:
        values = {name: scenario.values for name, scenario in scenarios("everyday").items()}
        assert {"9.50", "10", "10.01"} <= set(values["flour"])
        assert {"14", "15"} <= set(values["late-return"])
        assert "12:05" in values["late-check-out"]

    @pytest.mark.parametrize("example", EXAMPLES)
    def test_files_are_named_after_what_they_describe(self, example: str) -> None:
        for folder, shape in (("policies", Policy), ("scenarios", Scenario)):
            for path, thing in described(example, folder, shape).items():
                assert path.stem == thing.id

    @pytest.mark.parametrize("example", EXAMPLES)
    def test_every_policy_has_a_scenario_and_says_what_it_is_for(self, example: str) -> None:
        rules = policies(example)
        assert {scenario.policy for scenario in scenarios(example).values()} == set(rules)
        for policy in rules.values():
            assert policy.domain
            assert policy.purpose
            assert policy.guidance

    @pytest.mark.parametrize("example", EXAMPLES)
    def test_no_two_cases_share_an_id(self, example: str) -> None:
        ids = Counter(case.id for made in cases(example).values() for case in made)
        assert set(ids.values()) == {1}

    @pytest.mark.parametrize("example", EXAMPLES)
    def test_the_plan_names_arms_that_exist(self, example: str) -> None:
        (plan,) = described(example, "plans", Plan).values()
        assert len(plan.contrasts) in (2, 3)
        for arm in plan.arms:
            kind, _, name = arm.partition("/")
            assert name in (baselines.names() if kind == "baseline" else methods.names()), arm
        made = [case for group in cases(example).values() for case in group]
        assert len(plan.holdout(made).splits(made)) == 5

    def test_the_plan_of_everyday_tries_every_method(self) -> None:
        (plan,) = described("everyday", "plans", Plan).values()
        # It is as it was frozen; `plain` came later, and the toy was never taught it.
        names = set(methods.names()) - {"plain"}
        assert {f"tiny/{name}" for name in names} <= set(plan.arms)

    @pytest.mark.parametrize("example", EXAMPLES)
    def test_the_people_are_simulated_and_called_so(self, example: str) -> None:
        simulated = settings(example)["simulated"]
        assert "simulated" in simulated["panel"]
        assert simulated["judges"] in PANELS

    def test_no_judgments_are_shipped(self) -> None:
        kinds = {path.suffix for path in FOLDER.rglob("*") if path.is_file()}
        assert kinds <= {".toml", ".yaml", ".example", ".md", ".py", ".pyc"}


def contents(folder: Path) -> dict[Path, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder): path.read_bytes() for path in files}
