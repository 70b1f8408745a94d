"""How a network's inputs are normalised, as a value for reports and recipes."""

from __future__ import annotations

from dataclasses import dataclass

from autosuperconv.core.format import number

KINDS = ("none", "channel", "feature")


@dataclass(frozen=True, slots=True)
class Normalisation:
    """Inputs, less their mean, over their standard deviation.

    Args:
        kind: "channel": by a sample's first axis; "feature": by its last; "none": as they are.
        mean: of the training data, one a channel or feature, in 255ths for bytes.
        std: as `mean`; 1 where it is constant.
    """

    kind: str = "none"
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)

    @property
    def text(self) -> str:
        """E.g. "each channel: mean 0.131, standard deviation 0.308"."""
        if self.kind == "none":
            return "not normalised"
        mean, std = span(self.mean), span(self.std)
        return f"each {self.kind}: mean {mean}, standard deviation {std}"


def span(values: tuple[float, ...]) -> str:
    """The lowest and the highest value: "0.1 to 2"."""
    low, high = number(min(values)), number(max(values))
    return low if low == high else f"{low} to {high}"
