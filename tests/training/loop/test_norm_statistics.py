"""Running statistics count every value that a layer meets, whichever way the network uses it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from autosuperconv.training.engine import Engine
from autosuperconv.training.loop.evaluation import recalibrate
from autosuperconv.training.loop.norm_statistics import Statistics, averaged, pooled


class Uses(nn.Module):
    """Hands its batch norm and the number of the pass to a function."""

    def __init__(self, use: Callable[[nn.BatchNorm1d, Tensor, int], object], **norm: float) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(1, **norm)  # type: ignore[arg-type]
        self.use, self.passes = use, 0

    def forward(self, x: Tensor) -> Tensor:
        self.passes += 1
        self.use(self.norm, x, self.passes)
        return x


def around_zero(n: int = 400) -> Tensor:
    """(n, 1) with mean 0 and variance about 0.0001 in each quarter."""
    return torch.tensor([0.01, -0.01]).repeat(n // 2)[:, None]


def measured(model: Uses, batches: int) -> tuple[float, float]:
    """Mean and variance after a recalibration."""
    recalibrate(model, [(x, x) for x in around_zero().chunk(batches)], Engine())
    assert model.norm.running_mean is not None
    assert model.norm.running_var is not None
    return model.norm.running_mean.item(), model.norm.running_var.item()


def shifted(*shifts: float) -> Callable[[nn.BatchNorm1d, Tensor, int], object]:
    return lambda norm, x, _: [norm(x + shift) for shift in shifts]


@pytest.mark.parametrize("batches", [1, 4])
def test_a_layer_used_twice_has_the_statistics_of_both_uses(batches: int) -> None:
    # between .3 and -.84: mean -.27, variance .57^2 = .3249, and .0001 within each
    mean, var = measured(Uses(shifted(0.3, -0.84)), batches)
    assert mean == pytest.approx(-0.27, abs=1e-6)
    assert var == pytest.approx(0.325, rel=0.01)


@pytest.mark.parametrize("batches", [1, 4])
def test_three_uses_count_alike(batches: int) -> None:
    assert measured(Uses(shifted(0.3, -0.84, 2.0)), batches)[0] == pytest.approx(1.46 / 3)


def test_uses_on_a_quarter_and_three_quarters_of_a_batch_count_by_their_samples() -> None:
    def use(norm: nn.BatchNorm1d, x: Tensor, _: int) -> None:
        norm(x[: len(x) // 4] + 1)
        norm(x[len(x) // 4 :])

    mean, var = measured(Uses(use), 4)
    assert mean == pytest.approx(0.25, abs=1e-6)
    assert var == pytest.approx(0.25 * 0.75, rel=0.02)


@pytest.mark.parametrize("used_in", [1, 4])
def test_a_layer_used_in_one_batch_alone_has_the_statistics_of_that_batch(used_in: int) -> None:
    model = Uses(lambda norm, x, n: norm(x + 1) if n == used_in else None)
    assert measured(model, 4) == pytest.approx((1.0, 1e-4), rel=0.02)


def test_a_layer_that_is_not_used_keeps_its_statistics() -> None:
    model = Uses(lambda norm, x, _: None)
    assert model.norm.running_mean is not None
    model.norm.running_mean.fill_(7.0)
    assert measured(model, 4) == (7.0, 1.0)


def test_a_cumulative_average_counts_both_uses_too() -> None:
    model = Uses(shifted(1.0, 3.0), momentum=None)  # type: ignore[arg-type]
    assert measured(model, 4)[0] == pytest.approx(2.0)
    assert model.norm.momentum is None
    assert model.norm.num_batches_tracked is not None
    assert model.norm.num_batches_tracked.item() == 0


def test_a_layer_whose_statistics_are_used_by_hand_is_measured_too() -> None:
    def by_hand(norm: nn.BatchNorm1d, x: Tensor, _: int) -> Tensor:
        mean, var, momentum = norm.running_mean, norm.running_var, norm.momentum or 0.0
        return functional.batch_norm(x + 2, mean, var, training=norm.training, momentum=momentum)

    assert measured(Uses(by_hand), 4)[0] == pytest.approx(2.0)


def test_an_error_on_the_way_leaves_statistics_and_momentum_as_they_were() -> None:
    def fail(norm: nn.BatchNorm1d, x: Tensor, n: int) -> None:
        norm(x + 5)
        if n == 2:
            raise ValueError("stop")

    model = Uses(fail)
    with pytest.raises(ValueError, match="stop"):
        measured(model, 4)
    assert model.norm.running_mean is not None
    assert (model.norm.running_mean.item(), model.norm.momentum) == (0.0, 0.1)
    assert not model.norm._forward_hooks


def test_instance_norm_is_measured_as_it_trains_itself() -> None:
    # per sample: mean 5 and 7, variance of (-1, 1) and (-3, 3): 2 and 18; the mean of each
    norm = nn.InstanceNorm1d(1, track_running_stats=True)
    x = torch.tensor([[[4.0, 6.0]], [[4.0, 10.0]]])
    recalibrate(norm, [(x, x)], Engine())
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.running_mean.item() == pytest.approx(6.0)
    assert norm.running_var.item() == pytest.approx(10.0)


def test_one_use_of_equal_batches_is_the_plain_average_of_their_statistics() -> None:
    x = torch.randn(400, 1, generator=torch.Generator().manual_seed(0))
    model = Uses(shifted(0.0))
    recalibrate(model, [(part, part) for part in x.chunk(4)], Engine())
    parts = x.chunk(4)
    assert model.norm.running_var is not None
    expected = sum(part.var().item() for part in parts) / 4
    assert model.norm.running_var.item() == pytest.approx(expected, abs=1e-6)


def test_pooling_is_the_statistics_of_all_values_and_averaging_the_mean_of_both() -> None:
    a, b = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([5.0, 9.0])
    parts = [Statistics(len(p), p.mean()[None], p.var()[None]) for p in (a, b)]
    both = pooled(parts)
    assert (both.mean.item(), both.var.item()) == pytest.approx((4.0, 10.0))
    # mean (3 * 2 + 2 * 7) / 5; variance (3 * 1 + 2 * 8) / 5
    assert (averaged(parts).mean.item(), averaged(parts).var.item()) == pytest.approx((4.0, 3.8))
