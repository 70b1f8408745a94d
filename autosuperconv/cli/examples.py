"""The examples at the end of each help page."""

from __future__ import annotations

EXAMPLES = """
  autosuperconv search --dataset digits
  autosuperconv search --dataset cifar10 --model resnet20 --timeout 1h
  autosuperconv search --dataset folder:photos --model resnet18 --dry-run
  autosuperconv range-test --dataset mnist --model lenet
  autosuperconv range-test --read sweep.csv --json
  autosuperconv train --dataset digits --recipe runs/digits-resnet8/recipe.json
  autosuperconv train --dataset digits --max-lr 0.2 --epochs 6 --batch-size 64
  autosuperconv judge --candidate c.csv --baseline b.csv --batch-size 128 --n-train 50000
  autosuperconv report --out again
  autosuperconv dashboard
  autosuperconv reproduce studies/smith_logs
"""


def examples(command: str = "") -> str:
    """The examples of a command, or of all, as the end of its help page."""
    lines = [
        line for line in EXAMPLES.splitlines() if line.startswith(f"  autosuperconv {command}")
    ]
    return "\n".join(("\b", "Examples:", *lines))
