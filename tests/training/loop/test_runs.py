"""The training loop: the same job gives the same trace, and every number means what it says."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.optim.optimizer import register_optimizer_step_pre_hook
from torch.utils.data import Dataset

from autosuperconv.core.curve import Point, as_curve
from autosuperconv.core.recipe import OPTIMIZERS, Recipe
from autosuperconv.core.schedule import tabulate
from autosuperconv.core.trace import Job, PruneTraining, Trace
from autosuperconv.errors import DataError
from autosuperconv.training.data import load_dataset
from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.data.task import TaskData, TensorSplit, normalised
from autosuperconv.training.engine import Engine
from autosuperconv.training.feed.batches import even_parts
from autosuperconv.training.loop.divergence import DivergenceWatch
from autosuperconv.training.loop.evaluation import end_problem, recalibrate
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.loop.training import steps_of
from autosuperconv.training.models import model_factory
from autosuperconv.tuning.store.executor import QueuedJob, drive
from autosuperconv.tuning.store.worker_processes import WorkerProcesses

SHORT = Recipe(max_lr=0.3, epochs=2.0, batch_size=64)
MLP = partial(nn.Sequential, nn.Flatten(), nn.Linear(64, 10))


@pytest.fixture(scope="module")
def digits() -> TaskData:
    return load_dataset("digits", Path("data"))


def trainer(data: TaskData, model: str = "mlp", **engine: Any) -> TorchTrainer:
    return TorchTrainer(data, model_factory(model, data.shape, data.classes), Engine(**engine))


def with_model(data: TaskData, factory: Callable[[], nn.Module]) -> TorchTrainer:
    return TorchTrainer(data, factory, Engine())


def timeless(trace: Trace) -> Trace:
    return replace(trace, seconds=0.0)


def split(samples: object) -> TensorSplit:
    assert isinstance(samples, TensorSplit)
    return samples


# the same job, the same trace


@pytest.mark.parametrize("model", ["mlp", "resnet8"])
def test_the_same_recipe_and_seed_give_the_same_trace_bit_by_bit(
    model: str, digits: TaskData
) -> None:
    job = Job(replace(SHORT, epochs=1.0, dropout=0.2), phases=(0.5, 1.0))
    assert timeless(trainer(digits, model)(job)) == timeless(trainer(digits, model)(job))


def test_a_run_after_other_runs_equals_one_alone(digits: TaskData) -> None:
    used, job = trainer(digits), Job(SHORT)
    used(Job(replace(SHORT, seed=7, optimizer="adam", max_lr=0.01)))
    used(Job(replace(SHORT, batch_size=32)))
    assert timeless(used(job)) == timeless(trainer(digits)(job))


def test_another_seed_gives_another_trace(digits: TaskData) -> None:
    run = trainer(digits)
    first, second = (run(Job(replace(SHORT, seed=seed))) for seed in (0, 1))
    assert first.curve.train_loss[0] != second.curve.train_loss[0]


def test_worker_processes_give_the_same_traces_in_any_order(digits: TaskData) -> None:
    run = trainer(digits, threads=1)
    jobs = [Job(replace(SHORT, seed=seed, dropout=0.1)) for seed in (0, 1)]
    alone = {job.recipe.seed: timeless(run(job)) for job in jobs}
    executor = WorkerProcesses(run, 2)
    try:
        for order in (jobs, jobs[::-1]):
            tasks = iter([QueuedJob(str(job.recipe.seed), job) for job in order])
            found = {int(task.key): timeless(trace) for task, trace in drive(executor, tasks)}
            assert found == alone
    finally:
        executor.stop()


def test_a_run_leaves_the_callers_random_numbers_and_threads_alone(digits: TaskData) -> None:
    torch.manual_seed(123)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    trainer(digits, threads=1)(Job(SHORT))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_the_callers_random_numbers_do_not_change_a_run(digits: TaskData) -> None:
    torch.manual_seed(1)
    first = trainer(digits)(Job(replace(SHORT, dropout=0.3)))
    torch.manual_seed(2)
    assert timeless(trainer(digits)(Job(replace(SHORT, dropout=0.3)))) == timeless(first)


@pytest.mark.parametrize("model", ["mlp", "resnet8"])
def test_evaluating_more_often_changes_nothing_of_the_training(
    model: str, digits: TaskData
) -> None:
    run = trainer(digits, model)
    recipe = replace(SHORT, epochs=1.0, dropout=0.2)
    rare, often = run(Job(recipe)), run(Job(recipe, phases=(0.1, 0.25, 0.5, 0.75, 1.0)))
    assert rare.accuracy == often.accuracy
    assert rare.loss == often.loss
    assert len(often.curve.evaluated(often.curve.step)) == 5
    shared = list(zip(rare.curve.step, rare.curve.train_loss, strict=True))[:8]
    assert shared[-1][0] == 8
    assert list(zip(often.curve.step, often.curve.train_loss, strict=True))[:8] == shared


def test_measuring_on_the_test_split_changes_nothing_of_the_training(digits: TaskData) -> None:
    run = trainer(digits)
    first, second = run(Job(SHORT, "validation")), run(Job(SHORT, "test"))
    assert list(first.curve.train_loss) == list(second.curve.train_loss)
    assert first.accuracy != second.accuracy
    assert second.measured_on == "test"


# steps and samples


@pytest.mark.parametrize(
    ("epochs", "batch_size", "n_train", "steps"),
    [(1.0, 100, 1000, 10), (0.5, 100, 1000, 5), (2.5, 64, 1000, 39), (0.001, 100, 1000, 2)],
)
def test_steps_are_whole_batches_as_near_to_the_epochs_as_they_come(
    epochs: float, batch_size: int, n_train: int, steps: int
) -> None:
    recipe = Recipe(max_lr=1.0, epochs=epochs, batch_size=batch_size)
    assert steps_of(recipe, n_train) == steps


def test_samples_epochs_and_steps_agree(digits: TaskData) -> None:
    run = trainer(digits)
    trace = run(Job(replace(SHORT, epochs=1.5, batch_size=100)))
    steps = round(1.5 * run.n_train / 100)
    assert (trace.steps, trace.samples) == (steps, steps * 100)
    curve = trace.curve
    assert (curve.step[-1], curve.samples[-1], trace.phase) == (steps, steps * 100, 1.0)
    assert trace.epochs == pytest.approx(steps * 100 / run.n_train)
    assert all(a < b for a, b in pairwise(curve.step))


class Recorder(nn.Module):
    """Keeps what it is shown while training."""

    def __init__(self, seen: list[torch.Tensor]) -> None:
        super().__init__()
        self.inner, self.seen = nn.Linear(4, 3), seen

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.seen.append(x.detach().clone())
        return self.inner(x)  # type: ignore[no-any-return]


def numbered(n: int = 50) -> TaskData:
    """Features that tell which sample it is."""
    x = np.arange(4 * n, dtype=np.float32).reshape(n, 4)
    return as_task_data((x, np.arange(n) % 3))


def test_every_sample_is_seen_once_an_epoch_and_a_batch_may_span_two() -> None:
    data, seen = numbered(), list[torch.Tensor]()
    n = len(split(data.train))
    with_model(data, lambda: Recorder(seen))(Job(Recipe(max_lr=1e-4, epochs=3.0, batch_size=7)))
    assert {len(batch) for batch in seen} == {7}
    first = torch.cat(seen)[:, 0].tolist()
    assert n % 7 != 0
    for epoch in range(len(first) // n):
        assert len(set(first[epoch * n : (epoch + 1) * n])) == n
    assert first[:n] != first[n : 2 * n]


def test_a_batch_larger_than_the_data_is_refused(digits: TaskData) -> None:
    with pytest.raises(DataError, match=r"at most the number of training samples, \d+, but got"):
        trainer(digits)(Job(replace(SHORT, batch_size=5000)))


# divergence


def test_a_huge_rate_is_stopped_within_a_few_steps_and_says_why(digits: TaskData) -> None:
    recipe = replace(SHORT, max_lr=1e6, div_factor=1.0, schedule="constant", epochs=5.0)
    trace = trainer(digits)(Job(recipe))
    assert trace.diverged
    assert trace.steps <= 10
    assert "loss" in trace.detail
    assert f"at step {trace.steps} of" in trace.detail
    assert trace.accuracy is None


class Poisoned(nn.Module):
    """Returns NaN from its third training step."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.steps = nn.Linear(64, 10), 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.steps += self.training
        scores: torch.Tensor = self.inner(x.flatten(1))
        return scores * (math.nan if self.steps >= 3 else 1.0)


