"""Whether validation and test split are large enough for the margin that is to be judged.

An accuracy over n samples is a multiple of 1 / n, and another draw of the samples moves it by its
binomial standard error, sqrt(p (1 - p) / n). Where the margin is two samples or fewer, one or two
of them decide whether a difference is within it, whatever the number of seeds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from autosuperconv.core.format import listed, percent, size_in_points

FEWEST_IN_MARGIN = 2  # samples
ADVISED_IN_MARGIN = 5  # samples; one more than the fewest would be no better
TYPICAL = 0.95  # accuracy at which the standard error is given; it is larger at a lower one


def standard_error(accuracy: float, n: int) -> float:
    """Of an accuracy over n samples, a fraction of 1."""
    return math.sqrt(accuracy * (1 - accuracy) / n)


def too_small(n: int, margin: float) -> bool:
    """Whether the margin, a fraction of 1, is two of n samples or fewer."""
    return margin * n <= FEWEST_IN_MARGIN + 1e-9


def about_split_sizes(validation: int | None, test: int, margin: float, known: bool = True) -> str:
    """What splits that are too small for the margin mean, and what to do; "" where none is.

    Args:
        validation: number of samples; None where the target does not depend on the margin.
        test: number of samples.
        margin: of the verdict and the target, a fraction of 1.
        known: that margin; else it is the smallest one, and the runs may make it larger.
    """
    given = {"test": test} if validation is None else {"test": test, "validation": validation}
    small = {name: n for name, n in given.items() if too_small(n, margin)}
    if not small:
        return ""
    n = min(small.values())
    sizes = listed([f"the {name} split has {size} samples" for name, size in small.items()])
    follows = {
        "test": "the verdict cannot be decisive at this margin",
        "validation": "single samples decide which trials reach the target",
    }
    least = "" if known else " (the smallest; if runs of one recipe differ more, it is larger)"
    return (
        f"Too few samples to judge a margin of {size_in_points(margin)} percentage points{least}: "
        f"{sizes}."
        f" One of {n} samples is {size_in_points(1 / n)} points, and the standard error of an "
        f"accuracy of {percent(TYPICAL, 0)} over them is "
        f"{size_in_points(standard_error(TYPICAL, n))} points. So "
        f"{listed([follows[name] for name in small])}. {remedy(small, margin)}"
    )


def remedy(small: Mapping[str, int], margin: float) -> str:
    """How many samples, or which margin, would do for these splits."""
    wider = math.ceil(1000 * ADVISED_IN_MARGIN / min(small.values()) - 1e-9) / 1000
    enough = math.ceil(ADVISED_IN_MARGIN / margin - 1e-9) if margin else None
    ways = [f"at least {enough} {' and '.join(small)} samples"] if enough else []
    ways += [f"a --margin of at least {wider:g}"] if wider < 1 else []
    return f"Give {' or '.join(ways)}." if ways else "Give more samples."
