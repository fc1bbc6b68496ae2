"""Composed images of each background family: a row a family, several crops."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ablation.reporting.figures.style import DPI, inwards, journal

# Inches. Whole pixels of the PNG everywhere, so that it shows each pixel of an image as a square.
SIDE, GAP = 256 / DPI, 10 / DPI
LEFT, TOP, BELOW, EDGE = 50 / DPI, 10 / DPI, 70 / DPI, 10 / DPI


@journal
def draw(crops: Mapping[str, NDArray[np.uint8]]) -> Figure:
    """A row for each name of `crops`, with its images (k, S, S) uint8 in grey, black 0, white 255.

    All rows have images of one number and size.
    """
    columns, _, size = next(iter(crops.values())).shape
    width = LEFT + columns * SIDE + (columns - 1) * GAP + EDGE
    height = TOP + len(crops) * SIDE + (len(crops) - 1) * GAP + BELOW
    picture = Figure(figsize=(width, height))
    for row, (name, images) in enumerate(crops.items()):
        bottom = height - TOP - row * (SIDE + GAP) - SIDE
        for column, image in enumerate(images):
            left = LEFT + column * (SIDE + GAP)
            axes = picture.add_axes((left / width, bottom / height, SIDE / width, SIDE / height))
            # "none", unlike "nearest", embeds the pixels as they are in the SVG too.
            axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="none")
            axes.spines[:].set_visible(False)
            axes.set_yticks([])
            axes.set_xticks([])
            if row == len(crops) - 1:
                axes.set_xticks([-0.5, size - 0.5], ["0", str(size)])
                axes.tick_params(length=2, pad=2)
                inwards(axes)
                axes.set_xlabel("x (px)", fontsize=8, labelpad=-6)
            if column == 0:
                axes.set_ylabel(name, fontsize=9, fontweight="bold", labelpad=4)
    return picture


@journal
def without(sentence: str) -> Figure:
    """A picture that says why there is no contact sheet."""
    picture = Figure(figsize=(7.0, 0.5))
    picture.text(0.5, 0.5, sentence, ha="center", va="center", fontsize=9)
    return picture
