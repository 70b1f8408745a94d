"""`Encoding`: where trials lie, as numbers that a model can be fitted to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import SearchSpace, share_of, value_at
from autosuperconv.core.stats.gaussian_process import Floats
from autosuperconv.tuning.samplers.prior import LrPrior, cell_of

LEAST_DECAY = 1e-9


@dataclass(frozen=True)
class Encoding:
    """Where trials lie, and what is asked of them.

    Args:
        base: the fields that are not searched.
        target: accuracy to reach, fraction of 1; None: as much as possible.
    """

    space: SearchSpace
    base: Recipe
    prior: LrPrior
    target: float | None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The searched fields, in the order of columns."""
        return tuple(sorted(self.space.dimensions))

    def row(self, params: Mapping[str, float]) -> list[float]:
        """A trial's parameters in the order of columns."""
        return [float(params[name]) for name in self.names]

    def column(self, x: Floats, name: str) -> Floats:
        """(n,) values of a field, searched or not."""
        if name in self.names:
            return np.asarray(x[:, self.names.index(name)])
        return np.full(len(x), float(getattr(self.base, name)))

    def cell(self, row: Floats) -> tuple[int, float, float | None]:
        """What the prior at a (d,) point is conditional on."""
        fields = ("batch_size", "weight_decay", "base_momentum")
        known = {name: float(getattr(self.base, name)) for name in fields[:2]}
        return cell_of(known | {n: v for n, v in zip(self.names, row, strict=True) if n in fields})

    @cached_property
    def _known_rates(self) -> dict[complex, tuple[float, float]]:
        """What `rates` has found already, by the key that it makes of a point."""
        return {}

    def rates(self, x: Floats) -> tuple[Floats, Floats]:
        """(likeliest max_lr, highest max_lr worth training) at each of (n, d) points, to the
        nearest tenth of a decade of weight decay and hundredth of momentum."""
        decay = np.maximum(self.column(x, "weight_decay"), LEAST_DECAY)
        batch = 1000 * self.column(x, "batch_size")
        momentum = np.round(100 * self.column(x, "base_momentum"))
        keys = batch + momentum + 1j * np.round(10 * np.log10(decay))
        unique, first, which = np.unique(keys, return_index=True, return_inverse=True)
        found = np.array([self._rates_at(k, x[i]) for k, i in zip(unique, first, strict=True)])
        return found[which, 0], found[which, 1]

    def _rates_at(self, key: complex, row: Floats) -> tuple[float, float]:
        if key not in self._known_rates:
            batch_size, _, momentum = self.cell(row)
            at = (batch_size, 10 ** (key.imag / 10), momentum)
            range_ = self.prior.range_
            centre = self.prior.centre(*at) or math.sqrt(range_.low * range_.high)
            self._known_rates[key] = (centre, self.prior.cap(*at))
        return self._known_rates[key]

    def decades(self, x: Floats) -> Floats:
        """(n,) max_lr over the likeliest one there, in decades."""
        return np.asarray(np.log10(self.column(x, "max_lr") / self.rates(x)[0]))

    def unit(self, x: Floats) -> Floats:
        """(n, d) values -> the same with every field's range as 1; max_lr about 0.5."""
        shares = self.shares(x)
        if "max_lr" in self.names:
            range_ = self.prior.range_
            width = max(math.log10(range_.high / range_.low), 1e-9)
            shares[:, self.names.index("max_lr")] = 0.5 + self.decades(x) / width
        return shares

    def shares(self, x: Floats) -> Floats:
        """(n, d) values -> where each lies in its dimension."""
        dimensions = [self.space.dimensions[name] for name in self.names]
        return np.column_stack([share_of(d, x[:, i]) for i, d in enumerate(dimensions)])

    def values(self, shares: Floats) -> Floats:
        """The inverse of `shares`; every choice has an equal part of its dimension."""
        dimensions = [self.space.dimensions[name] for name in self.names]
        return np.column_stack([value_at(d, shares[:, i]) for i, d in enumerate(dimensions)])

    def log_length(self, x: Floats) -> Floats:
        """(n,) logarithm of the cycle's length."""
        return np.log(self.column(x, "epochs"))
