"""Every schedule that torch also has, against torch, at every step of a run."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch.optim import SGD, Optimizer
from torch.optim import lr_scheduler as torch_lr

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule import LrMomentum, tabulate

STEPS = 241
MAX_LR = 3.0
Scheduler = Callable[[Optimizer], torch_lr.LRScheduler]


def torch_table(scheduler: Scheduler, steps: int, lr: float = MAX_LR) -> list[LrMomentum]:
    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = SGD([weight], lr=lr, momentum=0.95)
    running = scheduler(optimizer)
    group = optimizer.param_groups[0]
    table = [LrMomentum(float(group["lr"]), float(group["momentum"]))]
    for _ in range(steps - 1):
        optimizer.step()
        running.step()
        table.append(LrMomentum(float(group["lr"]), float(group["momentum"])))
    return table


def assert_same(recipe: Recipe, scheduler: Scheduler, steps: int = STEPS) -> None:
    ours, theirs = tabulate(recipe, steps), torch_table(scheduler, steps)
    assert [r.lr for r in ours] == pytest.approx([r.lr for r in theirs], rel=1e-9, abs=1e-12)
    assert [r.momentum for r in ours] == pytest.approx([r.momentum for r in theirs], rel=1e-12)


@pytest.mark.parametrize("steps", [1, 2, 3, 10, STEPS, 1000])
@pytest.mark.parametrize("pct_start", [0.0, 0.05, 0.3, 0.45])
@pytest.mark.parametrize(
    ("name", "three_phase", "anneal"),
    [
        ("onecycle_torch", False, "cos"),
        ("onecycle_torch_linear", False, "linear"),
        ("onecycle_torch_three_phase", True, "cos"),
        ("onecycle_torch_three_phase_linear", True, "linear"),
    ],
)
def test_onecycle_torch_is_torchs_one_cycle(
    name: str, three_phase: bool, anneal: str, pct_start: float, steps: int
) -> None:
    recipe = Recipe(MAX_LR, schedule=name, pct_start=pct_start, div_factor=25, final_div_factor=1e4)

    def scheduler(optimizer: Optimizer) -> torch_lr.LRScheduler:
        return torch_lr.OneCycleLR(
            optimizer,
            max_lr=MAX_LR,
            total_steps=steps,
            pct_start=pct_start,
            anneal_strategy=anneal,  # type: ignore[arg-type]
            three_phase=three_phase,
        )

    assert_same(recipe, scheduler, steps)


@pytest.mark.parametrize("pct_start", [0.7, 1.0])
def test_a_late_peak_is_torchs_late_peak(pct_start: float) -> None:
    recipe = Recipe(MAX_LR, schedule="onecycle_torch", pct_start=pct_start)
    assert_same(
        recipe,
        lambda optimizer: torch_lr.OneCycleLR(
            optimizer,
            MAX_LR,
            STEPS,
            pct_start=pct_start,
            div_factor=10,
            final_div_factor=1000,
        ),
    )


@pytest.mark.parametrize("cycles", [1, 2, 3, 4])
@pytest.mark.parametrize("mode", ["triangular", "triangular2", "exp_range"])
def test_cycles_are_those_of_torchs_cyclic_lr_in_rate_and_momentum(mode: str, cycles: int) -> None:
    recipe = Recipe(MAX_LR, schedule=mode, cycles=cycles, gamma=0.2)
    half_cycle = (STEPS - 1) // (2 * cycles)

    def scheduler(optimizer: Optimizer) -> torch_lr.LRScheduler:
        return torch_lr.CyclicLR(
            optimizer,
            base_lr=MAX_LR / 10,
            max_lr=MAX_LR,
            step_size_up=half_cycle,
            mode=mode,  # type: ignore[arg-type]
            gamma=0.2 ** (1 / (STEPS - 1)),
            base_momentum=0.85,
            max_momentum=0.95,
        )

    assert_same(recipe, scheduler)


@pytest.mark.parametrize(
    ("cycles", "cycle_mult", "first"),
    [(1, 1, 210), (3, 1, 70), (7, 1, 30), (2, 2, 70), (3, 2, 30), (4, 2, 14), (3, 4, 10)],
)
def test_sgdr_is_torchs_cosine_annealing_with_warm_restarts(
    cycles: int, cycle_mult: int, first: int
) -> None:
    recipe = Recipe(MAX_LR, schedule="sgdr", cycles=cycles, cycle_mult=cycle_mult)
    assert_same(
        recipe,
        lambda optimizer: torch_lr.CosineAnnealingWarmRestarts(optimizer, first, cycle_mult),
        steps=210,
    )


def test_sgdr_restarts_on_the_exact_step_in_long_runs_too() -> None:
    steps = 3 * 33_333
    table = tabulate(Recipe(MAX_LR, schedule="sgdr", cycles=3), steps)
    assert [i for i, rate in enumerate(table) if rate.lr == MAX_LR] == [0, 33_333, 66_666]


def test_linear_is_torchs_linear_lr_down_to_zero_one_step_after_the_run() -> None:
    assert_same(
        Recipe(MAX_LR, schedule="linear"),
        lambda optimizer: torch_lr.LinearLR(optimizer, 1.0, 0.0, total_iters=STEPS),
    )


def test_cosine_is_torchs_cosine_annealing_down_to_zero_one_step_after_the_run() -> None:
    assert_same(
        Recipe(MAX_LR, schedule="cosine"),
        lambda optimizer: torch_lr.CosineAnnealingLR(optimizer, T_max=STEPS),
    )


@pytest.mark.parametrize("milestones", [(0.5, 0.75), (0.625, 0.875), (0.07, 0.29, 0.58), ()])
@pytest.mark.parametrize("steps", [100, 240, 800])
def test_step_is_torchs_multi_step_lr(milestones: tuple[float, ...], steps: int) -> None:
    at = [round(share * steps) for share in milestones]
    assert_same(
        Recipe(MAX_LR, schedule="step", milestones=milestones, gamma=0.2),
        lambda optimizer: torch_lr.MultiStepLR(optimizer, at, gamma=0.2),
        steps,
    )


def test_exponential_is_torchs_exponential_lr() -> None:
    assert_same(
        Recipe(MAX_LR, schedule="exponential", gamma=0.01),
        lambda optimizer: torch_lr.ExponentialLR(optimizer, 0.01 ** (1 / (STEPS - 1))),
    )


def test_an_exponential_range_test_is_torchs_exponential_lr_upwards() -> None:
    recipe = Recipe(MAX_LR, schedule="lr_range_exponential", div_factor=1e6)
    theirs = torch_table(
        lambda optimizer: torch_lr.ExponentialLR(optimizer, 1e6 ** (1 / (STEPS - 1))),
        STEPS,
        lr=MAX_LR / 1e6,
    )
    ours = [rate.lr for rate in tabulate(recipe, STEPS)]
    assert ours == pytest.approx([rate.lr for rate in theirs], rel=1e-9)


def test_gradual_warm_up_and_the_linear_range_test_are_torchs_linear_lr() -> None:
    for name, length in (("warmup_linear", 60), ("lr_range_linear", 240)):

        def scheduler(optimizer: Optimizer, length: int = length) -> torch_lr.LRScheduler:
            return torch_lr.LinearLR(optimizer, 1 / 8, total_iters=length)

        assert_same(Recipe(MAX_LR, schedule=name, div_factor=8, pct_start=0.25), scheduler)


def test_constant_warm_up_is_torchs_constant_lr() -> None:
    assert_same(
        Recipe(MAX_LR, schedule="warmup_constant", div_factor=8, pct_start=0.25),
        lambda optimizer: torch_lr.ConstantLR(optimizer, 1 / 8, total_iters=60),
        steps=240,
    )


def test_warm_up_with_cosine_is_torchs_linear_lr_and_then_its_cosine_annealing() -> None:
    def scheduler(optimizer: Optimizer) -> torch_lr.LRScheduler:
        up = torch_lr.LinearLR(optimizer, 1 / 8, total_iters=60)
        down = torch_lr.CosineAnnealingLR(optimizer, T_max=STEPS - 60)
        return torch_lr.SequentialLR(optimizer, [up, down], milestones=[60])

    assert_same(Recipe(MAX_LR, schedule="warmup_cosine", div_factor=8, pct_start=0.25), scheduler)
