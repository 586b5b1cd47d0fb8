"""Every seed of a new plan is taught its own draw, the same in the targets that are compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from discretion.core.plans import HeldOut
from discretion.core.tuning_plans import TuningPlan
from discretion.models.loading import Settings
from discretion.training.training_sets import folds
from discretion.tuning.training import prepare, recipe_of, trainings
from training.lessons_at_hand import case_set, judgments
from training.templates_at_hand import loaded

pytest.importorskip("torch")
pytestmark = pytest.mark.torch

TARGETS = ("labels", "real-after", "shuffled-after")
SEEDS = 3


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(plan, its courses) of a plan that redraws and of one that does not."""
    model = loaded(tmp_path_factory.mktemp("model"), "llama")
    cases = case_set()
    found = {}
    for redraw in (True, False):
        plan = TuningPlan(
            model="own",
            targets=TARGETS,
            hold_out=HeldOut(by="scenario", folds=3),
            seeds=SEEDS,
            judgments=16,
            redraw=redraw,
        )
        parts = folds(cases, plan.holdout, judgments(cases), every=False)
        base = Settings(path=Path("own"))
        found[redraw] = plan, prepare(plan, parts, judgments(cases), model, base), base
    return found


def drawn(courses, target):
    return [
        frozenset(item.judgment for item in course.taught.kept)
        for course in courses
        if course.target.name == target
    ]


def test_each_seed_draws_other_judgments_and_all_targets_the_same_ones(made):
    _, courses, _ = made[True]
    each = {target: drawn(courses, target) for target in TARGETS}
    assert len(set(each["labels"])) == SEEDS
    assert each["labels"] == each["real-after"] == each["shuffled-after"]


def test_each_seed_is_trained_on_its_own_draw_once(made):
    plan, courses, base = made[True]
    planned = [
        (course.target.name, course.draw, one.seed)
        for course in courses
        for one in _jobs(plan, [course], base)
    ]
    assert sorted(planned) == sorted((t, s, s) for t in TARGETS for s in range(SEEDS))


def _jobs(plan, courses, base):
    recipe = recipe_of(plan, base)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("discretion.tuning.training.notes_of", lambda *_: {})
        return [one.job for one in trainings(plan, courses, base, recipe, (0,))]


def test_a_plan_that_does_not_redraw_teaches_every_seed_the_same(made):
    plan, courses, base = made[False]
    assert [course.draw for course in courses] == [None] * len(TARGETS)
    jobs = _jobs(plan, courses[:1], base)
    assert [job.seed for job in jobs] == list(range(SEEDS))
    assert len({job.masked for job in jobs}) == 1


def test_shuffles_are_redrawn_where_all_judgments_are_taught(made, tmp_path_factory):
    plan, *_ = made[True]
    whole = plan.model_copy(update={"judgments": None})
    cases = case_set()
    model = loaded(tmp_path_factory.mktemp("again"), "llama")
    parts = folds(cases, plan.holdout, judgments(cases), every=False)
    courses = prepare(whole, parts, judgments(cases), model, Settings(path=Path("own")))
    assert len(set(drawn(courses, "shuffled-after"))) == 1
    givers = {
        tuple(item.giver for item in course.taught.kept)
        for course in courses
        if course.target.name == "shuffled-after"
    }
    assert len(givers) == SEEDS
