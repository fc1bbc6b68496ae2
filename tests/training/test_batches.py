"""The order in which a run sees its images, and the batches Keras reads."""

from __future__ import annotations

import numpy as np
from ablation.training.epochs import batches, order
from hypothesis import given
from hypothesis import strategies as st

sizes = st.integers(1, 40)
seeds = st.integers(0, 2**31)


@given(sizes, seeds, st.integers(1, 5))
def test_every_pass_is_a_permutation(size: int, seed: int, passes: int) -> None:
    indices = np.arange(100, 100 + size)
    stream = order(indices, seed, 0, passes * size)
    assert len(stream) == passes * size
    for number in range(passes):
        assert sorted(stream[number * size : (number + 1) * size]) == indices.tolist()


@given(sizes, seeds, st.integers(0, 60), st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_the_stream_is_the_same_however_it_is_cut(
    size: int, seed: int, start: int, counts: list[int]
) -> None:
    indices = np.arange(size) * 3
    whole = order(indices, seed, 0, start + sum(counts))
    pieces = []
    for count in counts:
        pieces.append(order(indices, seed, start, count))
        assert len(pieces[-1]) == count
        start += count
    assert np.array_equal(np.concatenate(pieces), whole[len(whole) - sum(counts) :])


def test_passes_and_seeds_differ() -> None:
    indices = np.arange(50)
    first, second = order(indices, 0, 0, 50), order(indices, 0, 50, 50)
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, indices)
    assert not np.array_equal(first, order(indices, 1, 0, 50))


def test_the_global_random_state_has_no_part_in_it() -> None:
    np.random.seed(0)  # noqa: NPY002
    first = order(np.arange(50), 0, 0, 80)
    np.random.seed(1)  # noqa: NPY002
    assert np.array_equal(first, order(np.arange(50), 0, 0, 80))


def test_batches_are_the_images_in_the_given_order() -> None:
    images = np.arange(10, dtype=np.uint8)[:, None, None] * np.ones((1, 2, 2), np.uint8)
    labels = np.arange(10, dtype=np.uint8) + 100
    seen = list(batches(images, labels, np.array([7, 1, 4, 3, 9]), 2))
    # What is over makes no batch.
    assert [part[:, 0, 0].tolist() for part, _ in seen] == [[7, 1], [4, 3]]
    assert [part.tolist() for _, part in seen] == [[107, 101], [104, 103]]
    assert seen[0][0].dtype == np.uint8
    assert seen[0][0].shape == (2, 2, 2)