def test_a_loss_that_is_not_a_number_stops_the_run_there(digits: TaskData) -> None:
    trace = with_model(digits, Poisoned)(Job(SHORT))
    assert trace.diverged
    assert trace.steps == 3
    assert "not finite" in trace.detail
    assert trace.curve.step[-1] == 3


class Stuck(nn.Module):
    """Always says class 0, whatever it learns."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores = torch.zeros(len(x), 10)
        scores[:, 0] = 1
        return scores * (1 + 0 * self.weight)


def test_the_accuracy_of_guessing_at_the_end_counts_as_diverged(digits: TaskData) -> None:
    trace = with_model(digits, Stuck)(Job(SHORT))
    assert trace.diverged
    assert "is no better than chance" in trace.detail
    assert trace.steps == steps_of(SHORT, trainer(digits).n_train)


@pytest.mark.parametrize(("accuracy", "complains"), [(0.12, True), (0.20, False)])
def test_chance_has_a_width_of_three_standard_errors(accuracy: float, complains: bool) -> None:
    # ten classes, 100 samples: standard error 0.03, so the bound is 0.19
    assert bool(end_problem(1.0, accuracy, 10, 100)) is complains


def test_a_loss_must_stay_high_to_count_as_diverged() -> None:
    watch = DivergenceWatch()
    assert not any(watch.check(loss) for loss in [2.3] * 12 + [20.0] + [2.3] * 3)
    assert any("times the first loss" in watch.check(20.0) for _ in range(10))


def test_infinity_is_no_loss() -> None:
    assert DivergenceWatch().check(math.inf) == "the loss is not finite"


# what a step does


class Spy:
    """Keeps rate and momentum as the optimizer has them at each update."""

    def __init__(self) -> None:
        self.rates: list[float] = []
        self.momenta: list[float] = []
        self.made: list[torch.optim.Optimizer] = []

    def __call__(self, optimizer: torch.optim.Optimizer, *_: object) -> None:
        group = optimizer.param_groups[0]
        self.made.append(optimizer)
        self.rates.append(float(group["lr"]))
        self.momenta.append(float(group["betas"][0] if "betas" in group else group["momentum"]))


@pytest.fixture
def spy() -> Iterator[Spy]:
    watching = Spy()
    hook = register_optimizer_step_pre_hook(watching)
    yield watching
    hook.remove()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_step_has_the_rate_and_momentum_of_the_table(
    optimizer: str, digits: TaskData, spy: Spy
) -> None:
    recipe = replace(SHORT, optimizer=optimizer, max_lr=0.01)
    trace = trainer(digits)(Job(recipe))
    table = tabulate(recipe, trace.steps)
    assert spy.rates == pytest.approx([rate.lr for rate in table])
    assert spy.momenta == pytest.approx([rate.momentum for rate in table])
    shown = [table[step - 1] for step in trace.curve.step]
    assert list(trace.curve.lr) == [rate.lr for rate in shown]
    assert list(trace.curve.momentum) == [rate.momentum for rate in shown]


@pytest.mark.parametrize(
    ("optimizer", "kind", "nesterov"),
    [
        ("sgd", torch.optim.SGD, False),
        ("nesterov", torch.optim.SGD, True),
        ("adam", torch.optim.Adam, None),
        ("adamw", torch.optim.AdamW, None),
    ],
)
def test_each_optimizer_is_the_one_that_was_named(
    optimizer: str,
    kind: type,
    nesterov: bool | None,
    digits: TaskData,
    spy: Spy,
) -> None:
    recipe = replace(SHORT, optimizer=optimizer, max_lr=0.01, weight_decay=0.02, epochs=0.2)
    trainer(digits)(Job(recipe))
    assert type(spy.made[0]) is kind
    group = spy.made[0].param_groups[0]
    assert group["weight_decay"] == 0.02
    assert group.get("nesterov") == nesterov


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_learns(optimizer: str, digits: TaskData) -> None:
    rate = 0.01 if optimizer.startswith("adam") else 0.3
    trace = trainer(digits)(Job(replace(SHORT, optimizer=optimizer, max_lr=rate, epochs=4.0)))
    assert trace.completed
    assert trace.accuracy is not None
    assert trace.accuracy > 0.85


def test_dropout_is_really_set(digits: TaskData) -> None:
    models: list[nn.Module] = []
    factory = model_factory("mlp", digits.shape, digits.classes)

    def kept() -> nn.Module:
        models.append(factory())
        return models[-1]

    with_model(digits, kept)(Job(replace(SHORT, dropout=0.35, epochs=0.2)))
    rates = [m.p for m in models[-1].modules() if isinstance(m, nn.Dropout)]
    assert rates
    assert set(rates) == {0.35}


def test_label_smoothing_raises_the_loss_by_what_it_should(digits: TaskData) -> None:
    """The first loss, by torch's own formula on the same batch and weights."""
    plain, smooth = (
        trainer(digits)(Job(replace(SHORT, label_smoothing=s, schedule="constant", epochs=0.2)))
        for s in (0.0, 0.2)
    )
    assert plain.curve.step[0] == 1
    first = torch.randperm(
        trainer(digits).n_train, generator=torch.Generator().manual_seed(SHORT.seed)
    )[: SHORT.batch_size]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SHORT.seed)
        model = model_factory("mlp", digits.shape, digits.classes)()
    train = split(digits.train)
    scores = model(normalised(train.x[first], digits))
    expected = [
        functional.cross_entropy(scores, train.y[first], label_smoothing=s).item()
        for s in (0.0, 0.2)
    ]
    assert [plain.curve.train_loss[0], smooth.curve.train_loss[0]] == pytest.approx(expected)


