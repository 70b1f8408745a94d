"""Batches for the loop: from data held on the device, or streamed to it."""

from __future__ import annotations

import torch

from autosuperconv.training.data.task import TaskData, TensorSplit
from autosuperconv.training.engine import Engine
from autosuperconv.training.engine.system import ran_out
from autosuperconv.training.feed.batches import Batches
from autosuperconv.training.feed.resident import Resident
from autosuperconv.training.feed.streamed import Streamed, loader_workers

__all__ = ["Batches", "is_resident", "make_batches", "placement"]

NO_ROOM = "The data are streamed, because the device had no memory left for them."
FREE_SHARE = 0.5  # of a GPU's free memory that data may take; the rest is the network's


def make_batches(data: TaskData, engine: Engine) -> Batches:
    """Resident where the data are tensors that the device can hold, else streamed."""
    if not is_resident(data, engine):
        return Streamed(data, engine)
    try:
        return Resident(data, engine)
    except Exception as error:
        if not ran_out(error):
            raise
    return Streamed(data, engine, (NO_ROOM,))  # out there, nothing of the first try is held


def is_resident(data: TaskData, engine: Engine) -> bool:
    """Whether the data can be held on the device.

    On a CPU, tensors already are. A GPU must have room for them twice: augmented images are kept
    a second time, padded.
    """
    splits = [data.train, data.validation, data.test]
    held = [split for split in splits if isinstance(split, TensorSplit)]
    if len(held) < len(splits) or not engine.device.startswith("cuda"):
        return bool(held)
    free, _ = torch.cuda.mem_get_info(engine.device)
    return 2 * sum(split.x.nbytes for split in held) <= FREE_SHARE * free


def placement(data: TaskData, engine: Engine) -> str:
    """One sentence on where the data are, and why."""
    if is_resident(data, engine):
        return "The data are on the device and are augmented there in whole batches."
    loaders = loader_workers(engine)
    each = f"{loaders} loader process{'es' if loaders > 1 else ''} for each run"
    by = each if loaders else "the process that trains"
    why = "too large for the device" if isinstance(data.train, TensorSplit) else "a torch Dataset"
    return f"The data are streamed by {by}, because they are {why}."
