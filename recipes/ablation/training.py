"""One cell: the project's own examples, loss and trainer, and what the model answers afterwards."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import discretion
from discretion.core.arms import Method, Scored
from discretion.core.cases import CaseSet
from discretion.core.judgments import Judgment
from discretion.models.catalog import fetched
from discretion.models.loading import Loaded, Settings
from discretion.models.local import LocalModel
from discretion.storage import records
from discretion.training.examples import Framing, examples, training_items
from discretion.training.fitting import fit
from discretion.training.jobs import Job
from discretion.training.masking import Masked, answers_are_tokens, mask
from discretion.training.recipes import Recipe
from discretion.training.sft import weighted_trainer
from discretion.training.targets import LABELS
from discretion.training.teaching import asked_after, complete
from discretion.training.training_sets import Fold

from .cells import Cell
from .prompts import asking


def trained(cell: Cell, workspace: Path, model: str, work: Path) -> dict[str, Any]:
    """What came of a cell: on held-out cases, beside the mean of what was taught."""
    begun = time.process_time()
    desk = discretion.open(workspace)
    fold = _fold(desk.cases, cell.held_out)
    base = Settings(path=fetched(desk.folder)[model], form=cell.form, dtype=cell.dtype)
    untaught = LocalModel(model, base)
    rng = np.random.default_rng(cell.draw)
    judgments = _chosen(cell, fold, list(records.judgments(desk.store)), rng)
    method = asking(cell)
    masked = _masked(cell, fold, judgments, method, untaught.loaded)
    if cell.shuffled:
        order = rng.permutation(len(masked))
        masked = [
            replace(one, share=masked[at].share) for one, at in zip(masked, order, strict=True)
        ]
    result, steps = base.path, 0
    if cell.passes:
        recipe = Recipe(
            epochs=cell.epochs,
            learning_rate=cell.rate,
            batch=10,
            at_once=10,
            lora=cell.lora,
            outside=cell.outside,
            more={"weight_decay": 0.01, "bf16": cell.autocast},
        )
        job = Job("ablation", base, masked, recipe, cell.draw, untaught.loaded.ends)
        result, steps = fit("sft", job, work, _making(cell, job, work)), job.steps
        complete(result, base.path)
    answering = LocalModel("taught", asked_after(base, result))
    held = compared(cell, fold, method, answering, list(records.judgments(desk.store)))
    weights = [one.weight for one in masked]
    taught = float(np.average([share_of(one) for one in masked], weights=weights))
    return {
        **asdict(cell),
        "judgments": sum(one.weight for one in masked),
        "examples": len(masked),
        "steps": steps,
        "tokens": cell.epochs * sum(len(one.ids) for one in masked) if steps else 0,
        "cpu_seconds": round(time.process_time() - begun, 1),
        **held.figures(taught),
    }


def _fold(case_set: CaseSet, held_out: Sequence[str]) -> Fold:
    """By domain alone. A workspace's own folds also keep near-duplicates together: the vignettes of
    two properties are one text but for the property, and would all be held out."""
    held = tuple(case for case in case_set if case.domain in held_out)
    left = case_set.only(case for case in case_set if case.domain not in held_out)
    return Fold(0, left, held, tuple(held_out), "domain")


def _chosen(
    cell: Cell, fold: Fold, judgments: Sequence[Judgment], rng: np.random.Generator
) -> list[Judgment]:
    """As many texts, and judgments of each, as the cell teaches."""
    of_case: dict[str, list[Judgment]] = defaultdict(list)
    cases = {case.id for case in fold.open}
    for one in sorted(judgments, key=lambda one: one.id):
        if one.answer != "unsure" and one.case in cases:
            of_case[one.case].append(one)
    names = sorted(of_case)
    texts = [names[row] for row in rng.permutation(len(names))[: cell.texts]]
    kept = []
    for name in texts:
        order = rng.permutation(len(of_case[name]))
        kept += [of_case[name][row] for row in order[: cell.each]]
    return kept


def _masked(
    cell: Cell, fold: Fold, judgments: Sequence[Judgment], method: Method, loaded: Loaded
) -> list[Masked]:
    rng = np.random.default_rng(0)
    taught = training_items(
        fold.open, judgments, rng, explained=False, template=loaded.template
    ).kept
    case_set, words = fold.open, cell.form.endswith("word")
    framing = Framing(method, method, form=cell.form)
    plain = examples(taught, LABELS, case_set, framing)
    # As `tune` does: where answers are one token each, judgments of a prompt are one share.
    soft = words and all(answers_are_tokens(one.prompt, loaded.template) for one in plain)
    shown = examples(taught, LABELS, case_set, framing, soft=soft, beside=(LABELS,))
    return [mask(one, loaded.template) for one in shown]


def share_of(one: Masked) -> float:
    """The share of an example's judgments that grant."""
    return float(one.ids[one.parts] in one.answers[0]) if one.share is None else one.share


