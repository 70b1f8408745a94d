"""A made-up report, for tests and for looking at pages. Its numbers are drawn, never measured."""

from __future__ import annotations

from dataclasses import replace
from math import nan

import numpy as np

from autosuperconv.core.curve import Curve
from autosuperconv.core.events import Step
from autosuperconv.core.options import SearchOptions
from autosuperconv.core.plan import Budget, Forecast, Plan
from autosuperconv.core.range_test import Cell, RangeTest, Reading
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.recommendation import ConfirmedRecipe, Recommendation, recommend
from autosuperconv.core.report import (
    FORMAT_VERSION,
    Baseline,
    Cost,
    Report,
    Run,
    StepCost,
    Trial,
)
from autosuperconv.core.setup import Setup
from autosuperconv.core.space import default_space
from autosuperconv.core.stats import Contrast
from autosuperconv.core.surrogate import (
    Importance,
    Surface,
    SurrogateView,
    read_exchange,
)
from autosuperconv.core.trace import Split, StopReason, Trace
from autosuperconv.core.tradeoff import Effect, Tradeoff, Worth
from autosuperconv.core.verdict import Condition, ConditionName, Outcome, RungState, Verdict
from autosuperconv.core.verdict.conditions import Unit

N_TRAIN = 45_000
SECONDS_AN_EPOCH = 3.1
EDGES = {(128, 1e-4): 2.2, (128, 1e-3): 0.62, (512, 1e-4): 3.0, (512, 1e-3): 1.4}
WINNER = Recipe(max_lr=1.35, epochs=12.0, batch_size=256, weight_decay=2e-4, dropout=0.05)
STANDARD = Recipe(
    max_lr=0.12,
    epochs=90.0,
    batch_size=128,
    weight_decay=1e-3,
    dropout=0.2,
    max_momentum=0.9,
    base_momentum=0.9,
    schedule="step",
)
CONTROL = replace(STANDARD, epochs=12.0, max_lr=0.15)


def cost_of(*steps: StepCost) -> Cost:
    """With a baseline run of 90 epochs of 45,000 samples."""
    return Cost(steps, sum(step.samples for step in steps) / (90 * 45_000))


def _rounded(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(f"{value:.5g}") for value in values)


def one_cycle_curve(
    rng: np.random.Generator, recipe: Recipe, final: float, until: float = 1.0, points: int = 40
) -> Curve:
    """Rises, is held down while the rate is high, and climbs in the descent."""
    phase = np.linspace(1 / points, 1, points)
    triangle = np.clip(1 - np.abs(phase / recipe.pct_start - 1), 0.001, 1)
    rise = 1 - np.exp(-phase * 14)
    accuracy = final * rise - 0.16 * triangle * rise + rng.normal(0, 0.012, points) * triangle
    accuracy[-1] = final
    kept = phase <= until + 1e-9
    return Curve(
        phase=_rounded(phase[kept]),
        epoch=_rounded(phase[kept] * recipe.epochs),
        lr=_rounded(triangle[kept] * recipe.max_lr),
        train_loss=_rounded(2.3 * np.exp(-3.2 * np.clip(accuracy[kept], 0.05, 1))),
        accuracy=_rounded(np.clip(accuracy[kept], 0.1, 1)),
    )


def step_curve(rng: np.random.Generator, recipe: Recipe, final: float, points: int = 60) -> Curve:
    """A noisy plateau, and a jump at each milestone."""
    phase = np.linspace(1 / points, 1, points)
    drops = np.searchsorted(recipe.milestones, phase)
    level = final - np.array([0.075, 0.012, 0.0])[drops]
    noise = rng.normal(0, 1, points) * np.array([0.014, 0.004, 0.0008])[drops]
    accuracy = level * (1 - np.exp(-phase * 26)) + noise
    accuracy[-1] = final
    return Curve(
        phase=_rounded(phase),
        epoch=_rounded(phase * recipe.epochs),
        lr=_rounded(recipe.max_lr * 0.1**drops),
        train_loss=_rounded(2.3 * np.exp(-3.4 * np.clip(accuracy, 0.05, 1))),
        accuracy=_rounded(np.clip(accuracy, 0.1, 1)),
    )


