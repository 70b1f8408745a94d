"""The spread of runs within groups."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def pooled_sd(*groups: ArrayLike) -> NDArray[np.float64]:
    """Standard deviation within groups, pooled over their degrees of freedom.

    Args:
        groups: each of shape (..., n), n >= 1; the last axis is averaged over. A group of one
            value adds no degree of freedom; where none has any, the result is 0.
    """
    arrays = [np.asarray(group, dtype=float) for group in groups]
    degrees = sum(array.shape[-1] - 1 for array in arrays)
    squares = sum(np.square(a - a.mean(axis=-1, keepdims=True)).sum(axis=-1) for a in arrays)
    return np.asarray(np.sqrt(np.asarray(squares) / max(degrees, 1)))
