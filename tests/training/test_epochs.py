"""What a run sees and when: the order of images, epochs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ablation.training.config import ArmConfig
from ablation.training.loop import Epochs, Images, order

Arm = Callable[..., ArmConfig]
NUMBERS = np.random.default_rng(0).permutation(64)

# --- the order --------------------------------------------------------------------------------

sizes = st.integers(1, 40)
seeds = st.integers(0, 2**31)


@given(sizes, seeds, st.integers(1, 5))
def test_every_pass_is_a_permutation(size: int, seed: int, passes: int) -> None:
    indices = np.arange(100, 100 + size)
    stream = order(indices, seed, 0, passes * size)
    for one in np.split(stream, passes):
        assert sorted(one) == indices.tolist()


@given(sizes, seeds, st.integers(0, 60), st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_the_stream_is_the_same_however_it_is_cut(
    size: int, seed: int, start: int, counts: list[int]
) -> None:
    indices = np.arange(size) * 3
    whole = order(indices, seed, 0, start + sum(counts))
    for count in counts:
        np.testing.assert_array_equal(order(indices, seed, start, count), whole[start:][:count])
        start += count


def test_passes_and_seeds_differ_and_the_global_random_state_has_no_part() -> None:
    indices = np.arange(50)
    first, second = order(indices, 0, 0, 50), order(indices, 0, 50, 50)
    np.random.seed(1)  # noqa: NPY002
    np.testing.assert_array_equal(first, order(indices, 0, 0, 50))
    for other in (second, indices, order(indices, 1, 0, 50)):
        assert not np.array_equal(first, other)


# --- epochs -----------------------------------------------------------------------------------


def data(**more: Any) -> Images:
    images = np.arange(64, dtype=np.uint8)[:, None, None] * np.ones((1, 12, 12), np.uint8)
    return Images(images, np.arange(64, dtype=np.uint8), NUMBERS[:50], NUMBERS[50:], **more)


def epochs(tiny_arm: Arm, of: Images | None = None, **train: Any) -> Epochs:
    return Epochs(tiny_arm({"train": train}).train, 5, of or data())


def test_epochs_are_consecutive_pieces_of_the_run_s_stream(tiny_arm: Arm) -> None:
    made = epochs(tiny_arm, images_per_epoch=20, epochs=7)
    assert (made.steps, made.images) == (2, 16)
    stream = order(data().training, 5, 0, 7 * 16).reshape(7, 16)
    for number in (3, 0, 6):  # in any order
        np.testing.assert_array_equal(made.epoch(number).order, stream[number])


def test_a_run_may_see_only_the_first_images_and_is_measured_on_the_same_of_both_parts(
    tiny_arm: Arm,
) -> None:
    made = epochs(tiny_arm, images=16, measured_images=9)
    assert set(made.epoch(3).order) == set(NUMBERS[:16])
    # In the file's order, which reads faster.
    np.testing.assert_array_equal(made.measured["train"], np.sort(NUMBERS[:9]))
    np.testing.assert_array_equal(made.measured["validation"], np.sort(NUMBERS[50:59]))


def test_fresh_images_are_asked_for_by_epoch_and_taken_as_they_come(tiny_arm: Arm) -> None:
    def fresh(epoch: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        return np.full((count, 12, 12), epoch, np.uint8), np.full(count, epoch, np.uint8)

    made = epochs(tiny_arm, data(fresh=fresh), images_per_epoch=30)
    third = made.epoch(2)
    assert third.images.shape == (24, 12, 12)
    assert (third.images == 2).all()
    assert (third.labels == 2).all()
    np.testing.assert_array_equal(third.order, np.arange(24))
    # Measurements stay on the data set, so that they compare between epochs and arms.
    assert set(made.measured["train"]) <= set(NUMBERS[:50])
