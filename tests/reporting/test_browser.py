"""The page in a real browser: no script error, sorting works, no sideways scrolling on a phone."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next((path for path in map(shutil.which, NAMES) if path), "")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=5000",
)
RECORD = """<head><script>window.problems = [];
addEventListener("error", (event) => problems.push(String(event.message)));</script>"""
HARNESS = """<!doctype html><meta charset="utf-8"><pre id="result"></pre>
<iframe id="page" style="width:{width}px;height:3000px;border:0" srcdoc="{page}"></iframe>
<script>
document.getElementById("page").onload = (event) => {{
  const inside = event.target.contentWindow, page = inside.document, root = page.documentElement;
  const rows = () => [...page.querySelectorAll("#trials tbody tr")];
  const first = () => rows().map((row) => row.cells[0].textContent);
  const sort = (name) => [...page.querySelectorAll("#trials th button")]
    .find((button) => button.textContent === name).click();
  const started = first();
  sort("accuracy"); sort("accuracy");
  const best = first()[0];
  sort("trial");
  document.getElementById("result").textContent = JSON.stringify({{
    problems: inside.problems, overflow: root.scrollWidth - root.clientWidth,
    best, restored: String(first()) === String(started),
    shown: [...page.querySelectorAll("figure svg")].filter((svg) => svg.checkVisibility()).length,
  }});
}};
</script>"""


def _visit(page: str, width: int, folder: Path) -> dict[str, object]:
    recording = page.replace("<head>", RECORD, 1)
    harness = folder / "harness.html"
    harness.write_text(HARNESS.format(width=width, page=html.escape(recording)), encoding="utf-8")
    command = [BROWSER, *FLAGS, f"--user-data-dir={folder / 'profile'}", "--dump-dom"]
    done = subprocess.run(
        [*command, harness.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    found = re.search(r'<pre id="result">(.*?)</pre>', done.stdout)
    assert found is not None, done.stderr[-2000:]
    result: dict[str, object] = json.loads(html.unescape(found[1]))
    return result


@pytest.mark.skipif(not BROWSER, reason="no Chromium on this machine")
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_works_in_a_browser(page: str, width: int, tmp_path: Path) -> None:
    # Trial 5 of the sample has the highest accuracy; one size of each picture is shown.
    assert _visit(page, width, tmp_path) == {
        "problems": [],
        "overflow": 0,
        "best": "5",
        "restored": True,
        "shown": 5,
    }
