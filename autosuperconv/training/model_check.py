"""Does the network fit the data? Found out in a second, before a search is begun."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from autosuperconv.errors import AutosuperconvError, DataError, ModelError
from autosuperconv.training.task import Samples, Split, TaskData, normalised

PROBES = 2  # samples; batch norm needs more than one


def check_model(factory: Callable[[], nn.Module], data: TaskData) -> None:
    """Build the network and run two training samples through it, on the CPU.

    The global random state is left as it was.

    Raises:
        DataError: samples of different shapes.
        ModelError: not an nn.Module, nothing to train, cannot run on this shape, or outputs
            something else than (B, classes) logits.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        model = _build(factory)
        probe = normalised(_probe(data.train), data)
        for training in (True, False):
            _check_output(_run(model.train(training), probe, data), data)


def _build(factory: Callable[[], object]) -> nn.Module:
    try:
        model = factory()
    except AutosuperconvError:
        raise
    except Exception as error:
        raise ModelError(
            f"The network cannot be built: {type(error).__name__}: {error}."
        ) from error
    if not isinstance(model, nn.Module):
        raise ModelError(
            f"The model factory must return a torch.nn.Module, but returned {type(model).__name__}."
        )
    if not any(p.requires_grad for p in model.parameters()):
        raise ModelError(
            f"The network must have parameters to train, but {type(model).__name__} has none "
            "with requires_grad."
        )
    return model


def _probe(samples: Samples) -> Tensor:
    if isinstance(samples, Split):
        return samples.x[:PROBES]
    rows = [samples[i][0] for i in range(PROBES)]
    if rows[0].shape != rows[1].shape:
        raise DataError(
            f"Samples must all have one shape, but the first two have {tuple(rows[0].shape)} and "
            f"{tuple(rows[1].shape)}. Resize them in the data set's transform."
        )
    return torch.stack(rows)


def _run(model: nn.Module, probe: Tensor, data: TaskData) -> object:
    try:
        output: object = model(probe)
    except Exception as error:
        raise ModelError(
            f"The network cannot run on {data.name!r}, whose samples have shape "
            f"{data.shape}: {type(error).__name__}: {error}. Take one made for this "
            "shape, such as resnet20 for small images or mlp for features, or resize the data."
        ) from error
    return output


def _check_output(output: object, data: TaskData) -> None:
    if not isinstance(output, Tensor):
        raise ModelError(
            f"The network must return one tensor of logits, but returned {type(output).__name__}."
        )
    if tuple(output.shape) != (PROBES, data.classes):
        raise ModelError(
            f"The network's output must have a width of {data.classes}, the classes of "
            f"{data.name!r}, but for {PROBES} samples it has shape {tuple(output.shape)}, "
            f"expected ({PROBES}, {data.classes})."
        )
