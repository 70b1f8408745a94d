"""Simulates the decision and the trade-off, and writes README.md and TRADEOFF.md (10 minutes)."""

from pathlib import Path

from power_report import power_report
from tradeoff_report import tradeoff_report

HERE = Path(__file__).parent
PAGES = {"README.md": power_report, "TRADEOFF.md": tradeoff_report}


def main() -> None:
    for name, report in PAGES.items():
        (HERE / name).write_text(report(), encoding="utf-8")
        print(HERE / name)


if __name__ == "__main__":
    main()
