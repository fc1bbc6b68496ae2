"""A page opened in headless Chromium, which says of itself what a script in it finds."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
GENERATOR = '<meta name="generator" content="ablation.reporting.page">'
EARLY = (
    "<script>window.errors = []; "
    "addEventListener('error', (event) => errors.push(event.message));</script>"
)
# A frame, since a window is never narrower than 500 px. Time is virtual and costs none.
FRAME = """<body style="margin:0">
<iframe src="page.html" style="border:0;width:%dpx;height:900px"></iframe>
<script>addEventListener("load", () => { const look = setInterval(() => {
  const inner = document.querySelector("iframe").contentDocument;
  if (inner.title.startsWith("{")) { document.title = inner.title; clearInterval(look); }
}, 100); });</script>"""


def committed() -> list[Path]:
    return sorted((ROOT / "reports").rglob("*.html"))


def opened(path: Path, folder: Path, width: int, dark: bool, probe: str) -> dict[str, Any]:
    """What the page says of itself at that width.

    Args:
        folder: an empty one, where the browser works.
        probe: a script element that leaves an object as JSON in the page's title.
    """
    text = path.read_text(encoding="utf-8")
    text = text.replace("<head>", "<head>" + EARLY, 1).replace("</body>", probe + "</body>", 1)
    (folder / "page.html").write_text(text, encoding="utf-8")
    (folder / "frame.html").write_text(FRAME % width, encoding="utf-8")
    options = {
        "headless": "new", "no-sandbox": "", "disable-gpu": "", "allow-file-access-from-files": "",
        "blink-settings": f"preferredColorScheme={0 if dark else 1}", "dump-dom": "",
        "hide-scrollbars": "",
        "virtual-time-budget": "20000", "user-data-dir": folder / "profile",
        "window-size": "1500,1000",
    }  # fmt: skip
    flags = [f"--{name}={value}" if value else f"--{name}" for name, value in options.items()]
    done = subprocess.run(
        [str(BROWSER), *flags, (folder / "frame.html").as_uri()],
        capture_output=True, text=True, timeout=900, check=True,
    )  # fmt: skip
    found = re.search(r"<title>(.*?)</title>", done.stdout)
    assert found is not None, done.stdout[:500]
    return dict(json.loads(html.unescape(found.group(1))))
