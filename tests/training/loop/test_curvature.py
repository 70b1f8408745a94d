"""Curvature while training, on problems whose answer is known."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from autosuperconv.core.curve import COLUMNS
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job
from autosuperconv.training.data import load_dataset
from autosuperconv.training.engine import Engine
from autosuperconv.training.loop.curvature import (
    PathCurvature,
    curvature_of,
    gradient_curvature_lr,
)
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.models import model_factory


class Parabola(nn.Module):
    """f(w) = 1/2 sum h w^2: its curvature is h everywhere."""

    def __init__(self, h: tuple[float, ...], w: tuple[float, ...]) -> None:
        super().__init__()
        self.h = torch.tensor(h, dtype=torch.float64)
        self.w = nn.Parameter(torch.tensor(w, dtype=torch.float64))

    def forward(self) -> torch.Tensor:
        return 0.5 * (self.h * self.w**2).sum()


def test_along_the_path_of_plain_descent_the_estimate_is_one_over_the_curvature() -> None:
    model = Parabola((4.0,), (1.0,))
    path, estimates = PathCurvature(model), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(4):
        optimizer.zero_grad()
        model().backward()
        optimizer.step()
        estimates.append(path.take(0.1))
    assert estimates[0] is None  # three weight vectors are needed
    assert estimates[1:] == pytest.approx([0.25, 0.25, 0.25])


def test_the_moving_average_starts_at_a_tenth_and_takes_a_tenth_of_each_estimate() -> None:
    model = Parabola((4.0,), (1.0,))
    path = PathCurvature(model)
    for w in (0.6, 0.36):  # steps of plain descent with rate 0.1
        with torch.no_grad():
            model.w.fill_(w)
        path.take(0.1)
    assert path.average == pytest.approx(0.1 * 0.25 + 0.9 * 0.1)


def test_along_the_gradient_a_quadratic_gives_the_rayleigh_quotient() -> None:
    # g = (1*1, 3*2) = (1, 6); g'g = 37; g'Hg = 1*1 + 3*36 = 109
    model = Parabola((1.0, 3.0), (1.0, 2.0))
    assert curvature_of(model(), [model.w]) == pytest.approx(37 / 109)


def test_a_linear_loss_has_no_rate_to_suggest() -> None:
    w = torch.ones(3, requires_grad=True)
    assert curvature_of((2 * w).sum(), [w]) is None


def test_a_loss_that_curves_downwards_has_no_rate_to_suggest() -> None:
    w = torch.ones(3, requires_grad=True)
    assert curvature_of(-(w**2).sum(), [w]) is None


def test_logistic_regression_agrees_with_its_hessian_written_out() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(20, 3), torch.randint(0, 2, (20,))
    model = nn.Linear(3, 2)

    def loss_at(flat: torch.Tensor) -> torch.Tensor:
        scores = x @ flat[:6].view(2, 3).T + flat[6:]
        return nn.functional.cross_entropy(scores, y)

    flat = torch.cat([model.weight.reshape(-1), model.bias]).detach()
    hessian = torch.autograd.functional.hessian(loss_at, flat)
    g = torch.autograd.functional.jacobian(loss_at, flat)
    expected = (g @ g / (g @ hessian @ g)).item()
    assert gradient_curvature_lr(model, x, y) == pytest.approx(expected, rel=1e-4)


def test_measuring_changes_neither_buffers_nor_random_state_nor_gradients() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3))
    buffers = [b.clone() for b in model.buffers()]
    state = torch.get_rng_state()
    gradient_curvature_lr(
        model, torch.randn(16, 4, generator=torch.Generator()), torch.arange(16) % 3
    )
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(a, b) for a, b in zip(buffers, model.buffers(), strict=True))
    assert all(w.grad is None for w in model.parameters())


def test_a_run_that_measures_curvature_is_bitwise_the_run_that_does_not() -> None:
    data = load_dataset("digits", Path("data"), n_train=200)
    trainer = TorchTrainer(data, model_factory("resnet8", data.shape, data.classes), Engine())
    recipe = Recipe(max_lr=0.5, epochs=2, batch_size=32, dropout=0.3)
    plain = trainer(Job(recipe, phases=(0.5, 1.0)))
    watched = trainer(Job(recipe, phases=(0.5, 1.0), curvature=True))
    measured = ("grad_norm", "path_lr", "gradient_lr")
    assert plain.curve == watched.curve.only([n for n in COLUMNS if n not in measured])
    assert all(watched.curve.path_lr)
    assert all(watched.curve.grad_norm)
    assert any(watched.curve.gradient_lr)
