"""Settings are chosen on an inner fold, by Brier score, and nothing is trained twice."""

from __future__ import annotations

import pytest

from discretion import models, tuning
from discretion.core.holdouts import history_of
from discretion.core.tuning_plans import TuningPlan
from discretion.errors import DiscretionError, StoppedError
from discretion.storage import Store, records
from discretion.training.checkpoints import DivergedError
from discretion.training.trainers import Recipe
from discretion.tuning.choices import ChosenSettings, TriedSetting
from discretion.tuning.settings import KIND, SettingsSearch, choose, grid, inner_fold
from stand_in import StandIn
from training.templates_at_hand import loaded, save

from .judged_study import KINDS, Copyist, arms_of, case_set, judgments

pytest.importorskip("torch")
pytestmark = pytest.mark.torch

CASES, GIVEN = case_set(), judgments(case_set())
GRID = {"try_epochs": (1, 2), "try_rates": (1e-3, 5e-4)}


def plan(by="domain", **more):
    said = {"model": "own", "targets": ["labels", "real-after"], "hold_out": {"by": by}, **more}
    return TuningPlan.model_validate(said).named(CASES, history_of(GIVEN))


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    return save(folder, "llama"), loaded(tmp_path_factory.mktemp("model"), "llama")


@pytest.fixture
def study(tmp_path, base, monkeypatch):
    """A study of a plan, whose models grant with what `p` says of the recipe they were trained by;
    by default the longest training with the larger rate is nearest to the half that grant."""
    store = Store(tmp_path / "log.db")
    store.append([records.judgment_entry(one) for one in GIVEN])

    def make(p=lambda recipe: 0.1 * recipe.epochs + 100 * recipe.learning_rate, **more):
        trainer = Copyist()

        def load(name, settings, folder):
            [job] = [job for job in trainer.jobs if f"tuned:{job.name}" == name]
            return StandIn(name=name, fingerprint=name, otherwise=lambda prompt: p(job.recipe))

        monkeypatch.setattr(models, "load_model", load)
        made = SettingsSearch(
            plan(**{**GRID, **more}),
            Recipe(),
            *base,
            trainer,
            tmp_path / "models",
            store,
            "people",
            arms_of(store, tmp_path),
            str,
            lambda: lambda progress: None,
        )
        parts = tuning.parts_of(made.plan, CASES, GIVEN)
        return made, parts

    with store:
        yield make


def test_the_grid_is_every_number_of_epochs_with_every_rate_the_smaller_first():
    made = grid(plan(**GRID), Recipe())
    assert [(one.epochs, one.learning_rate) for one in made] == [
        (1, 5e-4),
        (1, 1e-3),
        (2, 5e-4),
        (2, 1e-3),
    ]
    assert grid(plan(try_epochs=[4]), Recipe(learning_rate=0.1)) == [
        Recipe(epochs=4, learning_rate=0.1)
    ]


def test_each_target_gets_the_settings_with_the_lowest_brier_score_inside(study):
    made, parts = study()
    choices = list(choose(made, parts, GIVEN))
    assert [(one.target, one.fold) for one in choices] == [("labels", 0), ("real-after", 0)]
    for one in choices:
        # Half of the people grant each case, so p scores (p - 1/2)^2 + 1/4.
        for tried in one.tried:
            p = 0.1 * tried.epochs + 100 * tried.learning_rate
            assert tried.brier == pytest.approx((p - 0.5) ** 2 + 0.25)
            assert tried.judgments == 6 * 8
        assert (one.best.epochs, one.best.learning_rate) == (2, 1e-3)
    assert {job.seed for job in made.trainer.jobs} == {0}
    assert len(made.trainer.jobs) == 8


def test_models_that_were_tried_are_removed_and_never_trained_again(study):
    made, parts = study()
    first = list(choose(made, parts, GIVEN))
    assert list(made.folder.iterdir()) == []
    assert len(list(made.store.entries(KIND))) == 8
    again, parts = study()
    assert list(choose(again, parts, GIVEN)) == first
    assert again.trainer.jobs == []


