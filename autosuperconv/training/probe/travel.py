"""Whether a trainer can be sent to a worker process."""

from __future__ import annotations

import pickle

from joblib.externals.loky.backend.reduction import dumps

from autosuperconv.core.format import reason_of
from autosuperconv.training.data.packed import pack, unpickled
from autosuperconv.training.data.task import TensorSplit
from autosuperconv.training.loop.trainer import TorchTrainer

MOST_READ = 2**26  # bytes of Python objects; more of them in a data set are not copied for a check


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
            packed = pack(part)
            if part is trainer.factory:
                packed = pickle.loads(dumps(packed))
            if len(packed.head) <= MOST_READ:
                unpickled(packed, elsewhere=True)
        except Exception as error:
            return f"{what} cannot be sent to another process ({reason_of(error)})"
    return ""
