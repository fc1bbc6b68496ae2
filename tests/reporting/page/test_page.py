"""The page of a small study, compared as a whole with the text that it had before."""

from __future__ import annotations

import html
import os
import re
from html.parser import HTMLParser
from pathlib import Path

from ablation.reporting.config import CurvesFigure
from ablation.reporting.page.page import Illustration, figure_of
from ablation.statistics.config import DifferenceClaim
from tests.reporting.page.conftest import reported
from tests.statistics.study_of_claims import difference_claim

GOLDEN = Path(__file__).with_name("page.txt")
VOID = ("meta", "img", "br", "link", "input", "hr", "line", "circle", "path")


def text_of(page: Path) -> str:
    """What stands on a page, an element of text a line, pictures by their alternative text."""
    text = page.read_text(encoding="utf-8")
    text = re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.DOTALL)
    text = re.sub(r'<img[^>]*alt="([^"]*)"[^>]*>', r"[\1]", text)
    text = re.sub(r"<(?:br|small|td|th|dt|dd)\b[^>]*>", " · ", text)
    lines = (" ".join(line.split()) for line in re.sub(r"<[^>]+>", "", text).splitlines())
    return html.unescape("\n".join(filter(None, lines))) + "\n"


def test_the_page_says_what_it_said_before(whole: Path) -> None:
    """After a change on purpose: GOLDEN=1 pytest tests/reporting/page/test_page.py; git diff."""
    if os.environ.get("GOLDEN"):
        GOLDEN.write_text(text_of(whole), encoding="utf-8")
    assert text_of(whole) == GOLDEN.read_text(encoding="utf-8")


def test_a_claim_links_the_figure_of_its_place_that_shows_its_arms() -> None:
    shown = []
    for name, paper, arms in (
        ("optimizer", "figure 5", ["baseline", "adam"]),
        ("beyond", "section 5", ["baseline", "largest"]),
        ("kernel", "section 5", ["baseline", "kernel_5"]),
    ):
        content = {"kind": "curves", "title": name, "paper": paper, "arms": arms, "last": None}
        figure = CurvesFigure.model_validate(content)
        shown.append(Illustration(name, figure, facts={}, image="", caption="", alt=""))

    def place(section: str, arm: str) -> str:
        claim = difference_claim(section=section, arms=[arm, "baseline"])
        return figure_of(DifferenceClaim.model_validate(claim), shown)

    assert place("4.1, figure 5; 5", "adam") == "optimizer"
    assert place("5", "kernel_5") == "kernel"
    assert place("5", "adam") == "beyond"
    assert place("3.1", "adam") == ""


def test_the_same_results_give_the_same_bytes(whole: Path) -> None:
    before = whole.read_bytes()
    assert reported(whole.parents[1]).read_bytes() == before


def test_one_seed_and_no_labels_leave_no_empty_column_and_promise_nothing(bare: Path) -> None:
    text = text_of(bare)
    assert not re.search(r"\b(nan|None|inf)\b", text)
    for missing in ("Errors", "Test − baseline", "External"):  # noqa: RUF001
        assert missing not in text
    for said in ("test accuracy is missing", "not measured"):
        assert said in text


class Elements(HTMLParser):
    """The elements of a page with their attributes, and those that nothing closes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_page_is_one_whole_file(page: Path) -> None:
    """Every element is closed, nothing is from outside, and links lead somewhere."""
    text = page.read_text(encoding="utf-8")
    elements = Elements(text)
    assert elements.open == []
    assert len(text.encode()) < 3e6  # it can be mailed
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(set(ids)) == len(ids)
    for _, attributes in elements.found:
        for link in (attributes.get("href", "#arms"), attributes.get("src", "data:")):
            assert link.startswith("data:") or link[1:] in ids
    assert "https://" not in text
