"""Judges every pair of the author's recorded runs, reads every sweep, and writes RESULTS.md.

The logs' folder is taken from AUTOSUPERCONV_DATA (smith-logs in it)."""

import os
from pathlib import Path

from range_tests import table
from recorded_pairs import read_pairs, smith_table

HERE = Path(__file__).parent


def main() -> None:
    logs = Path(os.environ["AUTOSUPERCONV_DATA"]) / "smith-logs"
    pairs = read_pairs((HERE / "pairs.json").read_text(encoding="utf-8"))
    names = {name for pair in pairs.pairs for name in (pair.candidate, pair.baseline)}
    texts = {name: (logs / name).read_text(encoding="utf-8") for name in sorted(names)}
    text = smith_table(pairs, texts) + table(logs)
    (HERE / "RESULTS.md").write_text(text, encoding="utf-8")
    print(HERE / "RESULTS.md")


if __name__ == "__main__":
    main()
