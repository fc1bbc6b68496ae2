"""Words set into lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runner.text import wrapped


def test_words_go_on_below_each_other() -> None:
    assert wrapped("runs: ", ["adam-0", "sgd-0", "l1-0"], 20) == [
        "runs: adam-0, sgd-0,",
        "      l1-0",
    ]
    assert wrapped("runs: ", [], 20) == ["runs:"]
    assert wrapped("runs: ", ["one"], 20) == ["runs: one"]


def test_a_word_that_fits_no_line_is_cut() -> None:
    assert wrapped("is: ", ["a" * 40, "b"], 20) == ["is: " + "a" * 14 + "…,", "    b"]


@given(
    head=st.text(st.sampled_from("ab "), max_size=15),
    words=st.lists(st.text(st.sampled_from("xyz"), min_size=1, max_size=40), max_size=12),
    columns=st.integers(40, 120),
)
def test_no_line_is_too_long_and_no_word_is_lost(head: str, words: list[str], columns: int) -> None:
    lines = wrapped(head, words, columns)
    assert all(len(line) <= columns for line in lines)
    told = "".join(lines)[len(head) :].replace(" ", "").split(",") if words else []
    assert len(told) == len(words)
    for shown, word in zip(told, words, strict=True):
        assert word.startswith(shown.rstrip("…"))
