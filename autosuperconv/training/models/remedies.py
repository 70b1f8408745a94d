"""What to change in a network or its samples, by the error that they meet in the model check."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from autosuperconv.core.format import counted
from autosuperconv.training.data.task import TaskData, TensorSplit

CHANNELS = re.compile(r"expected input\[.*\] to have (\d+) channels, but got (\d+)")
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
DIMENSIONS = re.compile(r"(?:input to conv(\d)d|expected (\d)D(?: or (\d)D)? input)")
PRODUCT = re.compile(r"cannot be multiplied \((\d+)x(\d+) and (\d+)x(\d+)\)")
SMALL = re.compile(r"Kernel size can't be greater|output size is too small", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Failure:
    """A network that could not run.

    Args:
        error: that its forward raised.
        model: the network.
        probe: what it was given, (B, *shape).
        data: whose samples these are.
    """

    error: Exception
    model: nn.Module
    probe: Tensor
    data: TaskData

    @property
    def text(self) -> str:
        return str(self.error)

    def has(self, *kinds: type[nn.Module]) -> bool:
        """Whether it has a layer of one of these classes."""
        return any(isinstance(layer, kinds) for layer in self.model.modules())


def remedy_for(failure: Failure) -> str:
    """What to do, by the first rule that knows the error."""
    return next(text for rule in RULES if (text := rule(failure)))


def _whole_numbers(failure: Failure) -> str:
    if failure.probe.is_floating_point():
        return ""
    if not failure.has(nn.Embedding, nn.EmbeddingBag):
        return (
            "Samples are whole numbers and are kept as such, for an nn.Embedding. If they are "
            "measurements, convert them with x.astype('float32'), or use --normalise feature."
        )
    if "index out of range" not in failure.text:
        return ""
    data = failure.data
    held = [s.x for s in (data.train, data.validation, data.test) if isinstance(s, TensorSplit)]
    ends = [end for x in held or [failure.probe] for end in x.aminmax()]
    low, high = int(min(ends)), int(max(ends))
    if low < 0:
        return f"The smallest number among the samples is {low}; an nn.Embedding counts from 0."
    return (
        f"The largest number among the samples is {high}, so that its nn.Embedding needs at least "
        f"{high + 1} rows."
    )


def _floats_for_an_embedding(failure: Failure) -> str:
    if "indices" not in failure.text or not failure.probe.is_floating_point():
        return ""
    return (
        "Its nn.Embedding takes whole numbers, but the samples are floats. If they are numbers of "
        "tokens, give x.astype('int64') and leave out --normalise, so that they are kept as such."
    )


def _other_floats(failure: Failure) -> str:
    kinds = {p.dtype for p in failure.model.parameters() if p.is_floating_point()}
    other = sorted(map(str, kinds - {torch.float32}))
    if not other or not failure.probe.is_floating_point():
        return ""
    return f"Samples are float32, but it has {other[0]} weights: build it in float32."


def _other_device(failure: Failure) -> str:
    if all(p.device == failure.probe.device for p in failure.model.parameters()):
        return ""
    return "Build it on the CPU; each run moves its network to the device (--device)."


def _more_arguments(failure: Failure) -> str:
    if not isinstance(failure.error, TypeError) or "argument" not in failure.text:
        return ""
    return (
        "Its forward is called with one tensor, the batch. If it needs more, put it into a module "
        "whose forward gives it the rest."
    )


def _no_forward(failure: Failure) -> str:
    missing = isinstance(failure.error, NotImplementedError) and "forward" in failure.text
    return "Give it a method forward(self, x) that returns the logits." if missing else ""


def _channels(failure: Failure) -> str:
    found = CHANNELS.search(failure.text)
    if found is None:
        return ""
    takes, got = int(found[1]), int(found[2])
    shape = failure.data.shape
    convolutions = [m for m in failure.model.modules() if type(m) in CONVOLUTIONS]
    axes = 1 + next((CONVOLUTIONS.index(type(m)) + 1 for m in convolutions), len(shape) - 1)
    if axes != len(shape):
        return _axes(axes, len(shape))
    if shape[0] != got:
        return f"A convolution takes {counted(takes, 'channel')}, but the layer before gives {got}."
    last = ", or give channels first, numpy.moveaxis(x, -1, 1)" if shape[-1] == takes else ""
    return (
        f"Its first convolution takes {counted(takes, 'channel')}, but samples have {got}: build "
        f"it with {counted(got, 'input channel')}{last}."
    )


def _product(failure: Failure) -> str:
    found = PRODUCT.search(failure.text)
    if found is None:
        return ""
    got, takes = int(found[2]), int(found[3])
    shape = failure.data.shape
    if takes == math.prod(shape) and len(shape) > 1:
        return f"Its linear layer takes {takes} features: put nn.Flatten() before it."
    if got == shape[-1] and len(shape) > 1 and not failure.has(*CONVOLUTIONS):
        return (
            f"Its linear layer takes {takes} features: put nn.Flatten() before it, and build it "
            f"with nn.Linear({math.prod(shape)}, ...)."
        )
    return f"A linear layer takes {takes} features, but gets {got}: build it with {got}."


def _dimensions(failure: Failure) -> str:
    found = DIMENSIONS.search(failure.text)
    if found is None:
        return ""
    axes = int(found[1]) + 1 if found[1] else int(found[3] or found[2]) - 1
    return _axes(axes, len(failure.data.shape))


def _axes(takes: int, got: int) -> str:
    """What to do where samples have another number of axes than the network takes."""
    if takes == got + 1 and got > 1:
        return f"It takes samples with {takes} axes. If one is missing, give x[:, None]."
    return (
        f"It takes samples with {takes} axes, but these have {got}: reshape them, or take a "
        "network for such samples."
    )


def _too_small(failure: Failure) -> str:
    if not SMALL.search(failure.text):
        return ""
    other = ", or take a network for small images, such as resnet20"
    return (
        "Samples are too small for it: give larger ones (for a folder, --image-size)"
        f"{other if len(failure.data.shape) == 3 else ''}, or leave out some of its poolings."
    )


def _any(failure: Failure) -> str:
    kind = str(failure.probe.dtype).removeprefix("torch.")
    sizes = ", ".join(map(str, failure.data.shape))
    return f"Build it for {kind} batches of shape (B, {sizes}), or reshape the samples."


RULES: tuple[Callable[[Failure], str], ...] = (
    _other_device,
    _more_arguments,
    _no_forward,
    _whole_numbers,
    _floats_for_an_embedding,
    _other_floats,
    _channels,
    _product,
    _dimensions,
    _too_small,
    _any,
)
"""Each knows one kind of error, and says nothing to others."""


def of_output(output: object, due: tuple[int, int]) -> str:
    """What to do about an output that is no tensor.

    Args:
        output: of the network.
        due: the shape of the logits.
    """
    if output is None:
        return "Let its forward end with `return`."
    entries: list[tuple[object, object]] = []
    if isinstance(output, Mapping):
        entries = list(output.items())
    elif isinstance(output, tuple | list):
        entries = list(enumerate(output))
    for key, value in entries:
        if isinstance(value, Tensor) and tuple(value.shape) == due:
            return (
                f"Its logits are output[{key!r}]: put it into a module whose forward returns "
                f"self.net(x)[{key!r}]."
            )
    return f"Let its forward return the logits alone, (B, {due[1]})."


def of_shape(shape: tuple[int, ...], due: tuple[int, int]) -> str:
    """What to do about logits of another shape than is due."""
    batch, classes = due
    if len(shape) > 2 and shape[:2] == due and math.prod(shape) == batch * classes:
        return "Flatten it: x.flatten(1)."
    if len(shape) == 3 and shape[-1] == classes and shape[0] == batch:
        return "It has logits for each position: take their mean, x.mean(1), or the last, x[:, -1]."
    if len(shape) > 2:
        return f"Pool and flatten it, and end with a linear layer of {classes} outputs."
    if not shape or shape[0] != batch:
        return "Keep the batch as the first axis: use squeeze(dim) or flatten(1)."
    if len(shape) == 1 or shape[1] == 1:
        return f"One output with a sigmoid is not supported: give its last layer {classes} outputs."
    more = (
        f" If the data have {shape[1]} classes, some of which no training sample has, pass "
        f"classes={shape[1]} to as_task_data."
        if shape[1] > classes
        else ""
    )
    return f"Give its last layer {classes} outputs.{more}"
