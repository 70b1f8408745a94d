"""What a run would do is done once before a search: training, statistics, evaluation, twice."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

import autosuperconv
from autosuperconv.core.events import Event, Note
from autosuperconv.core.recipe import Recipe
from autosuperconv.errors import ModelError
from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.engine import Engine
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.models import ModelFactory
from autosuperconv.training.models.check import check_model
from autosuperconv.training.probe.jobs import (
    UNREPEATABLE,
    UNSEEDED,
    WATCHED,
    try_jobs,
    try_training,
)


def points(n: int = 401) -> tuple[Tensor, Tensor]:
    x = torch.randn(n, 8, generator=torch.Generator().manual_seed(0))
    return x, (x[:, 0] > 0).long()


def tried(factory: ModelFactory, *batch_sizes: int, **recipe: object) -> tuple[str, ...]:
    trainer = TorchTrainer(as_task_data(points()), factory, Engine(threads=1))
    return try_jobs(trainer, Recipe(max_lr=0.1, **recipe), batch_sizes)  # type: ignore[arg-type]


class Embedded(nn.Module):
    def __init__(self, sparse: bool) -> None:
        super().__init__()
        self.table, self.out = nn.Embedding(16, 8, sparse=sparse), nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.out(self.table((x * 3 + 8).long().clamp(0, 15)).mean(1))
        return out


def normed() -> nn.Module:
    return nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 2))


class Line(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.change(self.a(x))

    def change(self, scores: Tensor) -> Tensor:
        return scores


class Squeezed(Line):
    def change(self, scores: Tensor) -> Tensor:
        return scores.squeeze()


class Flat(Line):
    def change(self, scores: Tensor) -> Tensor:
        return scores.flatten(1)


class Of32(Line):
    """Has its batch size built in."""

    def change(self, scores: Tensor) -> Tensor:
        return scores + torch.zeros(32, 2) if self.training else scores


class Of80InEvaluation(Line):
    def change(self, scores: Tensor) -> Tensor:
        return scores if self.training else scores + torch.zeros(7, 2)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_sparse_gradients_are_refused_with_a_remedy_that_works(optimizer: str) -> None:
    with pytest.raises(ModelError, match=rf"{optimizer} and a batch of 32: .*sparse=False"):
        tried(lambda: Embedded(sparse=True), 32, optimizer=optimizer)
    assert tried(lambda: Embedded(sparse=False), 32, optimizer=optimizer) == ()


def test_batch_norm_on_one_sample_is_refused_with_a_remedy_that_works() -> None:
    with pytest.raises(ModelError, match=r"a batch of 1: .* larger batches \(--batch-size\)"):
        tried(normed, 1, 32)
    assert tried(normed, 2, 32) == ()


def test_an_output_that_loses_its_batch_of_one_is_refused_with_a_remedy_that_works() -> None:
    with pytest.raises(ModelError, match=r"batch of 1: .* squeeze\(dim\) or flatten\(1\)"):
        tried(Squeezed, 1, 32)
    assert tried(Squeezed, 2, 32) == ()
    assert tried(Flat, 1, 32) == ()


def test_the_largest_batch_is_tried_too() -> None:
    with pytest.raises(ModelError, match=r"a training step with sgd and a batch of 64"):
        tried(Of32, 32, 64)


def test_an_evaluation_is_tried_at_its_own_size() -> None:
    # of 401 samples, a fifth each is for validation and for the test
    with pytest.raises(ModelError, match=r"cannot be evaluated on 8\d samples at once: .* any num"):
        tried(Of80InEvaluation, 32)


def test_memory_that_runs_out_is_left_to_the_measurement_of_memory() -> None:
    class Greedy(Line):
        def change(self, scores: Tensor) -> Tensor:
            raise torch.OutOfMemoryError("CUDA out of memory")

    assert tried(Greedy, 32) == ()


def test_what_a_single_run_cannot_do_is_refused_before_it_starts() -> None:
    events: list[Event] = []
    with pytest.raises(ModelError, match="Batch norm needs more than one sample"):
        autosuperconv.train(
            normed, points(), Recipe(max_lr=0.1, batch_size=1), device="cpu", listener=events.append
        )
    assert events == []


GENERATOR = torch.Generator()
NUMPY = np.random.default_rng()
CALLS = itertools.count()


def own_generator() -> nn.Module:
    net = Line()
    nn.init.normal_(net.a.weight, generator=GENERATOR)
    return net


def own_numpy() -> nn.Module:
    net = Line()
    with torch.no_grad():
        net.a.weight.copy_(torch.tensor(NUMPY.standard_normal((2, 8))))
    return net


def counting() -> nn.Module:
    net = Line()
    with torch.no_grad():
        net.a.weight.mul_(1 + 0.2 * next(CALLS))
    return net


def global_numpy() -> nn.Module:
    net = Line()
    with torch.no_grad():
        net.a.weight.copy_(torch.tensor(np.random.standard_normal((2, 8))))
    return net


NET = normed()


@pytest.mark.parametrize(
    ("factory", "notes"),
    [
        (own_generator, (UNSEEDED,)),
        (own_numpy, (UNSEEDED,)),
        (counting, (UNSEEDED,)),
        (global_numpy, ()),
        (lambda: copy.deepcopy(NET), ()),
    ],
)
def test_a_factory_that_draws_from_its_own_generator_is_said_to(
    factory: ModelFactory, notes: tuple[str, ...]
) -> None:
    assert tried(factory, 32) == notes


class OfTheClass(Line):
    calls = 0

    def change(self, scores: Tensor) -> Tensor:
        OfTheClass.calls += 1
        return scores * (1 + 0.3 * math.sin(self.calls))


class Counted(Line):
    def __init__(self) -> None:
        super().__init__()
        self.calls = itertools.count()

    def change(self, scores: Tensor) -> Tensor:
        return scores * (1 + 0.3 * math.sin(next(self.calls)))


class CountedByAttribute(Line):
    calls = 0

    def change(self, scores: Tensor) -> Tensor:
        self.calls += 1
        return scores * (1 + 0.3 * math.sin(self.calls))


class DroppedOut(Line):
    def change(self, scores: Tensor) -> Tensor:
        return nn.functional.dropout(scores, 0.5)


@pytest.mark.parametrize(
    ("net", "notes"),
    [
        (OfTheClass, (UNREPEATABLE,)),
        (Counted, (WATCHED,)),
        (CountedByAttribute, ()),  # the remedy of the one before
        (DroppedOut, ()),
    ],
)
def test_state_that_an_evaluation_changes_for_good_is_said(
    net: ModelFactory, notes: tuple[str, ...]
) -> None:
    assert tried(net, 32) == notes


def test_a_single_run_says_so_too() -> None:
    events: list[Event] = []
    recipe = Recipe(max_lr=0.1, epochs=1.0, batch_size=32)
    autosuperconv.train(Counted, points(), recipe, device="cpu", listener=events.append)
    assert Note(WATCHED) in events


def test_trying_takes_none_of_the_callers_random_numbers() -> None:
    before = torch.get_rng_state()
    tried(normed, 2, 32)
    assert torch.equal(torch.get_rng_state(), before)


def test_an_operation_without_a_deterministic_algorithm_keeps_its_own_remedy() -> None:
    class Odd(Line):
        def change(self, scores: Tensor) -> Tensor:
            raise RuntimeError("odd_pool_cuda does not have a deterministic implementation.")

    with pytest.raises(RuntimeError, match=r"^odd_pool_cuda"):  # `only_deterministic` adds the rest
        tried(Odd, 32)


def test_a_short_trial_takes_no_evaluation() -> None:
    trainer = TorchTrainer(as_task_data(points()), Of80InEvaluation, Engine(threads=1))
    try_training(trainer, Recipe(max_lr=0.1, batch_size=32))
    short = TorchTrainer(as_task_data(points()), normed, Engine(threads=1))
    with pytest.raises(ModelError, match="Batch norm"):
        try_training(short, Recipe(max_lr=0.1, batch_size=1))


class Graph(Line):
    """Has sparse tensors, as graph networks do."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("links", torch.eye(2).to_sparse())
        self.more = torch.eye(2).to_sparse()

    def change(self, scores: Tensor) -> Tensor:
        links = self.get_buffer("links") + self.more
        return torch.sparse.mm(links, scores.T).T