# measuring


class Kept:
    """A factory that keeps the last model it built."""

    def __init__(self, factory: Callable[[], nn.Module]) -> None:
        self.factory = factory

    def __call__(self) -> nn.Module:
        self.model = self.factory()
        return self.model


@pytest.mark.parametrize("measured_on", ["validation", "test"])
def test_the_accuracy_at_the_end_is_that_of_plain_torch_on_the_whole_split(
    measured_on: str, digits: TaskData
) -> None:
    kept = Kept(model_factory("mlp", digits.shape, digits.classes))
    run = TorchTrainer(digits, kept, Engine(curve_samples=50, evaluation_batch=33))
    trace = run(Job(SHORT, measured_on))  # type: ignore[arg-type]
    part = split(getattr(digits, measured_on))
    kept.model.eval()
    with torch.no_grad():
        scores = kept.model(normalised(part.x, digits))
    assert trace.accuracy == pytest.approx((scores.argmax(1) == part.y).double().mean().item())
    assert trace.loss == pytest.approx(functional.cross_entropy(scores, part.y).item(), rel=1e-5)
    assert trace.evaluated == len(part)


def test_batch_norm_is_measured_with_statistics_of_training_data(digits: TaskData) -> None:
    kept = Kept(model_factory("resnet8", digits.shape, digits.classes))
    n = len(split(digits.train))
    run = TorchTrainer(digits, kept, Engine(statistics_samples=n, evaluation_batch=n))
    run(Job(replace(SHORT, epochs=0.5)))
    layer = next(m for m in kept.model.modules() if isinstance(m, nn.BatchNorm2d))
    conv = next(m for m in kept.model.modules() if isinstance(m, nn.Conv2d))
    with torch.no_grad():
        response = conv(normalised(split(digits.train).x, digits))
    assert layer.running_mean is not None
    assert torch.allclose(layer.running_mean, response.mean((0, 2, 3)), atol=1e-4)
    assert layer.momentum == 0.1


