"""How large the largest class is: what a network scores that gives every sample that class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autosuperconv.core.format import percent

UNBALANCED = 1.25  # times the odds in balanced classes; MNIST's largest class has 1.14


@dataclass(frozen=True, slots=True)
class ClassBalance:
    """Shares of samples, fractions of 1. Those of `largest` are the majority-class accuracies: of
    a network that gives every sample that class.

    Args:
        largest: label of the class with the most training samples.
        train: its share of the training samples.
        validation: its share of the validation samples.
        test: its share of the test samples.
    """

    largest: int
    train: float
    validation: float
    test: float

    def share_in(self, split: str) -> float:
        """The majority-class accuracy on "train", "validation" or "test"."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[split]


def is_unbalanced(share: float, classes: int) -> bool:
    """Whether the odds of the largest class are clearly above those of balanced classes."""
    return share * (classes - 1) > UNBALANCED * (1 - share)


def about_balance(balance: ClassBalance | None, classes: int, names: Sequence[str]) -> str:
    """What to know of unbalanced data, in two sentences; "" where the classes are balanced."""
    if balance is None or not is_unbalanced(balance.train, classes):
        return ""
    label = repr(names[balance.largest]) if names else str(balance.largest)
    return (
        f"The classes are unbalanced: {percent(balance.train, 1)} of the training samples are of "
        f"class {label}. A network that gives every sample this class has an accuracy of "
        f"{percent(balance.test)} on the test split (majority-class accuracy)."
    )
