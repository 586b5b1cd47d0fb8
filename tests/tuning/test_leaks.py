"""Whatever is held out reaches nothing that is trained, chosen, fitted or shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from discretion import models, tuning
from discretion.core.holdouts import history_of
from discretion.core.tuning_plans import TuningPlan
from discretion.errors import DiscretionError
from discretion.storage import Store, records
from discretion.timestamps import parse_timestamp
from discretion.training.trainers import Recipe
from discretion.tuning.settings import SettingsSearch, choose
from stand_in import StandIn
from training.templates_at_hand import loaded, save

from .judged_study import KINDS, TEXT, WHY, Copyist, arms_of, case_set, judgments, marked, turned

pytest.importorskip("torch")
pytestmark = pytest.mark.torch


@dataclass
class Left:
    """What an experiment left behind."""

    plan: TuningPlan
    taught: list[str]
    """Every example that was trained, as the model read it."""
    asked: dict[str, list[str]]
    """The prompts of each step."""
    tried: list[Any]
    estimates: dict[str, Any]
    cases: set[str]
    """Those that the result was asked."""


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    return save(folder, "llama"), loaded(tmp_path_factory.mktemp("model"), "llama")


@pytest.fixture(scope="module")
def stand_ins():
    """The models that were loaded and not looked at yet."""
    found: list[StandIn] = []

    def load(name, settings, folder):
        found.append(StandIn(name=name, fingerprint=name, otherwise=lambda prompt: 0.3))
        return found[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "load_model", load)
        yield found


def experiment(folder, base, stand_ins, by, cases, given) -> Left:
    """Everything that `discretion tune` does with a plan, by a trainer that changes nothing."""
    settings, model = base
    with Store(folder / "log.db") as store:
        store.append([records.judgment_entry(one) for one in given])
        plan = TuningPlan.model_validate(
            {
                "model": "own",
                "targets": ["labels", "real-after", "shuffled-after", "neutral-after"],
                "hold_out": {"by": by},
                "seeds": 1,
                "trainer": "copyist",
                "try_epochs": [2],
                "beside": ["precedents", "precedents-why"],
            }
        )
        mine = records.panel_judgments(store)
        plan = plan.named(cases, history_of(mine))
        parts = tuning.parts_of(plan, cases, mine)
        held = [case for part in parts for case in part.held]
        tuning.freeze(store, plan, held, "2026-06-01", asked=False)
        trainer, arms, asked = Copyist(), arms_of(store, folder), {}

        def heard() -> list[str]:
            prompts = [
                "\n".join(message.content for message in prompt.messages)
                for one in stand_ins
                for prompt in one.asked
            ]
            stand_ins.clear()
            return prompts

        study = SettingsSearch(
            plan,
            Recipe(),
            settings,
            model,
            trainer,
            folder / "models",
            store,
            "people",
            arms,
            str,
            lambda: lambda progress: None,
        )
        choices = list(choose(study, parts, mine))
        asked["tried"] = heard()
        made = tuning.prepare(plan, parts, mine, model, settings)
        planned = tuning.trainings(plan, made, settings, Recipe(), model.ends, choices)
        people = records.panel(store)
        done = tuning.train(
            planned,
            trainer,
            folder / "models",
            tuning.Ledger(store, people, plan.hash, str),
            watch=lambda: lambda progress: None,
        )
        assert all(one.seconds is not None for one in done)
        rehearsal = tuning.calibration_run(plan, "people", parts[0], planned, arms, store)
        asked["rehearsed"] = heard()
        run = tuning.ask_held_out(plan, "people", parts, planned, cases, arms, store)
        asked["held out"] = heard()
        decode = model.template.tokenizer.decode
        return Left(
            plan,
            [decode(one.ids) for job in trainer.jobs for one in job.masked],
            asked,
            choices,
            {"rehearsed": rehearsal.estimates(), "held out": run.estimates()},
            {case.id for case in held},
        )


def is_held_out(left: Left):
    """By the plan alone, not by the code that parts: whether a judgment is held out."""
    by, groups = left.plan.hold_out.by, left.plan.hold_out.groups
    if by == "rater":
        return lambda one: one.rater in groups
    if by == "time":
        return lambda one: (
            one.case in left.cases or parse_timestamp(one.time) >= parse_timestamp(groups[0])
        )
    return lambda one: one.case in left.cases


@pytest.fixture(scope="module", params=KINDS)
def two(request, tmp_path_factory, base, stand_ins) -> tuple[str, Left, Left]:
    """The same experiment twice: the second time every text and explanation that is held out has
    a word of its own, and whoever is held out decided the other way."""
    by, cases, given = request.param, case_set(), judgments(case_set())
    plain = experiment(tmp_path_factory.mktemp("plain"), base, stand_ins, by, cases, given)
    secret = turned(given, is_held_out(plain))
    assert 0 < sum(WHY in one.explanation for one in secret) < len(given) - 20
    hidden = marked(cases, set() if by == "rater" else plain.cases)
    left = experiment(tmp_path_factory.mktemp("marked"), base, stand_ins, by, hidden, secret)
    assert left.cases == plain.cases
    return by, plain, left


def test_nothing_that_is_held_out_is_taught(two):
    _, plain, left = two
    assert len(left.taught) > 100
    assert not any(TEXT in text or WHY in text for text in left.taught)
    assert left.taught == plain.taught


def test_no_setting_is_chosen_by_what_is_held_out(two):
    _, plain, left = two
    assert left.tried == plain.tried
    assert left.asked["tried"] == plain.asked["tried"]
    assert not any(TEXT in prompt or WHY in prompt for prompt in left.asked["tried"])


def test_a_rehearsal_neither_shows_nor_learns_what_is_held_out(two):
    _, plain, left = two
    assert left.asked["rehearsed"] == plain.asked["rehearsed"]
    assert not any(TEXT in prompt or WHY in prompt for prompt in left.asked["rehearsed"])
    assert left.estimates["rehearsed"] == plain.estimates["rehearsed"]


def test_of_what_is_held_out_a_prompt_holds_the_case_that_it_asks_about_and_nothing_else(two):
    by, _, left = two
    # By rater, what is asked was asked in the rehearsal already, in the same words.
    assert bool(left.asked["held out"]) == (by != "rater")
    for prompt in left.asked["held out"]:
        assert WHY not in prompt
        assert prompt.count(TEXT) == 1


def test_baselines_answer_the_same_whatever_the_held_out_judgments_say(two):
    by, plain, left = two
    names = ["baseline/logistic", "baseline/nearest"]
    if by in ("time", "rater"):
        names.append("baseline/mean")
    for step in ("rehearsed", "held out"):
        estimates = left.estimates[step]
        for name in names:
            assert estimates[name]
            assert estimates[name] == plain.estimates[step][name]


def parts_of(by, cases, given, **more):
    plan = TuningPlan.model_validate({"model": "own", "hold_out": {"by": by}, **more})
    plan = plan.named(cases, history_of(given))
    return plan, tuning.parts_of(plan, cases, given)


@pytest.mark.parametrize("by", [kind for kind in KINDS if kind != "rater"])
def test_the_same_text_under_another_id_in_another_group_stops_it(base, by):
    cases, given = case_set(), judgments(case_set())
    _, [fold] = parts_of(by, cases, given)
    copy = replace(fold.open[0], text=fold.held[0].text)
    copied = cases.only(copy if case.id == copy.id else case for case in cases)
    plan, parts = parts_of(by, copied, given)
    with pytest.raises(DiscretionError, match=f"{copy.id}: a case that would be taught repeats"):
        tuning.prepare(plan, parts, given, base[1], base[0])


@pytest.mark.parametrize("by", [kind for kind in KINDS if kind != "rater"])
def test_what_nearly_repeats_a_held_out_case_is_on_its_side(by):
    cases, given = case_set(), judgments(case_set())
    _, [fold] = parts_of(by, cases, given)
    held, near = fold.held[0], fold.open[0]
    kin = cases.only(replace(one, kin=near.id) if one.id == held.id else one for one in cases)
    for every in (False, True) if by != "time" else (False,):
        for part in parts_of(by, kin, given, every_fold=every)[1]:
            sides = {one.id in {case.id for case in part.held} for one in (held, near)}
            assert len(sides) == 1


def test_a_judgment_of_later_or_of_nobody_known_teaches_nothing(base):
    cases, given = case_set(), judgments(case_set())
    for by, unknown in (("time", {"time": None}), ("rater", {"rater": None})):
        blurred = [
            replace(one, explanation=f"{one.explanation} {WHY}", **unknown)
            if number % 6 == 1
            else one
            for number, one in enumerate(given)
        ]
        plan, parts = parts_of(by, cases, blurred)
        for course in tuning.prepare(plan, parts, blurred, base[1], base[0]):
            decode = base[1].template.tokenizer.decode
            assert not any(WHY in decode(one.ids) for one in course.masked)
            assert any("nobody knows" in why or "not known" in why for why in course.taught.left)