def test_every_sample_counts_alike_in_batch_norm_statistics() -> None:
    model = nn.Sequential(nn.BatchNorm1d(1))
    x = torch.tensor([[0.0], [0.0], [0.0], [0.0], [0.0], [0.0], [4.0], [4.0]])
    batches = [(part, part) for part in (x[:6], x[6:])]
    recalibrate(model, batches, Engine())
    layer = model[0]
    assert isinstance(layer, nn.BatchNorm1d)
    assert layer.running_mean is not None
    assert layer.running_mean.item() == pytest.approx(1.0)  # 8 / 8, not the batches' mean of 2
    assert layer.momentum == 0.1


@pytest.mark.parametrize(
    ("n", "most", "sizes"), [(512, 500, [256, 256]), (501, 500, [251, 250]), (9, 10, [9])]
)
def test_no_part_is_a_small_rest(n: int, most: int, sizes: list[int]) -> None:
    assert [len(part) for part in even_parts(torch.arange(n), most)] == sizes


def test_a_share_bounds_what_a_curve_costs_and_changes_no_end(digits: TaskData) -> None:
    seen: list[int] = []
    net = model_factory("mlp", digits.shape, digits.classes)

    def counting() -> nn.Module:
        model = net()
        model.register_forward_hook(
            lambda m, x, y: None if m.training else seen.append(len(y))  # type: ignore[func-returns-value]
        )
        return model

    def evaluated(share: float | None) -> tuple[int, Trace]:
        seen.clear()
        run = TorchTrainer(digits, counting, Engine(threads=1))
        trace = run(Job(SHORT, phases=(0.25, 0.5, 1.0), curve_share=share))
        return sum(seen) - trace.evaluated, trace

    whole, freely = evaluated(None)
    bounded, cheaply = evaluated(0.1)
    validation = len(split(digits.validation))
    assert whole == 2 * validation
    assert bounded == 2 * 200
    assert cheaply.accuracy == freely.accuracy
    assert evaluated(0.1)[1].curve == cheaply.curve


