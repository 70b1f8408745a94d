"""Whether the network fits the data: checked in a second, before a search starts."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter

from autosuperconv.errors import AutosuperconvError, DataError, ModelError
from autosuperconv.training.data.task import Samples, TaskData, TensorSplit, normalised
from autosuperconv.training.engine.isolation import own_state

PROBES = 2  # samples; batch norm needs more than one


def check_model(factory: Callable[[], nn.Module], data: TaskData) -> nn.Module:
    """Build the network and run two training samples through it and back, on the CPU.

    The global random state is left as it was.

    Returns:
        The network, after the check.

    Raises:
        DataError: the samples have different shapes.
        ModelError: the network is not an nn.Module, has nothing to train, shares weights between
            two builds, cannot run on this shape, returns anything but (B, classes) logits, or
            gives no gradients.
    """
    with own_state():
        model = _build(factory)
        _check_fresh(model, _build(factory))
        probe = normalised(_probe(data.train), data)
        model.train()
        _check_gradients(_check_output(_run(model, probe, data), data))
        model.eval()
        with torch.no_grad():
            _check_output(_run(model, probe, data), data)
    return model


def _build(factory: Callable[[], object]) -> nn.Module:
    if isinstance(factory, nn.Module):
        raise ModelError(
            f"The model factory must be a function that builds the network, but got a network, "
            f"{type(factory).__name__}. Pass lambda: copy.deepcopy(model), or a function that "
            "builds its layers."
        )
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
    if any(isinstance(p, UninitializedParameter) for p in model.parameters()):
        raise ModelError(
            f"The sizes of all layers must be known, but {type(model).__name__} has lazy layers "
            "that have seen no sample. In the factory, call the network once before you return "
            "it: model(torch.zeros(2, *shape_of_a_sample))."
        )
    if not any(p.requires_grad for p in model.parameters()):
        raise ModelError(
            f"The network must have parameters to train, but no parameter of "
            f"{type(model).__name__} has requires_grad."
        )
    return model


def _check_fresh(model: nn.Module, again: nn.Module) -> None:
    """Every run must start with weights of its own."""
    theirs = {p.data_ptr() for p in again.parameters() if p.requires_grad and p.numel()}
    shared = [n for n, p in model.named_parameters() if p.requires_grad and p.data_ptr() in theirs]
    if shared:
        raise ModelError(
            "The model factory must build a fresh network at each call, but two calls share the "
            f"weights {shared[0]!r}, so each run would continue from the weights of the run before "
            "it. Build the layers inside the factory, or return copy.deepcopy(model)."
        )


def _check_gradients(output: Tensor) -> None:
    try:
        output.float().logsumexp(1).sum().backward()
    except RuntimeError as error:
        raise ModelError(
            f"The network cannot be trained: {type(error).__name__}: {error}. Its output needs a "
            "gradient: use no torch.no_grad() or detach() in forward, and change nothing in place "
            "that the backward pass needs."
        ) from error


def _probe(samples: Samples) -> Tensor:
    if isinstance(samples, TensorSplit):
        return samples.x[:PROBES]
    rows = [samples[i][0] for i in range(PROBES)]
    if rows[0].shape != rows[1].shape:
        raise DataError(
            f"All samples must have one shape, but the first two have {tuple(rows[0].shape)} and "
            f"{tuple(rows[1].shape)}. Resize them in the data set's transform."
        )
    return torch.stack(rows)


def _run(model: nn.Module, probe: Tensor, data: TaskData) -> object:
    try:
        output: object = model(probe)
    except Exception as error:
        raise ModelError(
            f"The network cannot run on {data.name!r}, whose samples have shape "
            f"{data.shape}: {type(error).__name__}: {error}. {_remedy(model, probe)}"
        ) from error
    return output


def _remedy(model: nn.Module, probe: Tensor) -> str:
    if not probe.is_floating_point():
        return (
            "Samples are whole numbers and are kept as such, for an nn.Embedding. If they are "
            "measurements, convert them with x.astype('float32'), or use --normalise feature."
        )
    other = {p.dtype for p in model.parameters() if p.is_floating_point()} - {torch.float32}
    if other:
        return f"Samples are float32, but it has {other.pop()} weights: build it in float32."
    return (
        "Choose a network for this shape, such as resnet20 for small images or mlp for features, "
        "or resize the data."
    )


def _check_output(output: object, data: TaskData) -> Tensor:
    if not isinstance(output, Tensor):
        raise ModelError(
            f"The network must return one tensor of logits, but returned {type(output).__name__}."
        )
    if tuple(output.shape) != (PROBES, data.classes):
        raise ModelError(
            f"The network must return one logit per class, but for {PROBES} samples of "
            f"{data.name!r}, which has {data.classes} classes, its output has shape "
            f"{tuple(output.shape)} instead of ({PROBES}, {data.classes})."
        )
    return output