def _diverged_curve(rng: np.random.Generator, recipe: Recipe, until: float) -> Curve:
    curve = one_cycle_curve(rng, recipe, 0.75, until)
    half = len(curve.phase) // 2
    return replace(
        curve,
        accuracy=curve.accuracy[:half] + (0.1,) * (len(curve.phase) - half),
        train_loss=curve.train_loss[:half] + (None,) * (len(curve.phase) - half),
    )


def _sweep(rng: np.random.Generator, edge: float, highest: float) -> Curve:
    lr = np.geomspace(1e-3, highest, 60)
    rise = 1 / (1 + (0.012 / lr) ** 1.6)
    fall = 1 / (1 + (lr / (edge * 1.35)) ** 5)
    accuracy = 0.1 + 0.62 * rise * fall + rng.normal(0, 0.012, 60)
    loss = 2.3 - 1.5 * rise * fall + 0.7 * (1 - fall) + rng.normal(0, 0.03, 60)
    dead = lr > edge * 2.6
    shown = [None if gone else float(f"{y:.4g}") for gone, y in zip(dead, loss, strict=True)]
    return Curve(
        lr=_rounded(lr),
        momentum=(0.85,) * 60,
        accuracy=_rounded(accuracy),
        train_loss=tuple(shown),
        loss=tuple(shown),
    )


def _reading(edge: float, highest: float) -> Reading:
    kept = edge >= highest
    return Reading(
        floor=0.011,
        edge=None if kept else edge,
        peak_lr=edge / 2,
        steepest=0.02,
        valley=0.1,
        minimum_tenth=edge / 14,
        retention=0.93 if kept else 0.35,
        possible=kept,
        reason="Accuracy is kept to the end of the range."
        if kept
        else f"Accuracy is lost above {edge:.2g}.",
    )


def _range_test(rng: np.random.Generator) -> RangeTest:
    cells = []
    for (batch_size, weight_decay), edge in EDGES.items():
        kept = edge >= 3.0
        cells.append(
            Cell(
                batch_size=batch_size,
                weight_decay=weight_decay,
                readings=(_reading(edge, 3.0), _reading(edge, 3.0)),
                curves=tuple(_sweep(rng, edge * (2 if kept else 1), 3.0) for _ in (0, 1)),
                seeds=(0, 1),
                stopped=(StopReason.COMPLETED, StopReason.DIVERGED),
                floor=0.011,
                edge=edge,
                edge_spread=0.06,
                edge_is_bound=kept,
                retention=0.93 if kept else 0.35,
                possible=kept,
            )
        )
    reason = "Accuracy is kept up to a rate of 3 in 1 of 4 cells (batch 512, weight decay 1e-4)."
    return RangeTest(tuple(cells), 1e-3, 3.0, True, reason)


def _edge(recipe: Recipe) -> float:
    step = np.log10(recipe.weight_decay / 1e-4)
    return float(2.2 * (recipe.batch_size / 128) ** 0.25 * 10 ** (-0.5 * step))


def _state(rng: np.random.Generator, recipe: Recipe) -> StopReason:
    if recipe.max_lr > 1.4 * _edge(recipe):
        return StopReason.ABOVE_EDGE
    if recipe.max_lr > 0.9 * _edge(recipe):
        return StopReason.DIVERGED
    return StopReason.PRUNED if rng.random() < 0.2 else StopReason.COMPLETED


def _recipe(rng: np.random.Generator) -> Recipe:
    return Recipe(
        max_lr=float(f"{10 ** rng.uniform(-1.1, 0.75):.3g}"),
        epochs=float(f"{10 ** rng.uniform(0.7, 1.65):.3g}"),
        batch_size=int(rng.choice([128, 256, 512])),
        weight_decay=float(f"{10 ** rng.uniform(-5, -2.6):.2g}"),
        dropout=float(f"{rng.uniform(0, 0.3):.2g}"),
    )


def _final(rng: np.random.Generator, recipe: Recipe) -> float:
    length = 0.055 * np.exp(-recipe.epochs / 7)
    decay = 0.008 * abs(np.log10(recipe.weight_decay / 2e-4)) ** 1.5
    rate = 0.012 * abs(np.log10(recipe.max_lr / 1.2))
    return float(f"{0.931 - length - decay - rate + rng.normal(0, 0.0015):.4g}")