def _making(cell: Cell, job: Job, work: Path) -> Any:
    def make(loaded: Loaded, model: Any) -> Any:
        if cell.layers is not None:
            layers = len(model.model.layers)
            for name, weight in model.named_parameters():
                at = name.split("layers.")[-1].split(".")[0]
                weight.requires_grad = at.isdigit() and int(at) >= layers - cell.layers
        return weighted_trainer(job, model, work, lambda progress: None)

    return make


@dataclass(frozen=True)
class Compared:
    """A model's answers beside the people's, C held-out cases."""

    p: np.ndarray
    """(C,) of granting, among the two answers."""
    h: np.ndarray
    """(C,) the share of people who grant."""
    n: np.ndarray
    """(C,) people."""
    domain: np.ndarray
    """(C,)"""
    outside: float
    """Mean probability on neither answer."""

    def figures(self, taught: float) -> dict[str, Any]:
        within = {
            str(name): round(float(np.corrcoef(self.p[rows], self.h[rows])[0, 1]), 2)
            for name in np.unique(self.domain)
            if (rows := self.domain == name).any()
        }
        return {
            "gap": round(self.gap(self.p), 3),
            "gap_of_mean": round(self.gap(np.full(len(self.h), taught)), 3),
            "signed": round(float(np.mean(self.p - self.h)), 3),
            "within": within,
            "elsewhere": round(self.outside, 3),
            "cases": len(self.h),
        }

    def gap(self, p: np.ndarray) -> float:
        """The noise-corrected gap, its sign kept."""
        noise = self.h * (1 - self.h) / (self.n - 1)
        square = float(np.mean((p - self.h) ** 2 - noise))
        return float(np.sign(square) * abs(square) ** 0.5)


def compared(
    cell: Cell, fold: Fold, method: Method, model: LocalModel, judgments: Sequence[Judgment]
) -> Compared:
    """The model on every held-out case, asked once, in the order of answers that its hash draws."""
    case_set = CaseSet(fold.held, fold.open.policies, fold.open.scenarios)
    rng = np.random.default_rng(0)
    asked = training_items(
        case_set, judgments, rng, explained=False, template=model.loaded.template
    )
    # As training asks: the same rotation of wordings, vocabularies and orders of the answers.
    framing = Framing(method, method, form=cell.form)
    shown = examples(asked.kept, LABELS, case_set, framing, beside=(LABELS,))
    prompts = {one.item.case.id: one.prompt for one in shown}
    answers: dict[str, list[bool]] = defaultdict(list)
    for item in asked.kept:
        answers[item.case.id].append(item.granted)
    held = [case for case in fold.held if len(answers[case.id]) > 1]
    replies = asyncio.run(model.score([prompts[case.id] for case in held]))
    scored = [one for one in replies if isinstance(one, Scored)]
    p = np.array([1 / (1 + np.exp(one.log_refuse - one.log_grant)) for one in scored])
    h = np.array([np.mean(answers[case.id]) for case in held])
    n = np.array([len(answers[case.id]) for case in held])
    outside = float(np.mean([one.outside for one in scored]))
    return Compared(p, h, n, np.array([case.domain for case in held]), outside)
