"""What a run trains on in each epoch, and what it is measured on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ablation.training.epochs import Epochs, Images, order

from ablation.base.errors import UserError
from ablation.training.config import ArmConfig

Arm = Callable[..., ArmConfig]
NUMBERS = np.random.default_rng(0).permutation(64)


def data(**more: Any) -> Images:
    images = np.arange(64, dtype=np.uint8)[:, None, None] * np.ones((1, 12, 12), np.uint8)
    return Images(images, np.arange(64, dtype=np.uint8), NUMBERS[:50], NUMBERS[50:], **more)


def epochs(tiny_arm: Arm, of: Images | None = None, **train: Any) -> Epochs:
    return Epochs(tiny_arm({"train": train}).train, 5, of or data())


def test_epochs_are_consecutive_pieces_of_the_run_s_stream(tiny_arm: Arm) -> None:
    made = epochs(tiny_arm, images_per_epoch=20, epochs=7)
    assert (made.steps, made.images, made.all_steps) == (2, 16, 14)
    stream = order(data().training, 5, 0, 7 * 16).reshape(7, 16)
    for number in (3, 0, 6):  # in any order
        np.testing.assert_array_equal(made.epoch(number).order, stream[number])
    assert made.epoch(1).images is made.epoch(2).images


def test_a_run_may_see_only_the_first_of_its_training_images(tiny_arm: Arm) -> None:
    made = epochs(tiny_arm, images=16)
    assert set(made.epoch(3).order) == set(NUMBERS[:16])
    np.testing.assert_array_equal(made.measured["train"], np.sort(NUMBERS[:16]))


def test_it_is_measured_on_the_same_images_of_both_parts(tiny_arm: Arm) -> None:
    made = epochs(tiny_arm, measured_images=9)
    np.testing.assert_array_equal(made.measured["train"], np.sort(NUMBERS[:9]))
    np.testing.assert_array_equal(made.measured["validation"], np.sort(NUMBERS[50:59]))


def test_fresh_images_are_asked_for_by_epoch_and_taken_as_they_come(tiny_arm: Arm) -> None:
    asked = []

    def fresh(epoch: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        asked.append((epoch, count))
        return np.full((count, 12, 12), epoch, np.uint8), np.full(count, epoch, np.uint8)

    made = epochs(tiny_arm, data(fresh=fresh), images_per_epoch=30)
    third = made.epoch(2)
    assert asked == [(2, 24)]
    assert (third.images == 2).all()
    assert (third.labels == 2).all()
    np.testing.assert_array_equal(third.order, np.arange(24))
    # Measurements stay on the data set, so that they compare between epochs and arms.
    assert set(made.measured["train"]) <= set(NUMBERS[:50])


def test_fewer_images_than_a_batch_are_refused(tiny_arm: Arm) -> None:
    with pytest.raises(UserError, match=r"7 training images.*batch of 8"):
        epochs(tiny_arm, images_per_epoch=7)