DETAILS: dict[StopReason, str] = {
    StopReason.COMPLETED: "",
    StopReason.PRUNED: "pruned at phase 0.65: 71.2 % where the better half has 78.0 %",
    StopReason.DIVERGED: "loss 12.1, 5.2 x its start",
    StopReason.ABOVE_EDGE: "max_lr is above 1.4 x the edge",
    StopReason.OUT_OF_MEMORY: "batch 512 does not fit",
}

UNTIL = {
    StopReason.COMPLETED: 1.0,
    StopReason.PRUNED: 0.65,
    StopReason.DIVERGED: 0.45,
    StopReason.ABOVE_EDGE: 0.0,
}


def _trial(rng: np.random.Generator, number: int, recipe: Recipe, target: float) -> Trial:
    state: StopReason = StopReason.COMPLETED if recipe == WINNER else _state(rng, recipe)
    final = 0.922 if recipe == WINNER else _final(rng, recipe)
    until = UNTIL[state]
    if state == StopReason.DIVERGED:
        curve = _diverged_curve(rng, recipe, until)
    else:
        curve = one_cycle_curve(rng, recipe, final, until)
    kept_running = state == StopReason.COMPLETED and recipe != WINNER and rng.random() < 0.12
    end = final if state == StopReason.COMPLETED else None
    trace = _trace(recipe, curve, "validation", end, state, until)
    return Trial(
        number=number,
        state=state,
        detail=DETAILS[state],
        recipe=recipe,
        trace=None if state == StopReason.ABOVE_EDGE else trace,
        edge=_edge(recipe),
        feasible=state == StopReason.COMPLETED and final >= target,
        on_front=False,
        would_prune_at=0.65 if kept_running else None,
    )


def _with_front(trials: list[Trial]) -> tuple[Trial, ...]:
    done = [trial for trial in trials if trial.accuracy is not None]

    def beaten(trial: Trial) -> bool:
        return any(
            other.samples <= trial.samples and (other.accuracy or 0) > (trial.accuracy or 0)
            for other in done
        )

    return tuple(
        replace(trial, on_front=trial.accuracy is not None and not beaten(trial))
        for trial in trials
    )


def run(
    rng: np.random.Generator, role: str, recipe: Recipe, accuracy: float, split: Split = "test"
) -> Run:
    shape = step_curve if recipe.schedule == "step" else one_cycle_curve
    curve = shape(rng, recipe, accuracy)
    return Run(role, _trace(recipe, curve, split, accuracy))


def _trace(
    recipe: Recipe,
    curve: Curve,
    split: Split,
    accuracy: float | None,
    stopped: StopReason = StopReason.COMPLETED,
    until: float = 1.0,
) -> Trace:
    samples = int(recipe.epochs * N_TRAIN * until)
    return Trace(
        recipe=recipe,
        measured_on=split,
        curve=curve,
        accuracy=accuracy,
        loss=None,
        stopped_because=stopped,
        detail=DETAILS[stopped],
        classes=10,
        evaluated=5000,
        steps=samples // recipe.batch_size,
        samples=samples,
        seconds=recipe.epochs * until * SECONDS_AN_EPOCH,
    )


def _confirmation(rng: np.random.Generator) -> tuple[Run, ...]:
    levels = {
        "baseline": (STANDARD, (0.9163, 0.9178, 0.9171)),
        "candidate": (WINNER, (0.9196, 0.9204, 0.9211)),
        "control": (CONTROL, (0.8977, 0.8995, 0.8969)),
    }
    return tuple(
        run(rng, role, replace(recipe, seed=101 + i), accuracy)
        for role, (recipe, accuracies) in levels.items()
        for i, accuracy in enumerate(accuracies)
    )


def _baseline(rng: np.random.Generator) -> Baseline:
    tuning = tuple(
        run(rng, "tuning", replace(STANDARD, max_lr=lr, weight_decay=decay), accuracy, "validation")
        for lr, decay, accuracy in (
            (0.03, 1e-3, 0.9042),
            (0.06, 1e-3, 0.9121),
            (0.12, 1e-3, 0.9168),
            (0.25, 1e-3, 0.9133),
            (0.12, 3e-4, 0.9127),
        )
    )
    return Baseline(STANDARD, 0.9168, 0.0009, 0.9148, tuning, 0.41)


