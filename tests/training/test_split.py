"""Stratified splits: disjoint, complete, of the right size and distribution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ablation.training.split import measured, stratified


@st.composite
def labellings(draw: st.DrawFn) -> tuple[np.ndarray, float]:
    labels = draw(st.lists(st.integers(0, 9), min_size=2, max_size=120))
    fraction = draw(st.floats(0.01, 0.99))
    assume(0 < round(fraction * len(labels)) < len(labels))
    return np.array(labels, np.uint8), fraction


@given(labellings(), st.integers(0, 5))
def test_the_parts_are_disjoint_complete_and_keep_the_distribution(
    labelling: tuple[np.ndarray, float], seed: int
) -> None:
    labels, fraction = labelling
    training, validation = stratified(labels, fraction, np.random.default_rng(seed))
    assert training.dtype == validation.dtype == np.int64
    assert sorted([*training, *validation]) == list(range(len(labels)))
    assert len(validation) == round(fraction * len(labels))
    for label in np.unique(labels):
        share = fraction * np.sum(labels == label)
        assert abs(np.sum(labels[validation] == label) - share) < 1 + 1e-9


def test_a_split_of_equal_classes_is_exact() -> None:
    labels = np.repeat(np.arange(10, dtype=np.uint8), 10)
    _, validation = stratified(labels, 0.2, np.random.default_rng(0))
    assert np.bincount(labels[validation]).tolist() == [2] * 10


def test_the_largest_remainders_are_rounded_up() -> None:
    labels = np.array([0] * 13 + [1] * 8 + [2] * 4, np.uint8)  # shares 2.6, 1.6, .8 of five
    _, validation = stratified(labels, 0.2, np.random.default_rng(0))
    assert np.bincount(labels[validation]).tolist() == [3, 1, 1]


def test_the_same_generator_gives_the_same_split_and_another_another() -> None:
    labels = np.arange(200, dtype=np.uint8) % 10
    first, again, other = (stratified(labels, 0.2, np.random.default_rng(s)) for s in (3, 3, 4))
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert set(first[1]) != set(other[1])


def test_both_parts_are_in_random_order() -> None:
    labels = np.repeat(np.arange(10, dtype=np.uint8), 30)
    for part in stratified(labels, 0.2, np.random.default_rng(0)):
        assert not np.array_equal(part, np.sort(part))
        assert len(np.unique(labels[part][:20])) > 5  # not one label after another


@pytest.mark.parametrize(("count", "fraction"), [(10, 0.01), (10, 0.99), (1, 0.5), (0, 0.2)])
def test_an_empty_part_is_refused(count: int, fraction: float) -> None:
    with pytest.raises(ValueError, match="one part empty"):
        stratified(np.zeros(count, np.uint8), fraction, np.random.default_rng(0))


def test_measured_images_are_the_first_of_a_part_in_the_file_s_order() -> None:
    indices = np.array([5, 3, 9, 1])
    assert measured(indices, 3).tolist() == [3, 5, 9]
    assert measured(indices, 99).tolist() == [1, 3, 5, 9]
    assert indices.tolist() == [5, 3, 9, 1]
