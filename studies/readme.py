"""Copies recorded outputs into README.md, between `<!-- output: FILE -->` and `<!-- end -->`.

`python studies/readme.py` writes README.md; `--check` only checks that it is up to date.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"<!-- output: (\S+) -->\n```\n.*?```\n<!-- end -->", re.DOTALL)


def filled(text: str) -> str:
    """The text with every output block taken from its file."""

    def block(match: re.Match[str]) -> str:
        output = (ROOT / match[1]).read_text(encoding="utf-8").rstrip()
        return f"<!-- output: {match[1]} -->\n```\n{output}\n```\n<!-- end -->"

    return BLOCK.sub(block, text)


def main() -> None:
    readme = ROOT / "README.md"
    before = readme.read_text(encoding="utf-8")
    after = filled(before)
    if "--check" in sys.argv:
        sys.exit(0 if before == after else "README.md is out of date: python studies/readme.py")
    readme.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
