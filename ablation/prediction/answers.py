"""The answer of a network to an image, and where in it each digit was seen."""

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


@dataclass(frozen=True)
class Answer:
    """The largest digit present as the network says, its probability (0..1), and what it saw.

    `seen` is of that digit and larger ones: the loss asks nothing of smaller digits beside it, so
    their evidence may be anything. It is None where the network's head does not tell places.
    """

    digit: int
    probability: float
    seen: list[Sight] | None


def answers(model: keras.Model, images: NDArray[np.uint8]) -> Iterator[Answer]:
    """One for each of `images` (n, side, side)."""
    names = [layer.name for layer in model.layers]
    outputs = [model.output]
    if EVIDENCE in names:
        outputs.append(model.get_layer(EVIDENCE).output)
    logits, *maps = keras.tree.flatten(keras.Model(model.input, outputs).predict(images, verbose=0))
    likely = probabilities(np.asarray(logits))
    evidences = maps[0] if maps else [None] * len(images)
    for row, evidence in zip(likely, evidences, strict=True):
        digit = int(row.argmax())
        seen = None if evidence is None else sights(evidence, images.shape[1], digit)
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