def _tradeoff() -> Tradeoff:
    def worth(points: float, half: float) -> Worth:
        return Worth(points / 100, (points - half) / 100, (points + half) / 100)

    effects = (
        Effect("weight_decay", "2e-4", "1e-3", None, worth(1.42, 0.56), alone=3, diverged=1),
        Effect("max_lr", "1.35", "0.12", worth(1.7, 0.4), worth(2.31, 0.81)),
        Effect("dropout", "0.05", "0.2", worth(0.4, 0.38), worth(0.37, 0.8)),
        Effect("momentum", "0.95 to 0.85", "0.9", worth(0.11, 0.39), worth(0.09, 0.82)),
        Effect("batch_size", "256", "128", worth(-0.24, 0.4), worth(-0.08, 0.79)),
    )
    sentence = (
        "max_lr rose from 0.12 to 1.35, for which weight decay 1e-3 -> 2e-4 had to give way: when "
        "it alone is reverted, training diverged in 1 of 3 runs; over the others, reverting it "
        "costs 1.42 percentage points (95 %: 0.86 to 1.98)."
    )
    notes = (
        "Training diverges in 4 of 16 combinations, with every seed that was tried; all of them "
        "have weight decay at the baseline's value. The other factors were measured with weight "
        "decay at the winner's value.",
        "All 95 % limits hold at once; they rest on a spread of 0.27 points over the seeds of one "
        "recipe.",
    )
    return Tradeoff(effects, ("label_smoothing",), sentence, notes, 0.0027, 22)


def _surrogate() -> SurrogateView:
    """Accuracy falls off the line max_lr x weight decay = 2.7e-4; a corner is outside."""
    rates = tuple(float(x) for x in np.geomspace(0.03, 3, 9))
    decays = tuple(float(x) for x in np.geomspace(1e-5, 1e-2, 7))
    rows = tuple(
        tuple(
            None
            if rate < 0.1 and decay < 1e-4
            else round(0.92 - 0.02 * float(np.log10(rate * decay / 2.7e-4)) ** 2, 5)
            for rate in rates
        )
        for decay in decays
    )
    return SurrogateView(
        exchange=read_exchange(0.5, 0.34, 0.71, True, 29, 0.81),
        importances=(
            Importance("fANOVA", "share of the variance", {"max_lr": 0.7, "weight_decay": 0.3}),
            Importance("PED-ANOVA", "share in the best", {"weight_decay": 0.6, "max_lr": 0.4}),
        ),
        surface=Surface(rates, decays, rows),
    )


def _verdict() -> Verdict:
    names, unit = ConditionName, Unit
    conditions = (
        Condition(names.ACCURACY, 0.0012, -0.002, True, "+0.12 > -0.20 points.", unit.DIFFERENCE),
        Condition(names.SPEED, 5.62, 5.0, True, "T_B 3.04 M / N_C 540 k = 5.62."),
        Condition(names.LARGE_LR, 1.35 / 0.12, 3.0, True, "max_lr 1.35 against 0.12."),
        Condition(names.CONTROL, 0.0223, 0.0013, True, "+2.23 points.", unit.DIFFERENCE),
        Condition(names.BASELINE, 0.001, 0.01, True, "0.10 below its peak.", unit.SIZE),
        Condition(names.BATCH_NORM, None, None, True, "Recalibrated on both sides."),
    )
    sentence = (
        "Super-convergence reached: the same accuracy (+0.33 points, 95 % interval +0.12 to +0.54) "
        "in 5.6 times fewer training samples, at 11 times the learning rate."
    )
    return Verdict(
        outcome=Outcome.REACHED,
        speedup=5.62,
        against_baseline=Contrast(0.0033, 0.0012, 0.0054, 3),
        against_control=Contrast(0.0224, 0.0223, 0.0225, 3),
        margin=0.002,
        baseline_accuracy=0.9171,
        candidate_accuracy=0.9204,
        control_accuracy=0.898,
        candidate_samples=540_000.0,
        baseline_samples=3_037_500.0,
        conditions=conditions,
        sentence=sentence,
    )


def _recommendation() -> Recommendation | None:
    confirmed = (
        ConfirmedRecipe("candidate", WINNER, 3, 0, 0.9204, 540_000.0, 0.922, RungState.PASSED),
        ConfirmedRecipe("baseline", STANDARD, 3, 0, 0.9171, 4_050_000.0, 0.9168),
        ConfirmedRecipe("control", CONTROL, 3, 0, 0.898, 540_000.0),
    )
    return recommend(confirmed, _verdict(), target=0.9148)


