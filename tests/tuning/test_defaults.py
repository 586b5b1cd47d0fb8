"""A base of the user's own gets settings that teach such models, and never the toy's."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from discretion.core.tuning_plans import TuningPlan, tuning_plan_to_json
from discretion.models.loading import Settings
from discretion.training.arguments import arguments
from discretion.training.jobs import Job
from discretion.training.trainers import LORA, Recipe
from discretion.tuning import defaults
from discretion.tuning.defaults import FULL, with_defaults
from discretion.tuning.training import recipe_of

OWN = Settings(path=Path("own"))
TOY = Settings(path=Path("tiny"), reads_twin=True)


def settled(base: Settings = OWN, **said: object) -> TuningPlan:
    plan = TuningPlan.model_validate({"model": "own", **said})
    return with_defaults(plan, plan.model_fields_set, base)


def test_a_model_of_the_users_own_is_asked_plainly_and_taught_gently() -> None:
    plan = settled()
    assert (plan.method, plan.outside, plan.learning_rate) == ("plain", 0.1, FULL)
    assert (plan.epochs, plan.batch, plan.settings) == (3, 10, {"weight_decay": 0.01})
    assert plan.beside == ()
    assert settled(lora=True).learning_rate == LORA
    recipe = recipe_of(plan, OWN)
    assert (recipe.outside, recipe.learning_rate, recipe.batch) == (0.1, FULL, 10)


@pytest.fixture(autouse=True)
def old_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(defaults, "computes_in_bfloat16", lambda: False)


def test_what_is_said_stays() -> None:
    said = {"epochs": 5, "batch": 8, "learning_rate": 1e-4, "method": "direct", "outside": 1.0}
    said |= {"beside": ("precedents",)}
    plan = settled(**said, settings={"weight_decay": 0.2})
    assert {name: getattr(plan, name) for name in said} == said
    assert plan.settings == {"weight_decay": 0.2}


def test_the_built_in_model_keeps_its_own() -> None:
    assert settled(TOY) == TuningPlan(model="own")
    assert recipe_of(settled(TOY), TOY).settings == {
        **Recipe().settings,
        "learning_rate": 1e-3,
    }


def test_a_new_field_counts_in_the_hash_only_where_it_is_set() -> None:
    old = TuningPlan(model="own")
    assert not {"method", "outside", "at_once", "rank"} & set(tuning_plan_to_json(old))
    assert settled().hash != old.hash
    assert TuningPlan(model="own", at_once=2).hash != old.hash
    assert "outside" not in Recipe().settings
    assert Recipe(outside=0.1).settings["outside"] == 0.1


def test_how_many_are_in_memory_at_once_departs_from_no_plan() -> None:
    old = TuningPlan(model="own")
    assert TuningPlan(model="own", at_once=2).departures(old) == ()
    assert TuningPlan(model="own", rank=4).departures(old) == ("rank: 4 instead of the default",)
    assert recipe_of(TuningPlan(model="own", at_once=2, rank=4), OWN).at_once == 2


@pytest.mark.torch
@pytest.mark.parametrize(
    ("asked", "able", "halved"),
    [("float32", False, False), ("float32", True, True), ("bfloat16", False, True)],
)
def test_training_multiplies_in_bfloat16_where_the_processor_or_the_base_does(
    tmp_path: Path,
    asked: Literal["float32", "bfloat16"],
    able: bool,
    halved: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    transformers = pytest.importorskip("transformers")
    monkeypatch.setattr(defaults, "computes_in_bfloat16", lambda: able)
    base = OWN.model_copy(update={"dtype": asked})
    plan = settled(base)
    assert plan.settings.get("bf16", False) is able
    job = Job("own-labels-0", base, (), recipe_of(plan, base), 0, (1,))
    made = arguments(transformers.TrainingArguments, job, tmp_path, cpu=True)
    assert made.bf16 is halved
    said = settled(base, settings={"bf16": False})
    assert recipe_of(said, base).more["bf16"] is False