def test_a_network_with_sparse_tensors_is_sound() -> None:
    assert tried(Graph, 2, 32) == ()


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:FutureWarning")
def test_a_scripted_network_is_sound() -> None:
    assert tried(lambda: torch.jit.script(Embedded(sparse=False)), 2, 32) == ()


class OwnNorm(nn.Module):
    """Centres by a running mean of its own."""

    def __init__(self, learns: bool) -> None:
        super().__init__()
        self.register_buffer("running_mean", torch.zeros(8))
        self.learns = learns

    def forward(self, x: Tensor) -> Tensor:
        assert isinstance(self.running_mean, Tensor)
        if self.training and self.learns:
            self.running_mean.lerp_(x.mean(0), 0.1)
        return x - self.running_mean


@pytest.mark.parametrize(
    ("layer", "told"),
    [
        (lambda: OwnNorm(learns=True), "0.running_mean"),
        (lambda: torch.jit.script(nn.BatchNorm1d(8)), "0.running_mean"),
        (lambda: OwnNorm(learns=False), ""),
        (lambda: nn.BatchNorm1d(8), ""),
    ],
    ids=["own", "scripted", "frozen", "torch's"],
)
@pytest.mark.filterwarnings("ignore")  # torch.jit's own
def test_running_statistics_that_are_not_measured_anew_are_told(
    layer: Callable[[], nn.Module], told: str
) -> None:
    notes = tried(lambda: nn.Sequential(layer(), nn.Linear(8, 2)), 16)
    assert [told and told in note for note in notes] == [True] * bool(told)


