"""The page opened in Chromium: axe-core has nothing to say of it, and nothing overflows."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
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
# The package carries axe-core (MPL 2.0); of the package itself nothing is used.
PACKAGE = find_spec("axe_playwright_python")
AXE = PACKAGE and PACKAGE.origin and Path(PACKAGE.origin).with_name("axe.min.js")
# What the page measures of itself, left in its title.
PROBE = """<script src="axe.min.js"></script><script>
addEventListener("load", () => axe.run(document).then((said) => {
  const root = document.documentElement;
  const wide = [...document.querySelectorAll("body *")].filter((element) =>
    element.getBoundingClientRect().right > root.clientWidth + 1 &&
    !element.closest(".scroll, nav, pre, .skip"));
  document.title = JSON.stringify({ passes: said.passes.map((rule) => rule.id),
    dark: matchMedia("(prefers-color-scheme: dark)").matches, width: innerWidth,
    wide: wide.slice(0, 5).map((element) => element.outerHTML.slice(0, 90)),
    broken: [...document.images].filter((image) => !image.naturalWidth).length,
    errors: window.errors, sorted: document.querySelectorAll("th button").length,
    violations: said.violations.map((rule) => [rule.impact, rule.id,
      ...rule.nodes.slice(0, 3).map((node) => node.html.slice(0, 120))]) });
}, (error) => { document.title = JSON.stringify({ error: String(error) }); }));
</script>"""
pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed"),
    pytest.mark.skipif(AXE is None, reason="no axe-core is installed: requirements-extra.txt"),
]


def measured(path: Path, folder: Path, width: int, dark: bool) -> dict[str, Any]:
    """What the probe finds at that width; the browser works in `folder`, an empty one."""
    shutil.copy(str(AXE), folder / "axe.min.js")
    text = path.read_text(encoding="utf-8")
    text = text.replace("<head>", "<head>" + EARLY, 1).replace("</body>", PROBE + "</body>", 1)
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
    said = dict(json.loads(html.unescape(found.group(1))))
    assert (said["width"], said["dark"]) == (width, dark), said
    assert "color-contrast" in said["passes"]
    return said


@pytest.mark.parametrize(("width", "dark"), [(390, True), (390, False), (1440, True)])
def test_everybody_can_read_a_page(page: Path, tmp_path: Path, width: int, dark: bool) -> None:
    found = measured(page, tmp_path, width, dark)
    assert [found[key] for key in ("violations", "wide", "broken", "errors")] == [[], [], 0, []]
    assert found["sorted"] > 5


def test_what_is_wrong_is_found(tmp_path: Path) -> None:
    """Grey on white, and a picture that says nothing."""
    page = tmp_path / "bad.html"
    page.write_text(
        '<!doctype html><html lang="en"><head><title>t</title></head><body><main><h1>One</h1>'
        '<p style="color:#bbb">pale</p><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'
        "</main></body></html>"
    )
    found = measured(page, tmp_path, 390, dark=False)["violations"]
    rules = [tuple(each[:2]) for each in found]
    assert {("serious", "color-contrast"), ("critical", "image-alt")} <= {*rules}
