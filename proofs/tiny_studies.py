"""What the proofs of power share: a simulated study taught to the built-in model itself.

One fold, one order, one seed: `real-after` against `shuffled-after`, trained and asked by the very
code that does so for real people.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy and torch

import numpy as np

from discretion import methods
from discretion.core.answers import Answer, Failure, combine
from discretion.core.arms import Call
from discretion.core.cases import CaseSet
from discretion.core.judgments import Judgment
from discretion.core.policies import Policy
from discretion.core.prompted import PromptedArm
from discretion.models import load_model
from discretion.models.loading import load
from discretion.models.local import LocalModel
from discretion.stats.rates import Floats, Rates
from discretion.toy.teaching_studies import TeachingStudy
from discretion.training.targets import TARGETS
from discretion.training.trainers import TINY, Job, Recipe, trainer
from discretion.training.training_sets import Fold, TrainingSet, courses
from discretion.tuning.power_sizes import StudySize
from discretion.tuning.power_trials import held_out, lessons_of, people, told_study

ROOT = Path(__file__).parents[1]
TINY_FOLDER = ROOT / "src" / "discretion" / "models" / "tiny"
SIZE = StudySize(judgments=300, domains=7, others=7, folds=1, seeds=1, cases=20, raters=8)
"""Seven of the dialect's domains are taught, and seven held out together."""
QUALITIES = (0.0, 0.25, 0.5, 1.0)
"""Labels are the same at all of these, so a study leaves out what any of them leaves out."""
TAUGHT = ("real-after", "shuffled-after")
RECIPE = Recipe(learning_rate=TINY)


def study_of(seed: tuple[int, int], quality: float) -> tuple[TeachingStudy, list[TrainingSet]]:
    """A study, and what each target teaches in it; everything but explanations is the same at
    every quality."""
    study, told, rng = told_study(SIZE, QUALITIES, seed)
    out = held_out(study, SIZE, 0)
    order = rng.permutation(np.flatnonzero(~out[study.case]))
    items, _ = lessons_of(study, out, told, SIZE.judgments, order, rng)
    cases = [study.pool.cases[at] for at in study.source]
    names = {case.policy for case in cases}
    case_set = CaseSet(
        tuple(cases), {name: Policy(id=name, rule=name, domain=name) for name in names}
    )
    judgments = [
        Judgment(
            id=f"{seed[0]}-{seed[1]}-{number}",
            case=cases[study.case[number]].id,
            panel="simulated",
            answer="grant" if study.granted[number] else "refuse",
            rater=str(study.rater[number]),
            explanation=study.text(told[quality][number]),
            source="simulated",
        )
        for number in items
    ]
    held = tuple(case for case, is_out in zip(cases, out, strict=True) if is_out)
    opened = case_set.only(case for case, is_out in zip(cases, out, strict=True) if not is_out)
    fold = Fold(0, opened, held, tuple(sorted({case.domain for case in held})))
    loaded = load(_base().name, _base().settings)
    made = courses(fold, judgments, [TARGETS[name] for name in TAUGHT], loaded, dialect=True)
    if any(course.taught.left for course in made):
        raise SystemExit(f"study {seed}: a judgment left at this quality alone")
    return study, made


def run(seed: tuple[int, int], quality: float) -> dict[str, Any]:
    """One study as a line of JSON values: what each target answers to the held-out cases."""
    began = time.process_time()
    _, made = study_of(seed, quality)
    answers = {course.target.name: _answers(course) for course in made}
    same = [one.real == one.shuffled for one in made[0].taught.kept]
    return {
        "seed": list(seed),
        "quality": quality,
        "lessons": len(same),
        "same words": sum(same),
        "answers": {name: np.round(p, 6).tolist() for name, p in answers.items()},
        "seconds": round(time.process_time() - began, 1),
    }


def finished(kept: Path, studies: int, first: int, quality: float) -> Iterator[dict[str, Any]]:
    """The lines of so many studies: those that a file keeps, and the others as they are run."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    if kept.exists():
        lines = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
    done = {tuple(line["seed"]): line for line in lines}
    for number in range(studies):
        seed = (first, number)
        if seed not in done:
            done[seed] = run(seed, quality)
            with kept.open("a", encoding="utf-8") as file:
                file.write(json.dumps(done[seed]) + "\n")
            sys.stderr.write(f"study {number + 1} of {studies}, {done[seed]['seconds']} s\n")
        yield done[seed]


async def _asked(arm: PromptedArm, calls: Sequence[Call]) -> Sequence[Answer | Failure]:
    return await arm.ask(calls)


def differences(line: dict[str, Any]) -> list[float]:
    """The mean squared distance of each target's answers to the true rates."""
    _, _, truth = people_of(line)
    return [float(np.mean((np.array(line["answers"][name]) - truth) ** 2)) for name in TAUGHT]


def people_of(line: dict[str, Any]) -> tuple[TeachingStudy, Rates, Floats]:
    """The study of a line again, what people decided on its held-out cases, and the true rates."""
    study, _, _ = told_study(SIZE, QUALITIES, line["seed"])
    held = int(held_out(study, SIZE, 0).sum())
    return study, people(study, held), study.truth[:held]


def _base() -> LocalModel:
    # As in the examples that ship: taught to explain, it puts some probability on other words.
    base = load_model("tiny", {"path": str(TINY_FOLDER), "reads_twin": True, "allow_outside": True})
    assert isinstance(base, LocalModel)
    return base


def _answers(course: TrainingSet) -> Floats:
    """(C,) grant probabilities of the held-out cases after one training."""
    base = _base()
    loaded = load(base.name, base.settings)
    job = Job(course.target.name, base.settings, course.masked, RECIPE, 0, loaded.ends)
    with tempfile.TemporaryDirectory() as work:
        folder = trainer().train(job, Path(work), lambda _: None)
        for name in ("tokenizer.json", "tokenizer_config.json"):
            (folder / name).write_bytes((base.settings.path / name).read_bytes())
        tuned = LocalModel(job.name, base.settings.model_copy(update={"path": folder}))
        arm = PromptedArm(tuned, methods.method("direct"), course.fold.open.policies)
        calls = [call for case in course.fold.held for call in arm.calls(case)]
        replies = asyncio.run(_asked(arm, calls))
    found: dict[str, list[Answer]] = {}
    for reply in replies:
        if not isinstance(reply, Answer):
            raise SystemExit(f"{course.target.name}: {reply.what}")
        found.setdefault(reply.case, []).append(reply)
    return np.array([combine(case.id, found[case.id]).p for case in course.fold.held])
