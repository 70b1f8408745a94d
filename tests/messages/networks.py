"""Networks that do not run on the data: the remedy by the error."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.models import model_factory
from tests.messages.models import (
    CHECK,
    COLOUR,
    GRAY,
    IDS,
    NUMBERS,
    RNG,
    SERIES,
    After,
    Words,
    Y,
    check,
    checked,
    floats,
    layers,
    linear,
)
from tests.messages.table import Row

RUN, OUTPUT, WIDTH = f"{CHECK} _run 1", f"{CHECK} _check_output 1", f"{CHECK} _check_output 2"


FLOAT_IDS = as_task_data((NUMBERS.astype("float32"), Y))
SCALED_IDS = as_task_data((NUMBERS, Y), normalise="feature")


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


def conv(*sizes: int, **options: Any) -> Callable[[], nn.Module]:
    return lambda: nn.Conv2d(*sizes, **options)  # type: ignore[arg-type]


FLATTEN, POOL = nn.Flatten, functools.partial(nn.AdaptiveAvgPool2d, 1)
ROWS = [
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
]
