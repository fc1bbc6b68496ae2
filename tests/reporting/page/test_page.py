"""The page as a reader gets it: one whole file, complete at ten seeds and free of dashes at one.

Where a Chromium is installed it is opened in it, at three widths, light and dark.
"""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from stages import report as report_stage
from tests.reporting.made_study import make, report, stage
from tests.reporting.page.browser import BROWSER, GENERATOR, committed, opened

ROOT = Path(__file__).resolve().parents[3]
VOID = ("meta", "img", "br", "link", "input", "hr", "line", "circle", "path")
MOST = 3e6  # bytes, of a page that can be mailed
pytestmark = pytest.mark.slow


class Page(HTMLParser):
    """What a page holds: its elements with their attributes, its ids, its text by element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1]][-1] += data

    def attributes(self, name: str) -> list[str]:
        return [value for _, attributes in self.elements if (value := attributes.get(name))]


def check(text: str) -> Page:
    """What holds of every page: whole, nothing from outside, links that lead somewhere."""
    page = Page(text)
    assert page.open == []
    assert len(text.encode()) < MOST
    ids = page.attributes("id")
    assert len(set(ids)) == len(ids)
    links = page.attributes("href") + page.attributes("src")
    assert [link for link in links if not link.startswith(("#", "data:"))] == []
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    assert "http://" not in text
    assert "https://" not in text
    for tag, attributes in page.elements:
        if tag == "img":
            assert len(attributes["alt"] or "") > 20
        if "scroll" in (attributes.get("class") or "").split():
            assert attributes["tabindex"] == "0"
            assert attributes["aria-label"]
    alts = page.attributes("alt")
    assert len(set(alts)) == len(alts)
    return page


def test_the_page_is_one_whole_file(reported: Path) -> None:
    text = reported.read_text(encoding="utf-8")
    assert GENERATOR in text
    page = check(text)
    folder = reported.parents[1]
    claims = json.loads((folder / "reports" / "claims.json").read_text())
    ids = page.attributes("id")
    assert [name for name in ids if name.startswith("claim-")] == [
        f"claim-{claim['claim']}" for claim in claims
    ]
    sections = [name for name in ids if name in page_order()]
    assert sections == page_order()
    assert sum(tag == "img" for tag, _ in page.elements) == 11 + 24 + 1


def page_order() -> list[str]:
    return ["caveats", "claims", "arms", "comparisons", "figures", "errors", "data", "provenance"]


def test_no_row_of_dashes_and_no_number_that_is_none(reported: Path) -> None:
    page = Page(reported.read_text(encoding="utf-8"))
    cells = page.texts["td"]
    assert sum(cell.strip() == "\N{EN DASH}" for cell in cells) < 0.02 * len(cells)
    for tag, texts in page.texts.items():
        if tag not in ("style", "script"):
            assert not re.search(r"\b(nan|None|inf)\b", " ".join(texts)), tag


def test_what_the_seeds_allow_is_what_the_page_says(reported: Path) -> None:
    text = html.unescape(reported.read_text(encoding="utf-8"))
    one = "14 arms, 1 seed<" in text
    assert ("Differences are printed and not tested" in text) == one
    assert ("Vote of 10 seeds" in text) == (not one)
    assert ("P(better)" in text) == (not one)
    assert ("over the images of one run; they say nothing of another seed" in text) == one


def test_an_interval_of_test_accuracy_is_over_the_arm_s_own_test_images(reported: Path) -> None:
    """Original MNIST has more of them than Modified MNIST; the table to paste says the same."""
    page = html.unescape(reported.read_text(encoding="utf-8"))
    pasted = (reported.parent / "tables/arms.md").read_text(encoding="utf-8")
    for arm, label in (("simple_mnist", "simple CNN, original MNIST"), ("baseline", "baseline")):
        (row,) = re.findall(rf'<tr id="arm-{arm}".*?</tr>', page, re.DOTALL)
        shown = re.search(r'data-l="Test" [^>]*>([\d.]+)%<small>([\d.]+)\D([\d.]+)</small>', row)
        assert shown is not None
        (line,) = (line for line in pasted.splitlines() if line.startswith(f"| {label}"))
        assert "{} [{}, {}]".format(*shown.groups()) in line


def test_an_arm_with_fewer_seeds_says_so_wherever_it_is_shown(reported: Path) -> None:
    text = html.unescape(reported.read_text(encoding="utf-8"))
    if "14 arms, 1 to 10 seeds<" not in text:
        assert "(n = 1)" not in text.replace("One run an arm (n = 1)", "").replace(
            "with one seed (n = 1)", ""
        )
        return
    few = "“VGG-16, raw” and “VGG-16, augmented”: 1"
    assert f"Numbers are means of 10 seeds ({few}). The rules for a verdict were fixed" in text
    assert f"With n = 1 seed, of {few[:-3]}, no verdict is possible" in text
    assert f"mean of 10 differences ({few}) paired by seed" in text
    assert f"No verdict is possible on {few[:-3]}: a family of 15 tests takes 10 seeds." in text
    assert "One run an arm (n = 1); each point" in text  # VGG-16's own figure
    assert f"Vote of 10 seeds ({few}) by mean probability" in text
    assert "best of 2, n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}1</dt>" in text  # a card
    assert "of “VGG-16, raw” and “VGG-16, augmented” 0<" in text  # the seeds, in the provenance
    assert 'costly_seeds=[0]"' in text
    assert "Without a partner" not in text
    reports = reported.parent
    assert f"Scale laptop, 10 seeds ({few}); brackets" in (reports / "tables/arms.md").read_text()
    rows = (reports / "tables/arms.tex").read_text().splitlines()
    assert sum(row.startswith("Arm & n & ") for row in rows) == 1
    found = {row.split(" & ")[0]: row.split(" & ")[1] for row in rows if row.count(" & ") > 2}
    assert found["VGG-16, raw"] == found["VGG-16, augmented"] == "1"
    assert set(found.values()) == {"n", "1", "10"}
    comparisons = pd.read_csv(reports / "comparison.csv")
    vgg = comparisons["arm"].str.startswith("vgg")
    assert set(comparisons.loc[vgg, "verdict"]) == {"no verdict"}
    assert not set(comparisons.loc[~vgg, "verdict"]) & {"no verdict"}
    votes = pd.read_csv(reports / "errors/votes.csv").set_index("arm")["seeds"]
    assert votes.to_dict() == {arm: 1 if "vgg" in arm else 10 for arm in votes.index}


def test_without_labels_of_the_test_images_the_page_has_the_rest(tmp_path: Path) -> None:
    text = report(make(tmp_path, [0], labelled=False)).read_text(encoding="utf-8")
    page = check(text)
    assert "errors" not in page.attributes("id")
    assert "Validation \N{MINUS SIGN} baseline" in text
    assert "Test \N{MINUS SIGN} baseline" not in text


def test_the_same_results_give_the_same_page(reported: Path) -> None:
    before = reported.read_bytes()
    stage(reported.parents[1], report_stage.__name__.removeprefix("stages."))
    assert reported.read_bytes() == before


@pytest.mark.parametrize("path", committed(), ids=lambda path: str(path.relative_to(ROOT)))
def test_committed_pages_are_whole(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if GENERATOR not in text:
        pytest.skip("made by older code; `make repro` makes it again")
    check(text)


# --- in a browser -----------------------------------------------------------------------------

# What the page measures of itself, left in its title.
PROBE = """<script>
addEventListener("load", () => {
  const root = document.documentElement;
  const wide = [...document.querySelectorAll("body *")].filter((element) =>
    element.getBoundingClientRect().right > root.clientWidth + 1 &&
    !element.closest(".scroll, nav, pre, .skip"));
  const broken = [...document.images].filter((image) => !image.complete || !image.naturalWidth);
  const channels = getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number);
  document.title = JSON.stringify({ width: root.clientWidth, scroll: root.scrollWidth,
    wide: wide.slice(0, 5).map((element) => element.outerHTML.slice(0, 90)),
    broken: broken.length, errors: window.errors, dark: channels[0] < 128,
    sorted: document.querySelectorAll("th button").length });
});
</script>"""


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 900, 1440])
def test_a_browser_shows_it_without_error_overflow_or_missing_picture(
    reported: Path, tmp_path: Path, width: int, dark: bool
) -> None:
    found = opened(reported, tmp_path, width, dark, PROBE)
    assert found["width"] == width
    assert found["errors"] == []
    assert found["broken"] == 0
    assert found["wide"] == []
    assert found["scroll"] == width
    assert found["dark"] == dark
    assert found["sorted"]