def test_a_stopped_choice_goes_on_where_it_was(study):
    made, parts = study()
    train = made.trainer.train

    def stops(job, work, watch):
        if len(made.trainer.jobs) == 3:
            raise StoppedError("stopped")
        return train(job, work, watch)

    made.trainer.train = stops
    with pytest.raises(StoppedError):
        list(choose(made, parts, GIVEN))
    again, parts = study()
    assert len(list(choose(again, parts, GIVEN))) == 2
    assert len(again.trainer.jobs) == 5


def test_settings_whose_training_comes_to_no_numbers_are_noted_and_not_chosen(study):
    made, parts = study(targets=["labels"])
    train = made.trainer.train

    def diverges(job, work, watch):
        if job.recipe.learning_rate == 1e-3:
            raise DivergedError("no numbers")
        return train(job, work, watch)

    made.trainer.train = diverges
    [choice] = choose(made, parts, GIVEN)
    assert [one.brier is None for one in choice.tried] == [False, True, False, True]
    assert (choice.best.epochs, choice.best.learning_rate) == (2, 5e-4)
    assert list(made.folder.iterdir()) == []


def test_where_no_setting_can_be_scored_it_stops(study):
    made, parts = study(targets=["labels"])

    def diverges(job, work, watch):
        raise DivergedError("no numbers")

    made.trainer.train = diverges
    with pytest.raises(DiscretionError, match="no setting that was tried for labels"):
        list(choose(made, parts, GIVEN))


def test_ties_go_to_the_shorter_and_the_smaller_and_unanswered_cases_lose():
    def best(*scores):
        settings = [(1, 1e-4), (1, 1e-3), (2, 1e-4)]
        tried = tuple(
            TriedSetting(*setting, brier, n)
            for setting, (brier, n) in zip(settings, scores, strict=True)
        )
        return ChosenSettings("labels", 0, ("a",), tried).best

    assert best((0.2, 9), (0.2, 9), (0.2, 9)).learning_rate == 1e-4
    assert best((0.2, 9), (0.2, 9), (0.2, 9)).epochs == 1
    assert best((0.1, 8), (0.3, 9), (0.2, 9)).epochs == 2
    assert best((None, 0), (0.0, 9), (0.2, 9)).brier == 0.0


@pytest.mark.parametrize("by", KINDS)
def test_the_inner_fold_lies_within_what_the_outer_leaves_open(by):
    [outer] = tuning.parts_of(plan(by), CASES, GIVEN)
    inner, allowed = inner_fold(plan(by), outer, GIVEN)
    assert inner.by == by
    assert inner.held
    open_ids = {case.id for case in outer.open}
    assert {case.id for case in (*inner.held, *inner.open)} <= open_ids
    assert {one.case for one in allowed} <= open_ids
    if by == "rater":
        assert not {one.rater for one in allowed} & set(outer.groups)
        assert not set(inner.groups) & set(outer.groups)
    else:
        assert not open_ids & {case.id for case in outer.held}


def test_what_is_open_may_be_too_little_to_choose_on():
    few = CASES.only(case for case in CASES if case.domain in ("d0", "d1"))
    [outer] = tuning.parts_of(plan(), few, GIVEN)
    with pytest.raises(DiscretionError) as caught:
        inner_fold(plan(), outer, GIVEN)
    assert str(caught.value) == (
        "settings cannot be tried inside fold 0: all cases are of one domain, so nothing would be "
        "left to teach; say them, with --epochs and --learning-rate, or hold out less"
    )


def test_the_chosen_settings_train_and_stand_in_the_notes(study):
    made, parts = study()
    choices = list(choose(made, parts, GIVEN))
    courses = tuning.prepare(made.plan, parts, GIVEN, made.loaded, made.base)
    planned = tuning.trainings(
        made.plan, courses, made.base, made.recipe, made.loaded.ends, choices
    )
    for one in planned:
        assert (one.job.recipe.epochs, one.job.recipe.learning_rate) == (2, 1e-3)
        assert one.notes["recipe"]["epochs"] == 2
        assert one.notes["chosen"]["inner"] == list(choices[0].inner)
        assert len(one.notes["chosen"]["tried"]) == 4
