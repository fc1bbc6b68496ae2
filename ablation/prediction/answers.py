"""The prediction of a network for an image, and where in it each digit was seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.special import softmax

from ablation.composition.digits import SIDE
from ablation.networks import architectures
from ablation.networks.config import NetworkConfig
from ablation.networks.heads import EVIDENCE
from ablation.prediction.elsewhere import LARGEST, sides

SEEN = 0.5  # a digit is named as seen from this probability on
# Another look at an image, inverted or scaled, is taken where it has this many times the evidence.
MARGIN = 1.3
# From this probability on, with this evidence, no other scale is tried, which would take several
# times as long. Inverted, small digits are often surely a 1, with little evidence.
SURE = 0.99
CLEAR = 12.0
SCALES = [2 ** (step / 2) for step in range(-8, 3)]  # of an image whose digits are not of 28 px
PIXELS = 2**19  # of the images that are asked about at once


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
    `changes` says how the network was shown the image, if not as it is.
    """

    digit: int
    probability: float
    seen: list[Sight]
    changes: list[str]

    def __str__(self) -> str:
        saw = f"  saw {', '.join(map(str, self.seen))}" if self.seen else ""
        return f"{self.digit}  {self.probability:6.1%}{saw}"


class Network:
    """A trained network, asked about images of any size that it takes.

    It answers in float32, whatever the precision of its training: most processors take ten times as
    long in bfloat16.
    """

    def __init__(self, model: keras.Model, anywhere: bool) -> None:
        """`anywhere`: whether it takes other sizes than the one it was built for."""
        self.anywhere = anywhere
        sides = (None, None) if anywhere else model.input_shape[1:]
        exact = keras.models.clone_model(
            model,
            keras.Input(sides, dtype="uint8", name="images"),
            lambda layer: layer.from_config(layer.get_config() | {"dtype": "float32"}),
        )
        exact.set_weights(model.get_weights())
        outputs = {"logits": exact.output}
        self.tells_places = EVIDENCE in [layer.name for layer in exact.layers]
        if self.tells_places:
            outputs[EVIDENCE] = exact.get_layer(EVIDENCE).output
        self.model = keras.Model(exact.input, outputs)

    @classmethod
    def load(cls, path: Path, config: NetworkConfig) -> Network:
        """The trained network in a file.

        Raises:
            UserError: the file is damaged.
        """
        return cls(architectures.load(path), len(sides(config)) > 1)

    def export(self, path: Path) -> None:
        """Writes it as ONNX, for programs without Keras, with the same input and outputs."""
        images = keras.InputSpec(dtype="uint8", shape=self.model.input_shape, name="images")
        self.model.export(path, format="onnx", verbose=False, input_signature=[images])

    def look(self, images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """The logits (n, 10) of images (n, height, width) and, where it tells places, evidence."""
        return self.model.predict(images, max(1, PIXELS // images[0].size), verbose=0)

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Of each label (n, 10), of images (n, height, width) as they are."""
        return softmax(self.look(images)["logits"].astype(np.float64), axis=1)

    def answers(self, images: NDArray[np.uint8], scale: float = 1.0) -> list[Answer]:
        """One for each of `images` (n, height, width); `scale`: their px for a px of the person's.

        A network that tells places is asked about each image inverted too, and where it is not
        sure about each in other sizes.
        """
        found = [(MARGIN * evidence, answer) for evidence, answer in self._ask(images, scale)]

        def ask_too(numbers: list[int], inverted: bool, factor: float) -> None:
            if not numbers:
                return
            asked = self._ask(images[numbers], scale, inverted, factor)
            for number, other in zip(numbers, asked, strict=True):
                found[number] = max(found[number], other, key=lambda each: each[0])

        if self.tells_places:
            ask_too([*range(len(images))], True, 1.0)
        if self.tells_places and self.anywhere:
            unsure = [
                number
                for number, (evidence, answer) in enumerate(found)
                if answer.probability < SURE or evidence < CLEAR
            ]
            for factor, inverted in product(SCALES, (False, True)):
                height, width = (side * factor for side in images.shape[1:])
                if factor != 1 and min(height, width) >= SIDE and max(height, width) <= LARGEST:
                    ask_too(unsure, inverted, factor)
        return [answer for _, answer in found]

    def _ask(
        self, images: NDArray[np.uint8], scale: float, inverted: bool = False, factor: float = 1.0
    ) -> Iterator[tuple[float, Answer]]:
        """The evidence for digits in each image, and the answer, of one way to look at them.

        The evidence is the sum, over the digits that are more likely there than not, of their
        score. An image unlike the training images has less.
        """
        _, height, width = images.shape
        looks = [_shown(image, inverted) for image in images]
        if factor != 1:
            size = round(width * factor), round(height * factor)
            told = f"digits of about {SIDE / factor / scale:.0f} px: scaled by {factor:.2g}"
            looks = [
                (
                    np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS)),
                    [*changes, told],
                )
                for image, changes in looks
            ]
        outputs = self.look(np.stack([image for image, _ in looks]))
        for number, row in enumerate(softmax(outputs["logits"].astype(np.float64), axis=1)):
            digit = int(row.argmax())
            seen, evidence = [], 0.0
            if self.tells_places:
                maps = outputs[EVIDENCE][number]
                seen = sights(maps, height / scale, width / scale, digit)
                evidence = float(maps.max(axis=(0, 1)).clip(0).sum())
            yield evidence, Answer(digit, float(row[digit]), seen, looks[number][1])


def _shown(image: NDArray[np.uint8], inverted: bool) -> tuple[NDArray[np.uint8], list[str]]:
    """An image as the network is shown it, and what was changed.

    In the training images strokes add to the ground until they are white. So an image without a
    white px is stretched, from its darkest to its lightest.
    """
    changes = []
    dark, light = int(image.min()), int(image.max())
    if dark < light and (dark > 0 if inverted else light < 255):
        changes.append(f"contrast: {dark}..{light} to 0..255")
        image = np.rint((image - dark) * (255 / (light - dark))).astype(np.uint8)
    if inverted:
        changes.append("inverted: dark digits on a light ground")
        image = 255 - image
    return image, changes


def sights(
    evidence: NDArray[np.float32], height: float, width: float, smallest: int = 0
) -> list[Sight]:
    """The digits that ten maps (rows, columns, 10) of evidence show in an image of such px.

    Those below `smallest` are left out. A map's maximum is the score that its digit is somewhere,
    so each digit is named once.
    """
    rows, columns, digits = evidence.shape
    found = []
    for digit in range(smallest, digits):
        score = evidence[..., digit]
        row, column = np.unravel_index(int(score.argmax()), score.shape)
        probability = float(1 / (1 + np.exp(-np.float64(score.max()))))
        if probability >= SEEN:
            top, left = (row + 0.5) * height / rows, (column + 0.5) * width / columns
            found.append(Sight(digit, probability, float(top), float(left)))
    return found
