"""Errors by label, group and image, and votes, with answers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.statistics.errors import (
    Answers,
    by_group,
    confusion,
    hardest,
    smaller_digit,
    votes,
)

LABELS = np.array([9, 9, 7, 2], np.uint8)
DIGITS = np.array([[9, 8, 7, 2], [9, 9, 4, 1]], np.uint8)


def answers(digits: np.ndarray, sure: int = 165) -> Answers:
    """The digit has the probability `sure`, the others 10, in 255ths."""
    found = np.full((*digits.shape, 10), 10, np.uint8)
    np.put_along_axis(found, digits[..., None].astype(int), sure, axis=-1)
    return Answers(digits, found)


@given(st.integers(1, 4), st.integers(1, 30), st.integers(0, 99))
def test_a_confusion_counts_every_seed_and_its_diagonal_what_is_right(
    seeds: int, images: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, images, np.uint8)
    digits = rng.integers(0, 10, (seeds, images), np.uint8)
    counts = confusion(labels, digits)
    assert np.trace(counts) == np.sum(digits == labels)
    assert list(counts.sum(axis=1)) == list(seeds * np.bincount(labels, minlength=10))


def test_groups_have_their_accuracy_and_their_commonest_error() -> None:
    table = by_group(LABELS, DIGITS, LABELS).set_index("group")
    assert table["images"].to_dict() == {2: 1, 7: 1, 9: 2}
    assert table["accuracy"].to_dict() == {2: 0.5, 7: 0.5, 9: 0.75}
    assert table["said"].to_dict() == {2: 1, 7: 4, 9: 8}
    assert table.loc[9, "share"] == 0.25
    assert table["low"].between(0, table["accuracy"]).all()
    assert table["high"].between(table["accuracy"], 1).all()
    (row,) = by_group(LABELS[:1], DIGITS[:, :1], np.zeros(1, int)).to_dict("records")
    assert (row["said"], row["share"], row["accuracy"]) == (-1, 0.0, 1.0)  # no error to name


def test_a_vote_goes_to_the_largest_mean_probability_and_a_tie_to_the_digits() -> None:
    sure, doubtful = answers(np.array([[3]]), 240), answers(np.array([[5], [5]]), 100)
    both = [np.concatenate(pair) for pair in zip(sure, doubtful, strict=True)]
    assert Answers(*both).vote.tolist() == [3]
    assert doubtful.vote.tolist() == [5]
    # Rounded to a byte, two labels may tie in a network that prefers the later one.
    tied = Answers(np.array([[7]], np.uint8), np.full((1, 1, 10), 26, np.uint8))
    assert tied.vote.tolist() == [7]


def test_votes_have_the_single_networks_and_wilson_s_interval_beside_them() -> None:
    table = votes(LABELS, {"a": answers(DIGITS), "b": answers(DIGITS[:1])}).set_index("arm")
    assert table.loc["a", "accuracy"] == pytest.approx(5 / 8)
    assert table.loc["b", "vote"] == table.loc["b", "accuracy"] == 0.75  # of one network its own
    assert table.loc["b", "low"] == pytest.approx(0.3006, abs=1e-4)  # Wilson, 3 of 4
    assert table["seeds"].to_dict() == {"a": 2, "b": 1}


def test_the_hardest_images_are_those_whose_label_is_least_likely() -> None:
    order, least = hardest(LABELS, answers(DIGITS), 2)
    assert order.tolist() == [1, 2]  # of equals the first: 1, 2 and 3 are right once
    assert least == pytest.approx([(165 + 10) / 2 / 255] * 2)


def test_an_error_misses_the_largest_digit_or_misreads_one() -> None:
    present = np.array([[9, 1, 1], [9, 8, 2], [7, 3, 3], [2, 1, 0]], np.uint8)
    assert smaller_digit(LABELS, DIGITS, present) == (3, 2)  # 8 and 1 are there, 4 is not
