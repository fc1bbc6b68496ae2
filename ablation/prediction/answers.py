"""The prediction of a network for an image, and where in it each digit was seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from ablation.evaluation.metrics import probabilities
from ablation.networks.heads import EVIDENCE

SEEN = 0.5  # a digit is named as seen from this probability on


@dataclass(frozen=True)
class Sight:
    """A digit that was seen: how surely (0..1), and the place where it was surest, in px."""

    digit: int
    probability: float
    top: float
    left: float

    def __str__(self) -> str:
        return f"{self.digit} ({self.probability:.0%}) at {self.left:.0f}, {self.top:.0f}"


@dataclass(frozen=True)
class Answer:
    """The largest digit present as the network says, its probability (0..1), and what it saw.

    `seen` is of that digit and larger ones: the loss asks nothing of smaller digits beside it, so
    their evidence may be anything. It is empty where the network's head does not tell places.
    """

    digit: int
    probability: float
    seen: list[Sight]

    def __str__(self) -> str:
        saw = f"  saw {', '.join(map(str, self.seen))}" if self.seen else ""
        return f"{self.digit}  {self.probability:6.1%}{saw}"


def answers(model: keras.Model, images: NDArray[np.uint8]) -> Iterator[Answer]:
    """One for each of `images` (n, side, side)."""
    outputs = [model.output]
    if EVIDENCE in [layer.name for layer in model.layers]:
        outputs.append(model.get_layer(EVIDENCE).output)
    logits, *maps = keras.tree.flatten(keras.Model(model.input, outputs).predict(images, verbose=0))
    for number, row in enumerate(probabilities(np.asarray(logits))):
        digit = int(row.argmax())
        seen = sights(maps[0][number], images.shape[1], digit) if maps else []
        yield Answer(digit, float(row[digit]), seen)


def sights(evidence: NDArray[np.float32], side: int, smallest: int = 0) -> list[Sight]:
    """The digits that ten maps (height, width, 10) of evidence show in an image of `side` px.

    Those below `smallest` are left out. A map's maximum is the score that its digit is somewhere,
    so each digit is named once.
    """
    height, width, digits = evidence.shape
    found = []
    for digit in range(smallest, digits):
        score = evidence[..., digit]
        row, column = np.unravel_index(int(score.argmax()), score.shape)
        probability = float(1 / (1 + np.exp(-np.float64(score.max()))))
        if probability >= SEEN:
            top, left = (row + 0.5) * side / height, (column + 0.5) * side / width
            found.append(Sight(digit, probability, float(top), float(left)))
    return found
