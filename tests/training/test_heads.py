"""A head is a logistic regression on people's shares; what is held out never reaches it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from discretion import tuning
from discretion.core.arms import CallFailed
from discretion.core.holdouts import group_of, history_of
from discretion.core.tuning_plans import TuningPlan
from discretion.coroutines import run_sync
from discretion.errors import DiscretionError
from discretion.models.folder import NOTES
from discretion.models.heads import HeadModel, Words, load_head, random_features
from discretion.models.loading import load
from discretion.models.local import LocalModel
from discretion.models.states import Place
from discretion.training.head_tasks import head_task, shuffled
from discretion.training.heads import HeadTrainer, choose, logistic
from discretion.training.jobs import Job
from discretion.training.targets import HEADS
from discretion.training.teaching import teach
from discretion.training.trainers import Recipe, Trainer
from tuning.judged_study import KINDS, case_set, judgments, marked, turned

from .templates_at_hand import save

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    settings = save(tmp_path_factory.mktemp("base"), "llama", num_hidden_layers=4)
    return settings, load("own", settings)


def judged():
    """Everybody judges every case, and cases differ in how many grant."""
    cases = case_set()
    place = {case.id: at for at, case in enumerate(cases)}
    given = [
        replace(one, answer="grant" if place[one.case] % 4 > int(one.rater[-1]) % 4 else "refuse")
        for one in judgments(cases)
    ]
    return cases, given


def courses_of(base, by, cases, given, names=("head",)):
    plan = TuningPlan.model_validate(
        {"model": "own", "method": "plain", "targets": names, "hold_out": {"by": by}, "seeds": 1}
    ).named(cases, history_of(given))
    parts = tuning.parts_of(plan, cases, given)
    return tuning.prepare(plan, parts, given, base[1], base[0], "cue-word")


def job_of(base, by="scenario", cases=None, given=None, name="head", seed=0):
    known = judged()
    cases, given = cases or known[0], given or known[1]
    [course] = courses_of(base, by, cases, given, (name,))
    task = head_task(course, "own", "plain", 5, seed, given)
    return Job(f"own-{name}-{seed}", base[0], course.masked, Recipe(), seed, (1,), task), course


def fit(job, folder):
    folder.mkdir(parents=True, exist_ok=True)
    return HeadTrainer(folder / "states.db").train(job, folder, lambda _: None)


def test_shares_with_weights_are_what_single_judgments_would_teach():
    rng = np.random.default_rng(0)
    x, counts = rng.standard_normal((30, 5)), rng.integers(1, 9, 30)
    grants = rng.binomial(counts, 0.6)
    weights, intercept = logistic(x, grants, counts, 0.1)
    single = [(row, 1) for row in range(30) for _ in range(grants[row])]
    single += [(row, 0) for row in range(30) for _ in range(counts[row] - grants[row])]
    rows, answers = np.array(single).T
    plain = LogisticRegression(C=0.1 / counts.mean(), tol=1e-8, max_iter=1000)
    plain.fit(x[rows], answers)
    np.testing.assert_allclose(weights, plain.coef_[0], atol=2e-3)
    assert intercept == pytest.approx(plain.intercept_[0], abs=2e-3)


@pytest.mark.parametrize("answer", [0, 1])
def test_people_who_all_decided_alike_teach_one_rate(answer):
    counts = np.array([3, 4])
    weights, intercept = logistic(np.eye(2), answer * counts, counts, 1.0)
    assert not weights.any()
    assert intercept == pytest.approx((2 * answer - 1) * np.log(7.5 / 0.5))


@pytest.mark.parametrize("by", KINDS)
def test_inner_folds_hold_out_groups_as_the_outer_does(base, by):
    job, course = job_of(base, by)
    task = job.head
    assert len(task.inner) > (0 if by == "time" else 1)
    of_prompt: dict[Any, Any] = {one.prompt: one.item.case for one in course.examples}
    cases = [of_prompt[prompt] for prompt in task.prompts]
    assert sum(task.counts) == len(course.taught.kept)
    assert sum(task.grants) == course.taught.grants
    expected = {"rater": "case", "time": "time"}.get(by, by)
    assert task.by == expected
    if expected == "time":
        return
    for out in task.inner:
        sides = [
            {group_of(case, expected) for at, case in enumerate(cases) if (at in out) == held}
            for held in (True, False)
        ]
        assert sides[0] and sides[1] and not sides[0] & sides[1]
    assert sorted(at for out in task.inner for at in out) == list(range(len(cases)))


def test_where_one_group_is_left_inner_folds_hold_out_the_next_smaller(base):
    cases, given = judged()
    few = cases.only(case for case in cases if case.domain in ("d0", "d1"))
    job, course = job_of(base, "domain", few, given)
    assert len({one.item.case.domain for one in course.examples}) == 1
    assert job.head.by == "scenario" and len(job.head.inner) == 2


@dataclass
class Known:
    """Features of which only the last place says what people decide."""

    x: dict[Any, np.ndarray]

    @property
    def places(self):
        return list(self.x)

    def at(self, place, kept):
        return self.x[place], None


def test_the_place_that_tells_what_people_decide_is_chosen(base):
    task = job_of(base)[0].head
    rng = np.random.default_rng(1)
    h = np.array(task.grants) / np.array(task.counts)
    noise = rng.standard_normal((len(h), 6))
    x = {Place(layer, "last"): noise + rng.standard_normal(noise.shape) for layer in (1, 2, 3)}
    x[Place(2, "mean")] = np.column_stack([noise, 3 * h])
    place, _, tried = choose(Known(x), task)
    assert place == Place(2, "mean")
    assert tried.brier < 0.8 * tried.mean


def test_without_anything_to_choose_on_a_head_has_the_usual_setting(base):
    task = replace(job_of(base)[0].head, inner=())
    x = {Place(layer, "last"): np.zeros((len(task.counts), 2)) for layer in (1, 2, 3)}
    assert choose(Known(x), task) == (Place(2, "last"), 1e-2, None)


@pytest.mark.parametrize("by", KINDS)
@pytest.mark.parametrize("name", ["head", "words-head"])
def test_what_is_held_out_changes_nothing_of_a_head(base, tmp_path, by, name):
    cases, given = judged()
    job, course = job_of(base, by, cases, given, name)
    fold = course.fold
    held = {case.id for case in fold.held}
    taught = {item.judgment for item in course.taught.kept}
    secret = turned(given, lambda one: one.id not in taught)
    hidden = marked(cases, set() if by == "rater" else held)
    other, _ = job_of(base, by, hidden, secret, name)
    one, two = fit(job, tmp_path / "one"), fit(other, tmp_path / "two")
    for file in ("head.safetensors", "head.json"):
        assert (one / file).read_bytes() == (two / file).read_bytes()


def test_shuffling_moves_judgments_among_prompts_and_loses_none(base):
    task = job_of(base)[0].head
    moved = shuffled(task, 0)
    pairs = [sorted(zip(each.grants, each.counts, strict=True)) for each in (task, moved)]
    assert pairs[0] == pairs[1] and moved.prompts == task.prompts
    assert moved.grants != task.grants and shuffled(task, 1).grants != moved.grants


@pytest.mark.parametrize("name", sorted(HEADS))
def test_a_head_is_a_small_folder_that_answers_as_it_was_fitted(base, tmp_path, name):
    settings, _ = base
    job, _ = job_of(base, name=name)
    trainer = HeadTrainer(tmp_path / "states.db")
    assert isinstance(trainer, Trainer)
    notes = {"base": {"model": "own"}, "seen": []}
    place = teach(job, trainer, tmp_path / "models", notes, "# Card\n")
    files = {file.name: file.stat().st_size for file in place.iterdir()}
    assert set(files) == {"head.json", "head.safetensors", NOTES, "README.md"}
    assert sum(files.values()) < 20_000
    model = HeadModel(f"tuned:{job.name}", place, LocalModel("own", settings))
    prompts = job.head.prompts
    replies = run_sync(model.score(prompts))
    p = np.array([np.exp(one.log_grant) for one in replies])
    refuse = np.array([np.exp(one.log_refuse) for one in replies])
    np.testing.assert_allclose(p + refuse, 1)
    assert all(one.outside is None for one in replies)
    h, n = np.array(job.head.grants) / np.array(job.head.counts), np.array(job.head.counts)
    if name == "head":
        brier = float(np.average((p - h) ** 2 + h * (1 - h), weights=n))
        assert trainer.fits[job.name].brier == pytest.approx(brier, abs=1e-6)
        assert trainer.fits[job.name].learned
    again = HeadModel("other name", place, LocalModel("own", settings))
    assert again.fingerprint == model.fingerprint
    alone = run_sync(again.score(prompts[3:4]))[0]
    assert alone.log_grant == pytest.approx(replies[3].log_grant, abs=1e-4)


def test_a_head_writes_nothing(base, tmp_path):
    job, _ = job_of(base)
    model = HeadModel("head", fit(job, tmp_path), LocalModel("own", base[0]))
    [reply] = run_sync(model.generate(job.head.prompts[:1], None, [0]))
    assert isinstance(reply, CallFailed) and "only decides" in reply.what


def test_a_head_for_another_base_is_refused(base, tmp_path):
    job, _ = job_of(base)
    place = fit(job, tmp_path / "head")
    other = save(tmp_path / "other", "llama", num_hidden_layers=4, initializer_range=0.1)
    for wrong in (other, base[0].model_copy(update={"dtype": "bfloat16"})):
        with pytest.raises(DiscretionError, match="a head for another base") as error:
            HeadModel("head", place, LocalModel("own", wrong))
        assert "train the head again" in error.value.fix


@pytest.mark.parametrize("broken", ["facts", "version", "weights", "shape", "number"])
def test_a_broken_head_is_refused_and_not_guessed(base, tmp_path, broken):
    from safetensors.numpy import load_file, save_file

    job, _ = job_of(base)
    place = fit(job, tmp_path)
    facts, weights = place / "head.json", place / "head.safetensors"
    tensors = load_file(weights)
    if broken == "facts":
        facts.write_text("{", encoding="utf-8")
    elif broken == "version":
        said = json.loads(facts.read_text(encoding="utf-8")) | {"version": 2}
        facts.write_text(json.dumps(said), encoding="utf-8")
    elif broken == "weights":
        weights.write_bytes(weights.read_bytes()[:-4])
    elif broken == "shape":
        save_file(tensors | {"center": tensors["center"][:-1]}, weights)
    else:
        save_file(tensors | {"weights": tensors["weights"] * np.float32("nan")}, weights)
    with pytest.raises(DiscretionError, match=r"cannot be read|incomplete or broken"):
        load_head(place)


def test_words_count_by_how_rare_they_are_and_not_by_how_long_a_prompt_is():
    words = Words.of_taught([[1, 2, 3], [1, 2], [1, 4]])
    assert words.tokens.tolist() == [2]
    words = Words.of_taught([[1, 2, 3], [1, 2, 3], [1, 3], [1, 2]])
    assert words.tokens.tolist() == [2, 3]
    found = words.features([[2, 3], [2, 2, 3, 3, 9], [9]]).toarray()
    np.testing.assert_allclose(found[0], found[1])
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), [1, 1, 0])


def test_random_features_are_the_prompts_own():
    one, other, again = random_features([[1, 2], [1, 3], [1, 2]], 50)
    np.testing.assert_array_equal(one, again)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.5
