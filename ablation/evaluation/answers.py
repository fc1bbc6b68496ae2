"""What a trained network predicts, small enough for git."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

AT_ONCE = 250  # images; has no influence on the answers


def answers(model: Any, parts: Mapping[str, NDArray[np.uint8]]) -> dict[str, NDArray[np.uint8]]:
    """The digit that a network names for each image, and for test images each digit's probability.

    A probability is kept as one byte, a 255th: 10,000 images compress to some 40 kB. Rounded so,
    two digits may tie, hence the digit beside it.

    Args:
        model: a Keras network that takes images (n, s, s) uint8 and gives logits (n, 10).
        parts: part -> its images (n, s, s) uint8.

    Returns:
        part -> digits (n,) uint8, and `test_probabilities` (n, 10) uint8 where there is that part.
    """
    found: dict[str, NDArray[np.uint8]] = {}
    for part, images in parts.items():
        logits = model.predict(images, batch_size=AT_ONCE, verbose=0)
        found[part] = logits.argmax(axis=1).astype(np.uint8)
        if part == "test":
            likely = np.nan_to_num(softmax(logits.astype(np.float64), axis=1))  # NaN: it diverged
            found["test_probabilities"] = np.round(255 * likely).astype(np.uint8)
    return found
