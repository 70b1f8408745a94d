"""Whether a trainer can be sent to a worker process."""

from __future__ import annotations

import io
import pickle

from joblib.externals.loky.backend.reduction import dump, dumps

from autosuperconv.core.format import reason_of
from autosuperconv.training.data.task import TensorSplit
from autosuperconv.training.loop.trainer import TorchTrainer


class Nowhere(io.RawIOBase):
    """Takes bytes and forgets them."""

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        return len(memoryview(data))  # type: ignore[arg-type]


def why_not_sent(trainer: TorchTrainer) -> str:
    """Why the factory or a data set of the caller's own cannot be sent; "" if they can."""
    data = trainer.data
    parts: dict[str, object] = {
        "the function that builds the network": trainer.factory,
        **{
            f"the {name} data set": part
            for name, part in (
                ("training", data.train),
                ("validation", data.validation),
                ("test", data.test),
            )
            if not isinstance(part, TensorSplit)
        },
    }
    for what, part in parts.items():
        try:
            if part is trainer.factory:
                pickle.loads(dumps(part))
            else:
                dump(part, Nowhere())  # it may be large
        except Exception as error:
            return f"{what} cannot be sent to another process ({reason_of(error)})"
    return ""
