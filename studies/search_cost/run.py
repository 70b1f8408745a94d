"""Replays searches on the committed designs and writes README.md, results.json and cost.svg.

python studies/search_cost/run.py [--seeds N] [--only NAME ...]
"""

from __future__ import annotations