class Words(nn.Module):
    def __init__(self, rows: int) -> None:
        super().__init__()
        self.table, self.out = nn.Embedding(rows, 8), nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.out(self.table(x).mean(1))
        return out


class Listed(Dataset[tuple[Tensor, int]]):
    """Streamed, with its labels declared."""

    def __init__(self, x: Tensor, y: Tensor) -> None:
        self.x, self.targets = x, y.tolist()

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.x[index], int(self.targets[index])


@pytest.mark.parametrize("rare", [500, -1])
@pytest.mark.parametrize("part", ["train", "test"])
def test_a_rare_number_beyond_an_embeddings_rows_is_found_before_anything_trains(
    part: str, rare: int
) -> None:
    y = torch.arange(200) % 2
    x = torch.arange(800).reshape(200, 4) % 50
    odd = x.clone()
    odd[150, 2] = rare
    data = as_task_data(((odd, y), (x, y)) if part == "train" else ((x, y), (odd, y)))
    remedy = r"number among the samples is 500, .* at least 501 rows" if rare > 0 else "is -1;"
    with pytest.raises(ModelError, match=remedy):
        check_model(lambda: Words(50), data)
    if rare > 0:
        check_model(lambda: Words(501), data)


def test_what_a_streamed_number_beyond_an_embeddings_rows_needs_is_said() -> None:
    y = torch.arange(200) % 2
    trainer = TorchTrainer(
        as_task_data(Listed(60 + torch.arange(800).reshape(200, 4), y)),
        lambda: Words(50),
        Engine(threads=1),
    )
    with pytest.raises(ModelError, match="more rows than the largest number"):
        try_jobs(trainer, Recipe(max_lr=0.1), [16])


class Carrying(Line):
    """Keeps the graph of the batch before."""

    before: Tensor | float = 0.0

    def change(self, scores: Tensor) -> Tensor:
        scores = scores + 0.1 * self.before
        self.before = scores.mean()
        return scores


def test_a_graph_that_is_kept_between_batches_is_to_be_detached() -> None:
    with pytest.raises(ModelError, match=r"Detach what its forward keeps"):
        tried(Carrying, 16)
