"""Networks, their factories, and what runs them."""

from __future__ import annotations

import copy
import functools
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from autosuperconv.core.recipe import Recipe
from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.data.task import TaskData
from autosuperconv.training.engine import Engine, only_deterministic, resolve_device
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.models import model_factory
from autosuperconv.training.models.check import check_model
from autosuperconv.training.models.network import set_dropout
from autosuperconv.training.probe.jobs import try_jobs
from tests.messages.table import Row, call

CHECK = "training/models/check.py"
RUN, OUTPUT, WIDTH = f"{CHECK} _run 1", f"{CHECK} _check_output 1", f"{CHECK} _check_output 2"
USER = "training/models/user.py"
RNG = np.random.default_rng(0)
Y = np.arange(60) % 3
MINE = """
import copy
from torch import nn
net = nn.Linear(8, 3)
def make_net(): return copy.deepcopy(net)
class Wide(nn.Linear):
    def __init__(self, width, depth, classes): super().__init__(width, classes)
def make(shape, classes): return Wide(shape[0], 1, classes)
class Two(nn.Linear):
    def __init__(self, n_in, n_out): super().__init__(n_in, n_out)
def two(): return Two(8, 3)
"""


def floats(*shape: int) -> TaskData:
    return as_task_data((RNG.normal(size=(60, *shape)).astype("float32"), Y))


FLAT, GRAY, COLOUR, SERIES = floats(8), floats(1, 28, 28), floats(3, 32, 32), floats(10, 5)
NUMBERS = RNG.integers(1, 100, (60, 12))
NUMBERS[0] = 99
IDS = as_task_data((NUMBERS, Y))
FLOAT_IDS = as_task_data((NUMBERS.astype("float32"), Y))
SCALED_IDS = as_task_data((NUMBERS, Y), normalise="feature")


class Words(nn.Module):
    def __init__(self, rows: int = 100) -> None:
        super().__init__()
        self.embedding, self.out = nn.Embedding(rows, 8), nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.out(self.embedding(x).mean(1))
        return out


class After(nn.Module):
    """A linear layer and what becomes of its output."""

    def __init__(self, then: Callable[[Tensor], object], inputs: int = 8) -> None:
        super().__init__()
        self.net, self.then = nn.Linear(inputs, 3), then

    def forward(self, x: Tensor) -> Any:
        return self.then(self.net(x))


class Masked(After):
    def forward(self, x: Tensor, mask: Tensor) -> Any:  # type: ignore[override]
        return self.net(x) * mask


