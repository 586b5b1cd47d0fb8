"""What is done to a model before it is fitted."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from discretion.training.fitting import off_the_grid  # noqa: E402


def coarse(rows: int = 200) -> torch.nn.Linear:
    """Weights that lie on values of bfloat16, as most models are stored."""
    torch.manual_seed(20)  # not a seed below: weights and moves would be the same numbers
    model = torch.nn.Linear(rows, rows, bias=False)
    with torch.no_grad():
        model.weight.copy_(model.weight.bfloat16().float())
        model.weight[0] = 0
    return model


def seen(model: torch.nn.Linear, step: float) -> float:
    """How much of a small relative step of all weights a forward in bfloat16 sees."""
    weight = model.weight.detach()
    before, after = weight.bfloat16().float(), (weight * (1 + step)).bfloat16().float()
    moved = (after - before) * before.sign()
    return float(moved.sum() / (before * step).abs().sum())


def test_a_forward_in_bfloat16_sees_a_small_step_only_of_weights_off_its_grid() -> None:
    model, step = coarse(), 2.0**-11  # an eighth to a quarter of the spacing
    stored = model.weight.detach().clone()
    assert seen(model, step) == 0
    off_the_grid(model, seed=0)
    assert seen(model, step) == pytest.approx(1, abs=0.1)
    # What it starts from is what was stored: less than half of the spacing away.
    assert ((model.weight - stored).abs() <= stored.abs() * 2**-8).all()
    assert float((model.weight - stored).detach().mean().abs()) < 1e-6


def test_other_weights_stay_as_they_are_and_a_seed_draws_the_same() -> None:
    fine = torch.nn.Linear(20, 20, bias=False)
    stored = fine.weight.detach().clone()
    off_the_grid(fine, seed=0)
    assert torch.equal(fine.weight, stored)
    one, two, other = coarse(20), coarse(20), coarse(20)
    for model, seed in ((one, 0), (two, 0), (other, 1)):
        off_the_grid(model, seed)
    assert torch.equal(one.weight, two.weight)
    assert not torch.equal(one.weight, other.weight)
