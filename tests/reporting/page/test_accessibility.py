"""The page is open to everybody: axe-core has nothing serious to say of it, light or dark."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.reporting.page.browser import BROWSER, ROOT, committed, opened

# The package carries axe-core (MPL 2.0); of the package itself nothing is used.
PACKAGE = find_spec("axe_playwright_python")
AXE = PACKAGE and PACKAGE.origin and Path(PACKAGE.origin).with_name("axe.min.js")
PROBE = """<script src="axe.min.js"></script><script>
addEventListener("load", () => axe.run(document).then((said) => {
  document.title = JSON.stringify({ passes: said.passes.map((rule) => rule.id),
    dark: matchMedia("(prefers-color-scheme: dark)").matches, width: innerWidth,
    violations: said.violations.map((rule) => [rule.impact, rule.id,
      ...rule.nodes.slice(0, 3).map((node) => node.html.slice(0, 120))]) });
}, (error) => { document.title = JSON.stringify({ error: String(error) }); }));
</script>"""
SERIOUS = ("serious", "critical")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed"),
    pytest.mark.skipif(AXE is None, reason="no axe-core is installed: requirements-extra.txt"),
]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("path", committed(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_committed_page_has_nothing_serious(
    path: Path, tmp_path: Path, width: int, dark: bool
) -> None:
    assert findings(path, tmp_path, width, dark) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_page_of_any_number_of_seeds_has_nothing_serious(
    reported: Path, tmp_path: Path, dark: bool
) -> None:
    assert findings(reported, tmp_path, 390, dark) == []


def test_what_is_serious_is_found(tmp_path: Path) -> None:
    """Grey on white, and a picture that says nothing."""
    page = tmp_path / "bad.html"
    page.write_text(
        '<!doctype html><html lang="en"><head><title>t</title></head><body><main><h1>One</h1>'
        '<p style="color:#bbb">pale</p><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'
        "</main></body></html>"
    )
    found = [(impact, rule) for impact, rule, *_ in findings(page, tmp_path, 390, dark=False)]
    assert found == [("serious", "color-contrast"), ("critical", "image-alt")]


def findings(path: Path, folder: Path, width: int, dark: bool) -> list[list[str]]:
    """What axe-core finds serious: impact, rule, and elements."""
    shutil.copy(str(AXE), folder / "axe.min.js")
    found = opened(path, folder, width, dark, PROBE)
    assert (found["width"], found["dark"]) == (width, dark), found
    assert "color-contrast" in found["passes"]
    return [each for each in found["violations"] if each[0] in SERIOUS]
