"""How many samples an evaluation before the end may take, so that it costs little."""

from __future__ import annotations

from typing import NamedTuple

FORWARD = 1 / 3  # an evaluated sample costs a third of a trained one: the forward pass alone


class Subsets(NamedTuple):
    """Samples of one evaluation.

    Args:
        statistics: training samples that recalibrate batch norm.
        curve: samples on which accuracy is measured.
    """

    statistics: int
    curve: int


# Few sizes, so that each subset is read once and kept; a larger one holds the smaller ones. At an
# accuracy of 90 % the standard deviation is 2.1, 1.6, 1.2 and 0.9 percentage points; batch norm's
# statistics add 0.7 to 0.4.
SIZES = (Subsets(128, 200), Subsets(128, 350), Subsets(256, 600), Subsets(512, 1000))


def affordable(samples: int, evaluations: int, share: float, most: Subsets) -> Subsets:
    """The largest subsets with which the evaluations cost at most a share of the training.

    With less than the smallest no pruner could tell runs apart, so very short runs exceed the
    share.

    Args:
        samples: training samples of the whole run.
        evaluations: those before the end; the one at the end takes the whole split.
        share: of the cost of training, in (0, 1].
        most: the largest subsets to use.
    """
    each = share * samples / FORWARD / max(evaluations, 1)
    paid = [size for size in SIZES if sum(size) <= each] or SIZES[:1]
    return Subsets(min(paid[-1].statistics, most.statistics), min(paid[-1].curve, most.curve))
