"""Simulates the verdict on A/A and known effects, and writes README.md (about 20 s)."""

from pathlib import Path

from power_report import power_report

PAGE = Path(__file__).parent / "README.md"


def main() -> None:
    PAGE.write_text(power_report(), encoding="utf-8")
    print(PAGE)


if __name__ == "__main__":
    main()
