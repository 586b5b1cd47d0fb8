"""A workspace holds what its files describe and its log remembers."""

from dataclasses import replace
from decimal import Decimal

import pytest

import discretion
from discretion import examples, models
from discretion.core.cases import Case, cases_of
from discretion.core.judgments import Judgment
from discretion.core.plans import HeldOut, Plan, Selection
from discretion.errors import DiscretionError
from discretion.storage import records
from stand_in import StandIn


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """The returns example, judged by nobody yet, with a model called tiny that is a stand-in."""
    model = StandIn(name="tiny", reads_twin=True)
    monkeypatch.setattr(models, "load_model", lambda name, settings, folder: model)
    examples.copy("returns", tmp_path / "desk")
    desk = discretion.open(tmp_path / "desk")
    yield desk
    desk.store.close()


def judge(desk, answer="grant"):
    desk.store.append(
        records.judgment_entry(Judgment(f"{case.id}-{rater}", case.id, "people", answer, rater))
        for case in desk.cases
        for rater in ("Ada", "Bob")
    )


def test_its_cases_are_those_of_its_scenarios_in_order(desk):
    described = desk.contents.scenarios.values()
    expected = [c for s in described for c in cases_of(s, desk.contents.policies[s.policy])]
    assert list(desk.cases) == expected
    assert dict(desk.cases.policies) == dict(desk.contents.policies)
    assert dict(desk.cases.scenarios) == dict(desk.contents.scenarios)


def test_looking_at_its_cases_makes_no_log(tmp_path):
    examples.copy("returns", tmp_path / "desk")
    assert len(discretion.open(tmp_path / "desk").cases) > 0
    assert not (tmp_path / "desk" / "discretion.db").exists()


def test_imported_cases_come_after_the_described_ones_which_they_never_replace(desk):
    described = list(desk.cases)
    foreign = Case("imported", "returns", "imported", text="A coat.", value=Decimal(3))
    changed = replace(described[0], text="Another text under an id that is taken.")
    desk.store.append(records.case_entry(one, imported=True) for one in (foreign, changed))
    assert list(desk.cases) == [*described, foreign]


def test_it_is_called_what_its_settings_say_or_else_by_its_folder(desk, tmp_path):
    assert desk.name == "Returns desk"
    examples.copy("template", tmp_path / "plain")
    with (tmp_path / "plain" / "discretion.toml").open("w", encoding="utf-8") as file:
        file.write("")
    assert discretion.open(tmp_path / "plain").name == "plain"


def test_a_workspace_in_which_something_is_wrong_is_not_opened(desk):
    for name in ("a.yaml", "b.yaml"):
        (desk.folder / "policies" / name).write_text("id: x\nrool: none\n", encoding="utf-8")
    with pytest.raises(DiscretionError) as error:
        discretion.open(desk.folder)
    assert str(error.value).startswith(f"{desk.folder / 'policies' / 'a.yaml'}:")
    assert "more: see discretion check)" in str(error.value)


def test_a_folder_that_is_no_workspace_says_how_to_make_one(tmp_path):
    with pytest.raises(DiscretionError) as error:
        discretion.open(tmp_path)
    assert str(error.value) == (
        f"{tmp_path}: there is no workspace here: no discretion.toml; "
        "make one with: discretion init my-desk, then work inside it"
    )


def test_five_lines_evaluate_it(desk):
    run = discretion.evaluate(desk.cases, desk.arms("tiny/direct"), desk.store)
    assert set(run.estimates()["tiny/direct"]) == {case.id for case in desk.cases}
    assert run.case_set == desk.cases


def test_arms_come_in_the_order_of_their_names(desk):
    judge(desk)
    names = ("baseline/mean", "tiny/purpose", "tiny/direct", "baseline/always-grant")
    assert tuple(arm.name for arm in desk.arms(*names)) == names


def test_no_arm_is_no_list_of_arms(desk):
    with pytest.raises(DiscretionError) as error:
        desk.arms()
    assert str(error.value) == 'no arm is named; name one, like "tiny/direct"'


def test_asking_afresh_and_the_clock_reach_every_model(desk):
    old, new = (desk.arms("tiny/direct", fresh=fresh)[0] for fresh in ("", "2026"))
    case = desk.cases[0]
    assert {c.key for c in old.calls(case)}.isdisjoint(c.key for c in new.calls(case))
    [timed] = desk.arms("tiny/direct", clock=lambda: "2026-03-01")
    run = discretion.evaluate(desk.cases[:1], [timed], desk.store)
    assert run.estimates()["tiny/direct"][case.id].at == "2026-03-01"


def test_with_groups_held_out_by_name_only_their_cases_are_asked(desk):
    judge(desk)
    scenario, *others = sorted({case.scenario for case in desk.cases})
    assert others
    arms = ("tiny/precedents", "baseline/nearest", "baseline/mean")
    plan = Plan(arms=arms, hold_out=HeldOut(by="scenario", groups=(scenario,)))
    chosen = plan.choose(desk.cases)
    run = discretion.evaluate(chosen, desk.arms(*arms, plan=plan), desk.store, plan=plan)
    held = {case.id for case in desk.cases if case.scenario == scenario}
    assert set(run.case_ids) == held
    assert {arm: set(found) for arm, found in run.estimates().items()} == dict.fromkeys(arms, held)


def test_a_selection_without_the_held_out_group_is_one_sentence(desk):
    one, other = sorted({case.scenario for case in desk.cases})[:2]
    plan = Plan(
        arms=("tiny/direct",),
        cases=Selection(scenarios=(one,)),
        hold_out=HeldOut(by="scenario", groups=(other,)),
    )
    with pytest.raises(DiscretionError) as error:
        plan.choose(desk.cases)
    assert str(error.value) == (
        f"no selected case belongs to the held-out scenario {other}; "
        "widen the selection, or hold out another group"
    )


def test_a_selection_leaves_the_order_and_what_describes_the_cases(desk):
    chosen = Plan(arms=("tiny/direct",), cases=Selection(at_most=5), seed=3).choose(desk.cases)
    assert len(chosen) == 5
    kept = {case.id for case in chosen}
    assert [case for case in desk.cases if case.id in kept] == list(chosen)
    assert chosen.policies == desk.cases.policies
    assert chosen[:2].scenarios == desk.cases.scenarios
    again = Plan(arms=("tiny/direct",), cases=Selection(at_most=5), seed=4).choose(desk.cases)
    assert list(again) != list(chosen)


def test_a_policy_that_nothing_describes_has_no_rule(desk):
    foreign = Case("imported", "loans", "imported", "lending", text="A loan.")
    policy = desk.cases.policy_of(foreign)
    assert (policy.id, policy.rule, policy.domain) == ("loans", "", "lending")
    assert desk.cases.policy_of(desk.cases[0]) == desk.contents.policies[desk.cases[0].policy]


def test_its_people_are_the_panel_that_is_meant(desk):
    with pytest.raises(DiscretionError, match="nobody's judgments are here yet"):
        desk.panel()
    judge(desk)
    assert desk.panel().name == "people"
    with pytest.raises(DiscretionError, match="there is no panel 'others'; choose from: people"):
        desk.panel("others")