class Wrapped(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = Masked(nn.Identity())

    def forward(self, x: Tensor) -> Any:
        return self.net(x, torch.ones(3))


class Unfinished(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Linear(8, 3)


class Constant(nn.Module):
    """Without a gradient, or with one."""

    def __init__(self, detached: bool) -> None:
        super().__init__()
        self.net, self.detached = nn.Linear(8, 3), detached

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.net(x)
        return out.detach() if self.detached else out


class Sizes(Dataset[Any]):
    """Samples of two sizes, or of one."""

    def __init__(self, *sizes: int) -> None:
        self.sizes = sizes

    def __len__(self) -> int:
        return 60

    def __getitem__(self, index: int) -> Any:
        return torch.randn(self.sizes[index % len(self.sizes)]), index % 3


def check(factory: Any, data: TaskData = FLAT) -> object:
    return check_model(factory, data)


def checked(build: Callable[[], object], data: TaskData = FLAT) -> Callable[[], object]:
    return call(check, build, data)


def layers(*stack: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    return lambda: nn.Sequential(*(layer() for layer in stack))


def conv(*sizes: int, **options: Any) -> Callable[[], nn.Module]:
    return lambda: nn.Conv2d(*sizes, **options)  # type: ignore[arg-type]


def linear(inputs: int, outputs: int = 3) -> Callable[[], nn.Module]:
    return lambda: nn.Linear(inputs, outputs)


def named(name: str) -> object:
    Path("mine_net.py").write_text(MINE)
    sys.modules.pop("mine_net", None)
    sys.path.insert(0, str(Path.cwd()))
    return check(model_factory(name, FLAT.shape, FLAT.classes))


def built(name: str, *shape: int) -> object:
    return model_factory(name, shape, 3)()


def tried(net: Callable[[], nn.Module], *sizes: int) -> object:
    return try_jobs(TorchTrainer(FLAT, net, Engine()), Recipe(max_lr=0.1), sizes)


def deterministic(message: str) -> None:
    with only_deterministic():
        if message:
            raise RuntimeError(message)


def on_mps() -> object:
    with patch.object(torch.backends.mps, "is_available", return_value=False):
        return resolve_device("mps")


def two_sizes(*sizes: int) -> object:
    data = as_task_data((RNG.normal(size=(60, 8)), Y))
    return check(linear(8), replace(data, train=Sizes(*sizes)))


def lazy() -> nn.Module:
    model = nn.LazyLinear(3)
    model(torch.zeros(2, 8))
    return model


def norm() -> nn.Module:
    return nn.BatchNorm1d(4)


def vit(side: int) -> object:
    with torch.device("meta"):
        return built("vit_b_32", 3, side, side)


NET = nn.Linear(8, 3)
FLATTEN, POOL = nn.Flatten, functools.partial(nn.AdaptiveAvgPool2d, 1)
AUTO = call(resolve_device, "auto")
ROWS = [
    Row(
        "training/engine/__init__.py resolve_device 1",
        call(resolve_device, "gpu"),
        "or cuda:N",
        AUTO,
    ),
    Row(
        "training/engine/__init__.py resolve_device 2",
        call(resolve_device, "cuda:99"),
        "Use --device cpu or --device auto",
        AUTO,
    ),
    Row(
        "training/engine/__init__.py resolve_device 3",
        on_mps,
        "Use --device cpu or --device auto",
        AUTO,
    ),
    Row(
        "training/engine/__init__.py only_deterministic 1",
        call(deterministic, "x has no deterministic implementation."),
        "Leave out --deterministic",
        call(deterministic, ""),
    ),
    Row(
        f"{CHECK} _build 1",
        checked(NET),
        "Pass lambda: copy.deepcopy(model)",
        checked(lambda: copy.deepcopy(NET)),
    ),
    Row(
        f"{CHECK} _build 2",
        checked(lambda: nn.Linear(8, -1)),
        "Call the factory by itself",
        nothing="the error is the caller's own, and named",
    ),
    Row(f"{CHECK} _build 3", checked(lambda: None), "end with `return`", checked(linear(8))),
    Row(
        f"{CHECK} _build 3",
        checked(lambda: (NET, 1)),
        "Return its entry 0 alone",
        checked(linear(8)),
    ),
    Row(
        f"{CHECK} _build 3",
        checked(lambda: Words),
        "return an instance, Words()",
        checked(Words, IDS),
    ),
    Row(
        f"{CHECK} _build 4",
        checked(lambda: nn.LazyLinear(3)),
        "call the network once",
        checked(lazy),
    ),
    Row(
        f"{CHECK} _build 5",
        checked(lambda: nn.Linear(8, 3).requires_grad_(False)),
        "Leave some of its layers unfrozen",
        checked(linear(8)),
    ),
    Row(
        f"{CHECK} _check_call 1",
        checked("mlp"),  # type: ignore[arg-type]
        "autosuperconv.model_factory('mlp', shape, classes)",
        checked(model_factory("mlp", FLAT.shape, FLAT.classes)),
    ),
    Row(
        f"{CHECK} _check_call 2",
        checked(3),  # type: ignore[arg-type]
        "Give a function, such as lambda: nn.Linear(8, 2)",
        checked(lambda: nn.Linear(8, 3)),
    ),
    Row(
        f"{CHECK} _check_call 3",
        checked(nn.Linear),
        "functools.partial(factory, ...)",
        checked(functools.partial(nn.Linear, 8, 3)),
    ),
    Row(
        f"{CHECK} _check_fresh 1",
        checked(lambda: NET),
        "return copy.deepcopy(model)",
        checked(lambda: copy.deepcopy(NET)),
    ),
    Row(
        f"{CHECK} _check_gradients 1",
        checked(lambda: Constant(True)),
        "use no torch.no_grad()",
        checked(lambda: Constant(False)),
    ),
    Row(f"{CHECK} _probe 1", call(two_sizes, 8, 9), "Resize them", call(two_sizes, 8, 8)),
    Row(RUN, checked(lambda: Words(50), IDS), "at least 100 rows", checked(Words, IDS)),
    Row(RUN, checked(linear(12), IDS), "x.astype('float32')", checked(linear(12), FLOAT_IDS)),
    Row(RUN, checked(linear(12), IDS), "use --normalise feature", checked(linear(12), SCALED_IDS)),
    Row(RUN, checked(Words, FLOAT_IDS), "x.astype('int64')", checked(Words, IDS)),
    Row(RUN, checked(Words, SCALED_IDS), "leave out --normalise", checked(Words, IDS)),
    Row(
        RUN,
        checked(layers(conv(1, 4, 3), POOL, FLATTEN, linear(4)), COLOUR),
        "build it with 3 input channels",
        checked(layers(conv(3, 4, 3), POOL, FLATTEN, linear(4)), COLOUR),
    ),
    Row(
        RUN,
        checked(layers(conv(3, 4, 3), conv(8, 4, 3)), COLOUR),
        "the layer before gives 4",
        checked(layers(conv(3, 4, 3), conv(4, 4, 3), POOL, FLATTEN, linear(4)), COLOUR),
    ),
    Row(
        RUN,
        checked(linear(784), GRAY),
        "put nn.Flatten() before it",
        checked(layers(FLATTEN, linear(784)), GRAY),
    ),
    Row(
        RUN,
        checked(linear(7), SERIES),
        "build it with nn.Linear(50, ...)",
        checked(layers(FLATTEN, linear(50)), SERIES),
    ),
    Row(RUN, checked(linear(10)), "gets 8: build it with 8", checked(linear(8))),
    Row(RUN, checked(conv(1, 3, 3)), "reshape them, or take a network", checked(linear(8))),
    Row(
        RUN,
        checked(layers(conv(1, 4, 3), POOL, FLATTEN, linear(4)), SERIES),
        "give x[:, None]",
        checked(layers(conv(1, 4, 3), POOL, FLATTEN, linear(4)), floats(1, 10, 5)),
    ),
    Row(
        RUN,
        checked(layers(conv(1, 4, 40)), GRAY),
        "such as resnet20",
        checked(model_factory("resnet20", GRAY.shape, 3), GRAY),
    ),
    Row(RUN, checked(lambda: nn.Linear(8, 3).double()), "build it in float32", checked(linear(8))),
    Row(
        RUN,
        checked(lambda: nn.Linear(8, 3, device="meta")),
        "Build it on the CPU",
        checked(linear(8)),
    ),
    Row(
        RUN,
        checked(lambda: Masked(nn.Identity())),
        "put it into a module whose forward",
        checked(Wrapped),
    ),
    Row(RUN, checked(Unfinished), "Give it a method forward", checked(linear(8))),
    Row(
        RUN,
        checked(lambda: After(lambda x: x.view(7, 7))),
        "batches of shape (B, 8)",
        checked(linear(8)),
    ),
    Row(
        OUTPUT,
        checked(lambda: After(lambda x: (x, 1))),
        "output[0]",
        checked(lambda: After(lambda x: (x, 1)[0])),
    ),
    Row(
        OUTPUT,
        checked(lambda: After(lambda x: {"logits": x})),
        "self.net(x)['logits']",
        checked(lambda: After(lambda x: {"logits": x}["logits"])),
    ),
    Row(OUTPUT, checked(lambda: After(lambda x: None)), "end with `return`", checked(linear(8))),
    Row(
        OUTPUT,
        checked(lambda: After(lambda x: (x.sum(),))),
        "the logits alone, (B, 3)",
        checked(linear(8)),
    ),
    Row(WIDTH, checked(linear(8, 1)), "give its last layer 3 outputs", checked(linear(8, 3))),
    Row(
        WIDTH,
        checked(linear(8, 5)),
        "pass classes=5 to as_task_data",
        lambda: check(linear(8, 5), as_task_data((RNG.normal(size=(60, 8)), Y), classes=5)),
    ),
    Row(WIDTH, checked(linear(8, 2)), "Give its last layer 3 outputs", checked(linear(8, 3))),
    Row(
        WIDTH,
        checked(lambda: After(lambda x: x[:, :, None])),
        "x.flatten(1)",
        checked(lambda: After(lambda x: x[:, :, None].flatten(1))),
    ),
    Row(
        WIDTH,
        checked(linear(5), SERIES),
        "x.mean(1), or the last, x[:, -1]",
        lambda: [
            check(lambda: After(lambda x: x.mean(1), 5), SERIES),
            check(lambda: After(lambda x: x[:, -1], 5), SERIES),
        ],
    ),
    Row(
        WIDTH,
        checked(linear(28), GRAY),
        "Pool and flatten it",
        checked(layers(linear(28), POOL, FLATTEN, linear(1)), GRAY),
    ),
    Row(
        WIDTH,
        checked(lambda: After(lambda x: x[:1].squeeze())),
        "use squeeze(dim) or flatten(1)",
        checked(linear(8)),
    ),
    Row(
        "training/models/network.py set_dropout 1",
        call(set_dropout, NET, 1.0),
        "in [0, 1)",
        call(set_dropout, NET, 0.9),
    ),
    Row(
        "training/models/registry.py model_name 1",
        call(built, "resnet21", 3, 32, 32),
        "Did you mean",
        call(built, "resnet20", 3, 32, 32),
    ),
    Row(
        "training/models/resnet.py wide_resnet 1",
        call(built, "wrn-11-1", 3, 32, 32),
        "The nearest is wrn-10-1",
        call(built, "wrn-10-1", 3, 32, 32),
    ),
    Row(
        "training/models/resnet.py channels_of 1",
        call(built, "resnet8", 8),
        "mlp for features",
        call(built, "mlp", 8),
    ),
    Row(
        "training/models/small.py build_lenet 1",
        call(built, "lenet", 1, 6, 6),
        "Use mlp",
        call(built, "mlp", 1, 6, 6),
    ),
    Row(
        "training/models/torchvision.py torchvision_net 1",
        call(built, "resnet18", 5, 64, 64),
        "Take resnet8",
        call(built, "resnet8", 5, 64, 64),
    ),
    Row(
        "training/models/torchvision.py _side 1",
        call(built, "vit_b_32", 3, 40, 48),
        "--image-size 32",
        call(vit, 32),
    ),
    Row(
        f"{USER} import_and_build 1",
        call(named, "mine_net:net"),
        "--model mine_net:make_net",
        call(named, "mine_net:make_net"),
    ),
    Row(
        f"{USER} arguments_of 1",
        call(named, "mine_net:Wide"),
        "give --model mine_net:make",
        call(named, "mine_net:make"),
    ),
    Row(
        f"{USER} build 1",
        call(named, "mine_net:Two"),
        "write one that needs no arguments",
        call(named, "mine_net:two"),
    ),
    Row(
        "training/probe/jobs.py _step 1",
        call(tried, lambda: After(lambda x: nn.functional.pad(x, (0, 2))), 1, 8),
        "(B, classes) for every batch size",
        call(tried, lambda: After(lambda x: x), 1, 8),
    ),
    Row(
        "training/probe/jobs.py _refusing 1",
        call(tried, layers(linear(8, 4), norm, linear(4)), 1),
        "with larger batches",
        call(tried, layers(linear(8, 4), norm, linear(4)), 2),
    ),
]
