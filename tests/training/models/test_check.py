"""The caller's own networks, and the check of a network against its data."""

from __future__ import annotations

import pickle
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from autosuperconv.errors import DataError, ModelError
from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.models import MODELS, model_factory
from autosuperconv.training.models.check import check_model
from tests.training.data.test_torch_dataset import Pictures
from tests.training.samples import images

IMAGE = (3, 32, 32)


OWN = """
import torch
from torch import nn
def plain(): return nn.Sequential(nn.Flatten(), nn.Linear(12, 4))
def fitted(shape, classes, width=7): return nn.Sequential(nn.Flatten(), nn.Linear(12, classes))
def one(width): return nn.Linear(12, 4)
def number(): return 7
class Nets:
    small = staticmethod(plain)
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_nets.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize("spec", ["own_nets:plain", "own_nets:fitted", "own_nets:Nets.small"])
def test_the_callers_own_factory_is_imported_and_pickles(spec: str) -> None:
    data = images(3, 2, 2)
    factory = pickle.loads(pickle.dumps(model_factory(spec, data.shape, data.classes)))
    check_model(factory, data)


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("no_such_nets:net", r"--model no_such_nets:net: there is no module"),
        ("own_nets:one", r"no arguments or with \(shape, classes\), but needs \(width\)"),
    ],
)
def test_a_factory_that_cannot_be_imported_says_why(spec: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        model_factory(spec, IMAGE, 10)


@pytest.mark.usefixtures("own")
def test_a_factory_that_returns_something_else_is_refused() -> None:
    data = images(3, 2, 2)
    with pytest.raises(ModelError, match=r"must return a torch.nn.Module, but returned int"):
        check_model(model_factory("own_nets:number", data.shape, data.classes), data)


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(12, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.layer(x.flatten(1)), x


class Blocked(Pair):
    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        with torch.no_grad():
            return super().forward(x)[0]


class Overwritten(Pair):
    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        hidden = super().forward(x)[0].sigmoid()
        out: Tensor = hidden.square()
        hidden.zero_()
        return out


class TrainReturnsNothing(Pair):
    def train(self, mode: bool = True) -> None:  # type: ignore[override]
        super().train(mode)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(x)[0]


def linear() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 4))


ONE = linear()


def broken() -> nn.Module:
    raise TypeError("no width given")


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        (
            lambda: nn.Sequential(nn.Flatten(), nn.Linear(12, 9)),
            r"has 4 classes, its output has shape \(2, 9\) instead of \(2, 4\)",
        ),
        (lambda: nn.Conv2d(3, 4, 1), r"its output has shape \(2, 4, 2, 2\) instead of \(2, 4\)"),
        (nn.Flatten, r"must have parameters to train, but no parameter of Flatten"),
        (lambda: nn.Linear(5, 4), r"cannot run on 'custom', .* shape \(3, 2, 2\): RuntimeError"),
        (Pair, r"must return one tensor of logits, but returned tuple"),
        (broken, r"cannot be built: TypeError: no width given"),
        (Blocked, r"cannot be trained: RuntimeError: element 0 .* no torch.no_grad\(\) or detach"),
        (Overwritten, r"cannot be trained: RuntimeError: .* modified by an inplace operation"),
        (
            lambda: nn.Sequential(nn.Flatten(), nn.LazyLinear(4)),
            r"has lazy layers .* call the network once",
        ),
        (lambda: linear().double(), r"Samples are float32, but it has torch.float64 weights"),
        (lambda: ONE, r"share the weights '1.weight', so each run would continue from"),
        (ONE, r"must be a function that builds the network, but got a network, Sequential"),
    ],
)
def test_a_network_that_does_not_fit_is_refused(factory: Any, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        check_model(factory, images(3, 2, 2))


def test_train_and_eval_need_not_return_the_network() -> None:
    check_model(TrainReturnsNothing, images(3, 2, 2))


def test_a_frozen_part_may_be_shared() -> None:
    body = nn.Linear(12, 5).requires_grad_(False)
    check_model(lambda: nn.Sequential(nn.Flatten(), body, nn.Linear(5, 4)), images(3, 2, 2))


def test_the_check_leaves_the_random_state_alone() -> None:
    data = images(1, 8, 8)
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    check_model(model_factory("mlp", data.shape, data.classes), data)
    assert torch.equal(torch.rand(1), expected)


def test_the_check_works_on_streamed_data() -> None:
    data = as_task_data(Pictures())
    check_model(partial(MODELS["resnet8"], data.shape, data.classes), data)


def test_streamed_samples_of_different_shapes_are_refused() -> None:
    class Uneven(Pictures):
        def __getitem__(self, index: int) -> tuple[Tensor, int]:
            return torch.full((3, 8 + index, 8), float(index)), index % 3

    with pytest.raises(DataError, match=r"train sample 1 has shape \(3, 9, 8\), but the first"):
        as_task_data((Uneven(), Uneven(), Uneven()))
