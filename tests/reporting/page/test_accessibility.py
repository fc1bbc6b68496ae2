"""The page opened in Chromium: axe-core has nothing to say of it, and nothing overflows."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.reporting.page.browser import BROWSER, committed, opened

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
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed"),
    pytest.mark.skipif(AXE is None, reason="no axe-core is installed: requirements-extra.txt"),
]


def measured(path: Path, folder: Path, width: int, dark: bool) -> dict[str, Any]:
    """What the probe finds."""
    shutil.copy(str(AXE), folder / "axe.min.js")
    found = opened(path, folder, width, dark, PROBE)
    assert (found["width"], found["dark"]) == (width, dark), found
    assert "color-contrast" in found["passes"]
    return found


@pytest.mark.parametrize(("width", "dark"), [(390, True), (390, False), (1440, True)])
@pytest.mark.parametrize("page", ["whole", "bare", *committed()], ids=str)
def test_everybody_can_read_a_page(
    page: str | Path, request: pytest.FixtureRequest, tmp_path: Path, width: int, dark: bool
) -> None:
    path = page if isinstance(page, Path) else request.getfixturevalue(page)
    found = measured(path, tmp_path, width, dark)
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
