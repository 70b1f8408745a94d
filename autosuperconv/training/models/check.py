"""Whether the network fits the data: checked in a second, before a search starts."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter

from autosuperconv.errors import AutosuperconvError, DataError, ModelError
from autosuperconv.training.data.task import Samples, TaskData, TensorSplit, normalised
from autosuperconv.training.engine.isolation import own_state
from autosuperconv.training.models.remedies import Failure, of_output, of_shape, remedy_for

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
            for extreme in _extremes(data):
                _run(model, extreme, data)
    return model


def _build(factory: Callable[[], object]) -> nn.Module:
    if isinstance(factory, nn.Module):
        raise ModelError(
            f"The model factory must be a function that builds the network, but got a network, "
            f"{type(factory).__name__}. Pass lambda: copy.deepcopy(model), or a function that "
            "builds its layers."
        )
    _check_call(factory)
    try:
        model = factory()
    except AutosuperconvError:
        raise
    except Exception as error:
        raise ModelError(
            f"The network cannot be built: {type(error).__name__}: {str(error).rstrip('.')}. Call "
            "the factory by itself to see where."
        ) from error
    if not isinstance(model, nn.Module):
        raise ModelError(
            f"The model factory must return a torch.nn.Module, but returned "
            f"{_kind(model)}. {_instead(model)}"
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
            f"{type(model).__name__} has requires_grad. Leave some of its layers unfrozen."
        )
    return model


def _check_call(factory: object) -> None:
    """A factory is called with nothing."""
    if isinstance(factory, str):
        raise ModelError(
            f"The model factory must be a function that builds the network, but got the name "
            f"{factory!r}. Give autosuperconv.model_factory({factory!r}, shape, classes), with the "
            "shape of a sample and the number of classes."
        )
    if not callable(factory):
        raise ModelError(
            f"The model factory must be a function that builds the network, but got "
            f"{type(factory).__name__}. Give a function, such as lambda: nn.Linear(8, 2)."
        )
    needed = ", ".join(required(factory))
    if needed:
        raise ModelError(
            f"The model factory is called without arguments, but needs ({needed}). Pass a function "
            f"that gives them, such as functools.partial(factory, ...)."
        )


def required(function: Callable[..., object]) -> list[str]:
    """The arguments that have no default, as far as it tells."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # built in
        return []
    rest = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p.name for p in parameters if p.default is p.empty and p.kind not in rest]


def _kind(value: object) -> str:
    return "None" if value is None else type(value).__name__


def _instead(returned: object) -> str:
    if returned is None:
        return "Let it end with `return` and the network."
    if isinstance(returned, type):
        return f"Return an instance of the class, {returned.__name__}()."
    if isinstance(returned, tuple | list) and any(isinstance(r, nn.Module) for r in returned):
        at = next(i for i, r in enumerate(returned) if isinstance(r, nn.Module))
        return f"Return its entry {at} alone."
    return "Return the network itself."


def _check_fresh(model: nn.Module, again: nn.Module) -> None:
    """Every run must start with weights of its own."""
    theirs = {p.data_ptr() for p in again.parameters() if p.requires_grad and p.numel()} - {0}
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


def _extremes(data: TaskData) -> list[Tensor]:
    """Of whole numbers, the samples that hold the smallest and the largest: a table of embeddings
    may be too short for a token that is rare."""
    splits = (data.train, data.validation, data.test)
    held = [s.x for s in splits if isinstance(s, TensorSplit) and s.x.dtype == torch.int64]
    if data.normalise != "none":
        return []
    rows = [(x.argmin(), x.argmax()) for x in held]
    each = [x[0].numel() for x in held]
    return [
        x[[int(at) // size for at in found]]
        for x, found, size in zip(held, rows, each, strict=True)
    ]


def _run(model: nn.Module, probe: Tensor, data: TaskData) -> object:
    try:
        output: object = model(probe)
    except Exception as error:
        what_to_do = remedy_for(Failure(error, model, probe, data))
        raise ModelError(
            f"The network cannot run on {data.name!r}, whose samples have shape "
            f"{data.shape}: {type(error).__name__}: {str(error).rstrip('.!')}. {what_to_do}"
        ) from error
    return output


def _check_output(output: object, data: TaskData) -> Tensor:
    if not isinstance(output, Tensor):
        raise ModelError(
            f"The network must return one tensor of logits, but returned {_kind(output)}. "
            f"{of_output(output, (PROBES, data.classes))}"
        )
    if tuple(output.shape) != (PROBES, data.classes):
        raise ModelError(
            f"The network must return one logit per class, but for {PROBES} samples of "
            f"{data.name!r}, which has {data.classes} classes, its output has shape "
            f"{tuple(output.shape)} instead of ({PROBES}, {data.classes}). "
            f"{of_shape(tuple(output.shape), (PROBES, data.classes))}"
        )
    return output
