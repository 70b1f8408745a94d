"""What people write on a command line, read: durations, ranges, lists of sizes."""

from __future__ import annotations

import re

import click

UNITS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
PART = re.compile(r"(\d+(?:\.\d+)?)(min|[smhd])")


class Duration(click.ParamType):
    """90s, 20m, 1h, 1h30m: seconds as a float."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        text = str(value).replace(" ", "")
        parts = PART.findall(text)
        if not parts or "".join(n + u for n, u in parts) != text:
            self.fail(f"expected a duration with its unit, as in 90s, 20m or 1h, but got {value!r}")
        return sum(float(number) * UNITS[unit] for number, unit in parts)


class LowHigh(click.ParamType):
    """LOW:HIGH, or one number for both: a pair of floats."""

    name = "low:high"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, float]:
        if isinstance(value, tuple):
            return value
        parts = str(value).split(":")
        try:
            numbers = [float(part) for part in parts]
        except ValueError:
            numbers = []
        if len(numbers) not in (1, 2):
            self.fail(f"expected LOW:HIGH, as in 0.1:3, but got {value!r}")
        low, high = numbers[0], numbers[-1]
        if not 0 <= low <= high:
            self.fail(f"expected LOW:HIGH with 0 <= LOW <= HIGH, but got {value!r}")
        return low, high


class Sizes(click.ParamType):
    """32,64,128: rising positive integers."""

    name = "n,n,..."

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        if isinstance(value, tuple):
            return value
        try:
            sizes = tuple(sorted({int(part) for part in str(value).split(",")}))
        except ValueError:
            sizes = ()
        if not sizes or sizes[0] < 1:
            self.fail(f"expected sizes of at least 1, as in 32,64,128, but got {value!r}")
        return sizes


class ManyFiles(click.Command):
    """A command whose repeatable options take several values after one another:
    `--candidate a.csv b.csv` is `--candidate a.csv --candidate b.csv`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        many = {o for p in self.params if getattr(p, "multiple", False) for o in p.opts}
        spread: list[str] = []
        option, taken = "", 0
        for arg in args:
            if arg.startswith("--"):
                option, taken = arg, 0
            elif option in many and taken:
                spread.append(option)
            taken += not arg.startswith("--")
            spread.append(arg)
        return super().parse_args(ctx, spread)


DURATION, LOW_HIGH, SIZES = Duration(), LowHigh(), Sizes()
