"""The caller's own data as a `TaskData`: NumPy arrays, tensors, torch data sets."""

from __future__ import annotations

from typing import Any, TypeAlias

import torch
from torch.utils.data import Dataset

from autosuperconv.errors import DataError
from autosuperconv.training.data.build import ROLES, build_task
from autosuperconv.training.data.checked import NOT_FINITE, about_broken, without_broken
from autosuperconv.training.data.containers import as_one_kind, tensors_of
from autosuperconv.training.data.forms import SupportsArray, refuse_swapped, wrong_count, wrong_form
from autosuperconv.training.data.labels import about_names, as_labels, class_numbers
from autosuperconv.training.data.samples import as_samples, finite_rows
from autosuperconv.training.data.split import Part, Parts, tensor_part
from autosuperconv.training.data.task import TaskData, TensorSplit
from autosuperconv.training.data.text_labels import text_labels, with_numbers
from autosuperconv.training.data.torch_dataset import length_of, read_labels
from autosuperconv.training.engine.generators import generators_in, seeded
from autosuperconv.training.engine.isolation import own_state

Array: TypeAlias = SupportsArray | list[Any]
OnePart: TypeAlias = "tuple[Array, Array] | TensorSplit | Dataset[Any]"
Data: TypeAlias = "OnePart | tuple[OnePart, OnePart] | tuple[OnePart, OnePart, OnePart]"


def as_task_data(
    data: Data,
    *,
    name: str = "custom",
    classes: int | None = None,
    n_train: int | None = None,
    seed: int = 0,
    augment: str | None = None,
    normalise: str | None = None,
    skip_broken: int = 0,
) -> TaskData:
    """The caller's own data.

    Args:
        data: one set, `(train, test)` or `(train, validation, test)`, each an `(x, y)` pair of
            NumPy arrays, tensors or data frames, or a torch Dataset. Train gives missing splits.
            x: features (N, F); images (N, C, H, W), (N, H, W, C) or (N, H, W), of integers from 0
            to 255; or floats (N, ...), such as sequences (N, T, F). Channels may be last where
            there are at most 16, fewer than rows and columns. Other integers, such as the
            numbers of tokens, reach the network as they are.
            y: (N,) integers from 0, or text, numbered in alphabetical order; also in a Dataset.
            A TensorDataset, or a Subset or ConcatDataset of them, counts as its tensors. Any other
            Dataset is streamed with its own transforms, and a validation split taken from it has
            the same ones. Where one part is streamed, all are.
        classes: number of classes; by default one more than the highest training label.
        n_train: keep this many training samples, stratified by class.
        seed: chooses them; nothing else depends on it.
        augment: "none", "crop-flip" (by default for uint8 colour images up to 64 pixels a side) or
            "crop-flip-cutout".
        normalise: over the training data: "channel", the first axis of a sample (by default where
            it has three or more); "feature", the last; or "none" (integers that are no images).
        skip_broken: samples that may be left out: of arrays, those with NaN or infinity; of
            streamed sets, those that a pass over all cannot read or finds unlike the others.

    Raises:
        DataError: the data do not suit classification: what is wrong, where, and what to do.
    """
    if skip_broken < 0:
        raise DataError(f"skip_broken must be at least 0, but got {skip_broken}. Leave it out.")
    with own_state(), seeded(generators_in(data), 0):  # transforms may draw random numbers
        parts = _parts(data, skip_broken)
        return build_task(
            parts,
            name,
            classes=classes,
            n_train=n_train,
            seed=seed,
            augment=augment,
            normalise=normalise,
        )


def _parts(data: object, skip_broken: int) -> Parts:
    if not isinstance(data, tuple) or _is_pair(data):
        given: tuple[object, ...] = (data,)
        roles: tuple[str, ...] = ("data",)
    elif len(data) in (2, 3):
        given, roles = data, ROLES if len(data) == 3 else ("train", "test")
    else:
        raise wrong_count(data)
    given, names = _numbered_classes(given, roles)
    faults: dict[str, dict[int, str]] = {role: {} for role in roles}
    taken = [
        _part(part, role, faults[role] if skip_broken else None)
        for part, role in zip(given, roles, strict=True)
    ]
    parts = as_one_kind([part for part, _ in taken])
    notes = tuple(dict.fromkeys(note for _, note in taken if note))
    notes += (*about_broken(faults, skip_broken), *about_names(names))
    by_role = dict(zip(roles, parts, strict=True))
    return Parts(parts[0], by_role.get("validation"), by_role.get("test"), notes, names)


def _numbered_classes(
    given: tuple[object, ...], roles: tuple[str, ...]
) -> tuple[tuple[object, ...], tuple[str, ...]]:
    """The parts with whole numbers for labels of text, and the classes' names."""
    parts: list[Any] = list(given)
    known = {
        i: part[1] if isinstance(part, tuple) else text_labels(part)
        for i, part in enumerate(parts)
        if isinstance(part, Dataset) or (isinstance(part, tuple) and _is_pair(part))
    }
    if 0 not in known:
        return given, ()
    labels, names = class_numbers(list(known.values()), [roles[i] for i in known])
    for i, y in zip(known, labels, strict=True):
        if isinstance(parts[i], tuple):
            parts[i] = (parts[i][0], y)
        elif names:
            parts[i] = with_numbers(parts[i], names)
    return tuple(parts), names


def _is_pair(data: tuple[object, ...]) -> bool:
    return len(data) == 2 and all(isinstance(d, SupportsArray | list) for d in data)


def _part(data: object, role: str, faults: dict[int, str] | None) -> tuple[Part, str]:
    """A part, and a note on how it was taken.

    Args:
        faults: takes up what is wrong with samples, which are left out; None: none may be.
    """
    if isinstance(data, TensorSplit):
        data = (data.x, data.y)
    if isinstance(data, Dataset) and (held := tensors_of(data)) is not None:
        data = held
    if isinstance(data, tuple) and _is_pair(data):
        return _resident_part(data[0], data[1], role, faults)
    if isinstance(data, Dataset) and faults is not None:
        sound = without_broken(data, role, length_of(data, role))
        faults.update(sound.faults)
        return Part(sound.samples, sound.y), ""
    if isinstance(data, Dataset):
        return Part(data, read_labels(data, role)), ""
    raise wrong_form(data, role)


def _resident_part(
    x: object, y: object, role: str, faults: dict[int, str] | None
) -> tuple[Part, str]:
    try:
        taken = as_samples(x, f"{role} x", finite=faults is None)
    except DataError:
        refuse_swapped(x, y, role)
        raise
    labels = as_labels(y, f"{role} y")
    if len(taken.x) != len(labels):
        turned = taken.x.ndim == 2 and taken.x.shape[1] == len(labels)
        raise DataError(
            f"{role} x and y must have the same length, but there are {len(taken.x)} samples and "
            f"{len(labels)} labels. "
            + ("Give x.T: samples are its rows." if turned else "Give one label for each sample.")
        )
    if len(labels) == 0:
        raise DataError(f"{role} must have at least one sample, but got none.")
    part = tensor_part(taken.x, labels)
    if faults is None or bool((sound := finite_rows(taken.x)).all()):
        return part, taken.note
    faults.update(dict.fromkeys(torch.nonzero(~sound)[:, 0].tolist(), NOT_FINITE))
    return part.take(torch.nonzero(sound)[:, 0].numpy()), taken.note
