"""Detects a run whose training accuracy collapses while its learning rate rises.

In Smith & Topin's run with weight decay 1e-3 (1708.07120, Fig. 11) the training accuracy sags
before it falls to chance: it keeps 88 % of its peak above chance at a quarter of the course. Their
eight sound runs never go below 94 %, although their *test* accuracy dips to 70 % of its peak.
Training accuracy is also the one that costs nothing to measure.

Each of their points averages hundreds of thousands of samples. In a short run on little data a
point averages a hundred, and sampling noise alone looks like a fall: the fall must exceed it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

WINDOW = 5  # points; a run has about fifty
KEPT = 0.92
SURE = 4.0
"""Standard deviations: the peak is the highest of some forty noisy means."""


def kept_share(accuracies: Sequence[float], chance: float) -> float:
    """The mean of the last points over the highest such mean so far, both above chance.

    Args:
        accuracies: in the order of training, fractions of 1, evenly spaced.
        chance: accuracy without learning anything.

    Returns:
        1 at a new peak, 0 at chance; 1 while there are too few points.
    """
    if len(accuracies) < 2 * WINDOW:
        return 1.0
    means = np.convolve(accuracies, np.ones(WINDOW) / WINDOW, mode="valid") - chance
    return float(means[-1] / means.max()) if means.max() > 0 else 1.0


def has_collapsed(accuracies: Sequence[float], chance: float, samples: float) -> bool:
    """Whether less than `KEPT` of the highest mean is left, by more than sampling noise.

    Args:
        accuracies: as in `kept_share`.
        chance: as in `kept_share`.
        samples: behind each accuracy.
    """
    if kept_share(accuracies, chance) >= KEPT:
        return False
    means = np.convolve(accuracies, np.ones(WINDOW) / WINDOW, mode="valid")
    last, peak = (float(np.clip(m, 0, 1)) for m in (means[-1], means.max()))
    variance = (last * (1 - last) + KEPT**2 * peak * (1 - peak)) / (WINDOW * samples)
    missing = KEPT * (peak - chance) - (last - chance)
    return bool(missing > SURE * variance**0.5)
