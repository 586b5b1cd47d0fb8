"""A training that fits its own examples no better than their mean says so."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest

from discretion.models.loading import Settings, load
from discretion.training import fits, fitting
from discretion.training.fits import compare, fit_from_json, fit_to_json, own_fit
from discretion.training.losses import collate
from discretion.training.masking import Masked
from discretion.training.teaching import asked_after

from .jobs_at_hand import job, run
from .templates_at_hand import loaded
from .test_losses import LABELS, masked

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


def test_the_scores_are_those_of_single_judgments():
    p, grants, counts = np.array([0.9, 0.2]), np.array([3.0, 0.0]), np.array([4, 2])
    judgments = np.array([1, 1, 1, 0, 0, 0], dtype=float)
    said = np.repeat(p, counts)
    fit = compare(p, grants, counts)
    assert fit.brier == pytest.approx(((said - judgments) ** 2).mean())
    assert fit.mean == pytest.approx(judgments.var())
    assert fit.noise == pytest.approx((4 * (0.75 * 0.25 * 4 / 3) + 0) / 6)
    assert fit.learned and fit_from_json(fit_to_json(fit)) == fit


def test_what_says_the_mean_or_the_opposite_has_learned_nothing():
    grants, counts = np.array([4.0, 0.0]), np.array([4, 4])
    assert not compare(np.array([0.5, 0.5]), grants, counts).learned
    opposite = compare(np.array([0.1, 0.9]), grants, counts)
    assert not opposite.learned
    assert "it did not learn: on the 8 judgments" in opposite.sentence


@pytest.mark.parametrize("soft", [True, False])
def test_a_folder_is_asked_the_probability_of_granting_after_what_it_was_taught(tmp_path, soft):
    model = loaded(tmp_path, "llama")
    rows = masked(model, LABELS, merged=True, soft=soft)
    fit = own_fit("own", Settings(path=tmp_path), rows)
    p, h, n = [], [], []
    by_prompt = {}
    for row in rows:
        by_prompt.setdefault(row.ids[: row.parts], []).append(row)
    for ids, those in by_prompt.items():
        with torch.inference_mode():
            last = model.model(input_ids=torch.tensor([ids])).logits[0, -1].softmax(-1)
        grant, refuse = (float(last[list(side)].sum()) for side in those[0].answers)
        shares = [
            float(one.ids[one.parts] in one.answers[0]) if one.share is None else one.share
            for one in those
        ]
        weights = [one.weight for one in those]
        p.append(grant / (grant + refuse))
        n.append(sum(weights))
        h.append(np.dot(shares, weights))
    wanted = compare(np.array(p), np.array(h), np.array(n))
    assert fit.judgments == wanted.judgments == sum(row.weight for row in rows)
    assert fit.brier == pytest.approx(wanted.brier, abs=1e-5)
    assert fit.mean == pytest.approx(wanted.mean)


def test_examples_that_do_not_say_what_answers_them_are_not_judged(tmp_path):
    model = loaded(tmp_path, "llama")
    [first, *_] = masked(model, LABELS, merged=True)
    older = replace(first, answers=((), ()), share=None)
    assert own_fit("own", Settings(path=tmp_path), [older]) is None


def test_models_and_optimizers_of_a_training_are_gone_when_it_ends(bases, tmp_path, monkeypatch):
    alive = []

    def seen(name, settings):
        made = load(name, settings)
        alive.append(weakref.ref(made.model))
        return made

    monkeypatch.setattr(fitting, "load", seen)
    gc.collect()
    gc.disable()
    try:
        for number, lora in enumerate((False, True, False)):
            if lora:
                pytest.importorskip("peft")
            run(job(bases["llama"], "labels", epochs=1, lora=lora), tmp_path / str(number))
            assert [one() for one in alive] == [None] * (number + 1)
    finally:
        gc.enable()


def test_a_tuned_model_is_gone_once_it_was_asked_what_it_was_taught(bases, tmp_path, monkeypatch):
    pytest.importorskip("peft")
    alive = []

    def seen(name, settings):
        made = load(name, settings)
        alive.extend([weakref.ref(made.model), weakref.ref(made.base.model)])
        return made

    made = job(bases["llama"], "labels", epochs=1, lora=True)
    result = run(made, tmp_path / "work")
    monkeypatch.setattr(fits, "load", seen)
    gc.collect()
    gc.disable()
    try:
        rows = masked(loaded(tmp_path / "other", "llama"), LABELS, merged=True)
        assert own_fit("own", asked_after(bases["llama"], result), rows) is not None
        assert [one() for one in alive] == [None, None]
    finally:
        gc.enable()


def test_a_batch_without_shares_is_what_it_was():
    plain = collate([Masked("a", (1, 2, 3), (1, 3))], "example", 0)
    assert set(plain) == {"input_ids", "attention_mask", "weights", "shares"}
