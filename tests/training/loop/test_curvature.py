"""Curvature while training, on problems whose answer is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.utils.checkpoint import checkpoint

from autosuperconv.core.curve import COLUMNS
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, Trace
from autosuperconv.training.data import load_dataset
from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.engine import Engine
from autosuperconv.training.loop.curvature import (
    GRADIENT,
    PATH,
    CurvatureWatch,
    NoSecondDerivative,
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


class Attention(nn.Module):
    """Fused attention, which has no second derivative."""

    def __init__(self) -> None:
        super().__init__()
        self.e, self.o = nn.Linear(1, 48), nn.Linear(16, 2)

    def forward(self, x: Tensor) -> Tensor:
        heads = self.e(x[:, :, None]).reshape(len(x), 8, 1, 3, 16).permute(3, 0, 2, 1, 4)
        out: Tensor = self.o(nn.functional.scaled_dot_product_attention(*heads).mean((1, 2)))
        return out


class Bag(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.bag, self.o = nn.EmbeddingBag(16, 8), nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.o(self.bag((x * 3 + 8).long().clamp(0, 15)))
        return out


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.o = nn.Linear(8, 16), nn.Linear(16, 2)

    def hidden(self, x: Tensor) -> Tensor:
        return self.a(x).relu()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.o(self.hidden(x))
        return out


class Reentrant(Plain):
    """Its first layer drops out of the curvature, but not of the training."""

    def hidden(self, x: Tensor) -> Tensor:
        out: Tensor = checkpoint(super().hidden, x.clone().requires_grad_(), use_reentrant=True)
        return out


class Once(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        ctx.save_for_backward(x)
        return x.relu()

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        return gradient * (ctx.saved_tensors[0] > 0)


class OnceDifferentiable(Plain):
    def hidden(self, x: Tensor) -> Tensor:
        out: Tensor = Once.apply(self.a(x))
        return out


class WholeBatches(Plain):
    """Curvature takes the first 64 samples of a batch."""

    def forward(self, x: Tensor) -> Tensor:
        assert len(x) > 64 or not self.training, "needs whole batches"
        return super().forward(x)


class LikeTheBatch(Plain):
    """Curvature can be measured, with a buffer of another shape."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("last", torch.zeros(1, 8))

    def forward(self, x: Tensor) -> Tensor:
        self.last = x.detach().clone()
        return super().forward(x)


def watched(net: type[nn.Module]) -> tuple[Trace, Trace]:
    """The same run without and with curvature."""
    x = torch.randn(400, 8, generator=torch.Generator().manual_seed(0))
    data = as_task_data((x, (x[:, 0] > 0).long()))
    trainer = TorchTrainer(data, net, Engine(threads=1))
    job = Job(Recipe(max_lr=0.1, epochs=3.0, batch_size=96), phases=(0.25, 0.5, 0.75, 1.0))
    plain, curved = trainer(job), trainer(replace(job, curvature=True))
    return plain, curved


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
@pytest.mark.parametrize(
    ("net", "why"),
    [
        (Attention, "RuntimeError: derivative for aten::_scaled_dot_product"),
        (Bag, "NotImplementedError: the derivative for '_embedding_bag_backward'"),
        (Reentrant, "it does not reach all weights that are trained."),
        (OnceDifferentiable, "a function of the network can be differentiated only once."),
        (WholeBatches, "AssertionError: needs whole batches."),
    ],
)
def test_a_network_without_a_second_derivative_trains_on_without_that_measurement(
    net: type[nn.Module], why: str
) -> None:
    plain, curved = watched(net)
    measured = ("grad_norm", "path_lr", "gradient_lr")
    assert plain.curve == curved.curve.only([n for n in COLUMNS if n not in measured])
    assert (plain.accuracy, plain.loss, plain.steps) == (curved.accuracy, curved.loss, 8)
    assert curved.curve.gradient_lr == ()
    assert all(curved.curve.path_lr)
    assert plain.notes == ()
    (note,) = curved.notes
    assert note.startswith(f"{GRADIENT} is not measured: ")
    assert why in note


def test_a_buffer_shaped_like_the_batch_does_not_hinder_the_measurement() -> None:
    plain, curved = watched(LikeTheBatch)
    assert plain.curve.train_loss == curved.curve.train_loss
    assert any(curved.curve.gradient_lr)
    assert curved.notes == ()


@pytest.mark.parametrize("net", [Reentrant, OnceDifferentiable])
def test_curvature_of_a_part_of_the_weights_is_never_given_for_that_of_all(
    net: type[Plain],
) -> None:
    x = torch.randn(32, 8)
    with pytest.raises(NoSecondDerivative):
        gradient_curvature_lr(net(), x, (x[:, 0] > 0).long())


def test_a_layer_that_is_not_trained_is_no_part_of_the_curvature() -> None:
    torch.manual_seed(0)
    net, x = Plain(), torch.randn(32, 8)
    y = (x[:, 0] > 0).long()
    nn.functional.cross_entropy(net(x), y).backward()
    alone = gradient_curvature_lr(net, x, y)
    net.unused = nn.Linear(3, 3)
    assert gradient_curvature_lr(net, x, y) == alone is not None


def test_an_error_along_the_path_leaves_out_the_path_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(self: PathCurvature, lr: float) -> None:
        raise MemoryError

    monkeypatch.setattr(PathCurvature, "take", refuse)
    net, x = Plain(), torch.randn(32, 8)
    watch, y = CurvatureWatch(net, 0.0), (x[:, 0] > 0).long()
    nn.functional.cross_entropy(net(x), y).backward()
    watch.take((x, y), 0.1)
    columns = watch.columns(True)
    assert columns["path_lr"] is None
    assert columns["grad_norm"]
    assert columns["gradient_lr"]
    assert watch.notes == (f"{PATH} is not measured: MemoryError.",)
