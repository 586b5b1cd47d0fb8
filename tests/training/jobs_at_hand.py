"""Small jobs for the built-in trainer, and how their weights are compared."""

from __future__ import annotations

import numpy as np

from discretion import methods
from discretion.models.adapters import merge_into
from discretion.models.folder import is_adapter
from discretion.models.loading import load
from discretion.training.examples import Framing, examples, training_items
from discretion.training.masking import mask
from discretion.training.targets import TARGETS
from discretion.training.trainers import Job, Recipe, trainer

from .lessons_at_hand import case_set, judgments


def masked(base, name="real-after", count=10):
    cases = case_set()
    kept = training_items(cases, judgments(cases), np.random.default_rng(0)).kept[:count]
    direct, reasoned = methods.method("direct"), methods.method("chain-of-thought")
    template = load("small", base).template
    return [
        mask(e, template) for e in examples(kept, TARGETS[name], cases, Framing(direct, reasoned))
    ]


def job(base, name="real-after", *, seed=1, count=10, **recipe):
    usual = {"epochs": 2, "learning_rate": 1e-3, "batch": 4, "at_once": 4}
    made = Recipe(**{**usual, **recipe})
    return Job("small", base, masked(base, name, count), made, seed, load("small", base).ends)


def run(one, work, watch=lambda _: None, by="sft"):
    work.mkdir(exist_ok=True)
    return trainer(by).train(one, work, watch)


def weights(folder):
    """All numbers of a folder: of a whole model, or of an adapter."""
    from safetensors.torch import load_file

    [file] = folder.glob("*.safetensors")
    return load_file(file)


def whole(result, base):
    """Those of a whole model, as an adapter makes it of its base."""
    if not is_adapter(result):
        return weights(result)
    model = load("small", base).model
    merge_into(model, result)
    return dict(model.state_dict())


def same(one, other):
    ours, theirs = weights(one), weights(other)
    return ours.keys() == theirs.keys() and all(bool((ours[k] == theirs[k]).all()) for k in ours)