def test_recalibrating_changes_buffers_but_not_weights(digits: TaskData) -> None:
    train = split(digits.train)
    x = normalised(train.x, digits)
    model = model_factory("resnet8", digits.shape, digits.classes)()
    weights = [p.detach().clone() for p in model.parameters()]
    buffers = [b.clone() for b in model.buffers()]
    recalibrate(model, [(x, train.y)], Engine())
    pairs = zip(weights, model.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert not all(torch.equal(a, b) for a, b in zip(buffers, model.buffers(), strict=True))


def test_points_are_evaluated_at_the_phases_that_were_asked_for(digits: TaskData) -> None:
    trace = trainer(digits)(Job(SHORT, phases=(0.25, 0.5, 1.0)))
    at = [phase for phase, _ in trace.curve.evaluated(trace.curve.phase)]
    assert at == pytest.approx([0.25, 0.5, 1.0], abs=0.51 / trace.steps)


# being watched


def test_a_callback_can_end_the_run(digits: TaskData) -> None:
    def stop(point: Point) -> None:
        if point.phase >= 0.5:
            raise PruneTraining("enough")

    trace = trainer(digits)(Job(SHORT, phases=(0.5, 1.0)), stop)
    assert trace.stopped_because == "pruned"
    assert trace.detail == "enough"
    assert trace.accuracy is None
    assert trace.curve.phase[-1] == pytest.approx(0.5, abs=0.05)
    assert trace.samples == trace.curve.samples[-1]


def test_a_callback_sees_every_point_and_changes_nothing(digits: TaskData) -> None:
    seen: list[Point] = []
    watched = trainer(digits)(Job(SHORT), seen.append)
    assert as_curve(seen) == watched.curve
    assert timeless(watched) == timeless(trainer(digits)(Job(SHORT)))


# streamed data


class Rows(Dataset[Any]):
    """A split as somebody's own Dataset of normalised floats."""

    def __init__(self, part: TensorSplit, data: TaskData) -> None:
        self.x, self.y = normalised(part.x, data), part.y

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
        return self.x[i], int(self.y[i])


@pytest.fixture(scope="module")
def streamed(digits: TaskData) -> TaskData:
    parts = (digits.train, digits.validation, digits.test)
    return as_task_data(tuple(Rows(split(part), digits) for part in parts))  # type: ignore[arg-type]


def test_streamed_data_are_trained_on_as_resident_ones_are(
    digits: TaskData, streamed: TaskData
) -> None:
    job = Job(replace(SHORT, epochs=0.5))
    resident, stream = trainer(digits)(job), trainer(streamed)(job)
    assert stream.accuracy == pytest.approx(resident.accuracy)
    losses = [list(trace.curve.train_loss) for trace in (resident, stream)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)


# augmentation


class Album(nn.Module):
    """Keeps the images that it is shown, in training and in evaluation."""

    def __init__(self, shown: dict[bool, list[torch.Tensor]]) -> None:
        super().__init__()
        self.inner, self.shown = nn.Linear(3 * 8 * 6, 4), shown

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.shown[self.training].append(x.detach().clone())
        scores: torch.Tensor = self.inner(x.flatten(1))
        return scores


@pytest.fixture(scope="module")
def photographs() -> TaskData:
    x = np.random.default_rng(0).integers(1, 256, (40, 3, 8, 6)).astype(np.uint8)
    return as_task_data((x, np.arange(40) % 4))


def shown_of(data: TaskData, training: bool) -> np.ndarray:
    """The images as bytes, before they were normalised: (N, 3, 8, 6)."""
    shown: dict[bool, list[torch.Tensor]] = {True: [], False: []}
    run = with_model(data, lambda: Album(shown))
    run(Job(Recipe(max_lr=1e-3, epochs=10.0, batch_size=8), "test"))
    mean, std = (torch.tensor(m).view(-1, 1, 1) for m in (data.mean, data.std))
    return ((torch.cat(shown[training]) * std + mean) * 255).round().byte().numpy()


def crops(image: np.ndarray) -> set[bytes]:
    """All that padding by 4, cropping and flipping can make of an image, the slow way."""
    padded = np.pad(image, ((0, 0), (4, 4), (4, 4)))
    found = set()
    for top in range(9):
        for left in range(9):
            crop = padded[:, top : top + 8, left : left + 6]
            found |= {crop.tobytes(), crop[:, :, ::-1].tobytes()}
    return found


def test_every_augmented_image_is_a_crop_of_a_padded_and_perhaps_flipped_one(
    photographs: TaskData,
) -> None:
    assert photographs.augment == "crop-flip"
    allowed = [crops(image) for image in split(photographs.train).x.numpy()]
    shown = [image.tobytes() for image in shown_of(photographs, training=True)]
    sources = [{i for i, made in enumerate(allowed) if image in made} for image in shown]
    assert all(sources)
    assert len(shown) == 240
    assert len(set(shown)) > 200  # 162 ways for each of 24 images
    exact = {image.tobytes() for image in split(photographs.train).x.numpy()}
    assert len([image for image in shown if image in exact]) < 10


def test_evaluation_is_not_augmented(photographs: TaskData) -> None:
    shown = shown_of(photographs, training=False)
    assert np.array_equal(shown, split(photographs.test).x.numpy())