def sample_plan(trials: int = 40) -> Plan:
    """A forecast of 38 minutes or so."""
    return Plan(
        samples_per_second={"128": 14_500.0, "256": 19_800.0, "512": 22_100.0},
        seed_noise=0.0013,
        budget=Budget(trials, 90.0, 5.0, 45.0, seeds=3, fixed=False, factors=5),
        workers=2,
        forecast=(
            Forecast(Step.PLAN, 3, 3.0, 14.0),
            Forecast(Step.RANGE_TEST, 8, 8.0, 31.0),
            Forecast(Step.BASELINE, 5, 450.0, 640.0),
            Forecast(Step.STUDY, trials, 620.0, 980.0),
            Forecast(Step.CONFIRMATION, 9, 342.0, 480.0),
            Forecast(Step.ABLATION, 15, 180.0, 160.0),
        ),
        choices=("bfloat16 autocast: 1.7 times the samples per second at batch 256.",),
    )


def sample_setup(study_name: str) -> Setup:
    return Setup(
        options=SearchOptions(
            trials=40,
            command="autosuperconv search --dataset cifar10 --model resnet20 --trials 40",
        ),
        study_name=study_name,
        dataset="cifar10",
        model="resnet20",
        n_train=N_TRAIN,
        n_validation=5_000,
        n_test=10_000,
        classes=10,
        device="cuda:0",
        dimensions=default_space(N_TRAIN),
        base=Recipe(max_lr=1.0, batch_size=256),
        curve_cost=2_000,
        statistics=1_000,
        environment={
            "autosuperconv": "0.1.0",
            "python": "3.11.7",
            "torch": "2.14.0",
            "optuna": "5.0.0",
            "device": "made up for a test",
        },
    )


def sample_report(trials: int = 40, study_name: str = "cifar10-resnet20", seed: int = 0) -> Report:
    """A whole report with so many trials; the winner is trial 29, or the last one."""
    rng = np.random.default_rng(seed)
    place = min(29, trials - 1)
    recipes = [WINNER if i == place else _recipe(rng) for i in range(trials)]
    made = [_trial(rng, i, recipe, 0.9148) for i, recipe in enumerate(recipes)]
    return Report(
        version=FORMAT_VERSION,
        setup=sample_setup(study_name),
        plan=sample_plan(trials),
        range_test=_range_test(rng),
        baseline=_baseline(rng),
        trials=_with_front(made),
        winner=WINNER,
        winner_validation_accuracy=0.922,
        confirmation=_confirmation(rng),
        tradeoff=_tradeoff(),
        verdict=_verdict(),
        cost=cost_of(
            StepCost(Step.PLAN, 3, 135_000, 15.0),
            StepCost(Step.RANGE_TEST, 8, 360_000, 33.0),
            StepCost(Step.BASELINE, 5, 20_250_000, 655.0),
            StepCost(Step.STUDY, trials, sum(t.samples for t in made), 940.0),
            StepCost(Step.CONFIRMATION, 9, 15_390_000, 492.0),
            StepCost(Step.ABLATION, 15, 8_100_000, 171.0),
        ),
        not_measured=(
            "Whether the baseline could itself be shorter than 12 epochs.",
            "Other networks and data: the verdict holds for this pair only.",
        ),
        started="2026-05-04T09:12:00+00:00",
        wall_seconds=2306.0,
        surrogate=_surrogate(),
        recommendation=_recommendation(),
    )


def bare_report() -> Report:
    """A report in which nothing worked: no cell, no trial, no winner, no confirmation."""
    whole = sample_report(trials=1)
    verdict = replace(
        whole.verdict,
        outcome=Outcome.UNDECIDED,
        speedup=None,
        against_baseline=Contrast(nan, None, None, 0),
        against_control=None,
        control_accuracy=None,
        baseline_samples=nan,
        conditions=(),
        sentence="Undecided: no trial completed.",
    )
    return replace(
        whole,
        range_test=RangeTest((), 1e-3, 3.0, None, "No sweep completed."),
        baseline=replace(whole.baseline, validation_sd=None, tuning=()),
        trials=(),
        winner=None,
        winner_validation_accuracy=None,
        confirmation=(),
        recommendation=None,
        tradeoff=Tradeoff((), (), "The trade-off was not measured."),
        verdict=verdict,
        cost=Cost((), None),
        not_measured=(),
        surrogate=None,
    )
