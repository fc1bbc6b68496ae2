"""What a network answers, kept small."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ablation.evaluation.answers import answers


class Network:
    """Its logits for an image are the image's pixels, less 100."""

    def predict(self, images: NDArray[np.uint8], **_: object) -> NDArray[np.float32]:
        return images.reshape(len(images), 10).astype(np.float32) - 100


def images(*rows: dict[int, float]) -> NDArray[np.uint8]:
    made = np.full((len(rows), 10), 100, np.uint8)
    for number, row in enumerate(rows):
        for digit, value in row.items():
            made[number, digit] = 100 + value
    return made.reshape(len(rows), 2, 5)


def test_digits_of_every_part_and_probabilities_of_test_images_in_one_byte_each() -> None:
    test = images({3: 2}, {0: 100}, {})
    found = answers(Network(), {"train": images({7: 1}, {2: 1}), "test": test})
    assert list(found) == ["train", "test", "test_probabilities"]
    assert found["train"].tolist() == [7, 2]
    assert found["test"].tolist() == [3, 0, 0]
    assert all(array.dtype == np.uint8 for array in found.values())
    e2 = np.exp(2) / (np.exp(2) + 9)
    expected = [
        [round(255 * (e2 if digit == 3 else (1 - e2) / 9)) for digit in range(10)],
        [255] + [0] * 9,
        [round(25.5)] * 10,
    ]
    assert found["test_probabilities"].tolist() == expected


def test_a_tie_in_bytes_is_told_by_the_digit() -> None:
    class Close(Network):
        def predict(self, images: NDArray[np.uint8], **_: object) -> NDArray[np.float32]:
            return np.array([[0.0] * 8 + [5.0, 5.001]], np.float32)

    found = answers(Close(), {"test": np.zeros((1, 2, 5), np.uint8)})
    assert found["test"].tolist() == [9]
    assert found["test_probabilities"][0, 8] == found["test_probabilities"][0, 9]


def test_a_network_that_diverged_has_no_probability() -> None:
    class Diverged(Network):
        def predict(self, images: NDArray[np.uint8], **_: object) -> NDArray[np.float32]:
            return np.full((len(images), 10), np.nan, np.float32)

    found = answers(Diverged(), {"test": images({}, {})})
    assert found["test"].tolist() == [0, 0]
    assert not found["test_probabilities"].any()
