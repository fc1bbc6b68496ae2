"""Sample images after each input layer, pseudocoloured and grey (paper, figure 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from ablation.base.arrays import read_npz
from ablation.base.errors import UserError
from ablation.base.reading import refusing
from ablation.reporting.config import AugmentationFigure
from ablation.reporting.figures.style import DOUBLE_COLUMN, journal

# The paper shows its first columns with matplotlib's default colours and the others as grey RGB.
BLOCKS = {"viridis": "Pseudocoloured", "gray": "Grey, as RGB"}
LARGEST = {"raw": 255.0}  # the largest value of a step's images; of any other step it is 1

# Inches. Images are square and of one size, so the places are computed and not left to a layout.
LEFT, RIGHT, GAP, BLOCK_GAP = 0.42, 0.06, 0.06, 0.22
TOP, BELOW, BAR, BAR_BELOW = 0.4, 0.44, 0.09, 0.36
LINE = 0.13


@dataclass(frozen=True)
class Samples:
    """Images after each step.

    Attributes:
        numbers: (k,) int, the images' numbers in the data set.
        labels: (k,) uint8.
        steps: step -> (k, h, w) float32, in order; `raw` is 0..255, the others 0..1.
    """

    numbers: np.ndarray
    labels: np.ndarray
    steps: dict[str, np.ndarray]


def read(folder: Path) -> Samples:
    """The samples in `folder/data.npz`.

    Raises:
        UserError: an array is missing, or has not one image for each number.
    """
    path = folder / "data.npz"
    arrays = read_npz(path)
    with refusing(path, "set of samples", "summarize"):
        missing = [name for name in ("numbers", "labels", "steps") if name not in arrays]
        names = [] if missing else [str(step) for step in arrays["steps"]]
        missing += [f"step_{name}" for name in names if f"step_{name}" not in arrays]
        if missing:
            raise UserError(f"lacks the array {missing[0]}; it has {', '.join(arrays)}")
        samples = Samples(
            numbers=arrays["numbers"],
            labels=arrays["labels"],
            steps={name: arrays[f"step_{name}"] for name in names},
        )
        for name, images in samples.steps.items():
            if images.ndim != 3 or len(images) != len(samples.numbers):
                raise UserError(
                    f"is wrong: step_{name} has the shape {images.shape}, "
                    f"not ({len(samples.numbers)}, height, width)"
                )
            if images.dtype.kind != "f" or not np.isfinite(images).all():
                raise UserError(f"has step_{name} in {images.dtype}, not in finite numbers")
        if samples.numbers.shape != samples.labels.shape:
            raise UserError(f"has {samples.labels.shape} labels of {samples.numbers.shape} images")
    return samples


@journal()
def draw(figure: AugmentationFigure, labels: Mapping[str, str], table: Samples) -> Figure:
    """A row an image, a column a step, first pseudocoloured and then grey."""
    steps, rows = list(table.steps), len(table.numbers)
    inside = len(steps) - 1
    free = DOUBLE_COLUMN - LEFT - RIGHT - 2 * inside * GAP - BLOCK_GAP
    side = free / (2 * len(steps))
    # More than four columns are narrower than their names, which then stand in two lines in turn.
    crowded = len(steps) > 4
    top = TOP + (LINE if crowded else 0)
    height = top + rows * side + (rows - 1) * GAP + BELOW + BAR + BAR_BELOW
    picture = Figure(figsize=(DOUBLE_COLUMN, height))

    def place(x: float, y: float, width: float, tall: float) -> Axes:
        """Axes with their upper left corner at (x, y), inches from the figure's."""
        return picture.add_axes(
            (x / DOUBLE_COLUMN, 1 - (y + tall) / height, width / DOUBLE_COLUMN, tall / height)
        )

    for block, (colours, meaning) in enumerate(BLOCKS.items()):
        start = LEFT + block * (len(steps) * side + inside * GAP + BLOCK_GAP)
        lefts = [start + column * (side + GAP) for column in range(len(steps))]
        middle = (start + lefts[-1] + side) / 2
        picture.text(middle / DOUBLE_COLUMN, 1 - 0.04 / height, meaning, ha="center", va="top",
                     fontsize=9, fontweight="bold")  # fmt: skip
        for row in range(rows):
            for column, (left, step) in enumerate(zip(lefts, steps, strict=True)):
                axes = place(left, top + row * (side + GAP), side, side)
                _image(axes, table.steps[step][row], colours, LARGEST.get(step, 1.0))
                axes.tick_params(labelbottom=row == rows - 1)
                if row == 0:
                    raised = 72 * LINE if crowded and column % 2 else 0  # points
                    axes.set_title(step, fontsize=8, fontweight="normal", pad=3 + raised)
                if row == rows - 1:
                    axes.set_xlabel("x (px)", fontsize=8, labelpad=-1)
                if left == LEFT:
                    text = f"no. {table.numbers[row]}\nlabel {table.labels[row]}"
                    axes.set_ylabel(text, fontsize=8)
        y = top + rows * side + (rows - 1) * GAP + BELOW
        for largest in dict.fromkeys(LARGEST.get(step, 1.0) for step in steps):
            under = [x for x, s in zip(lefts, steps, strict=True) if LARGEST.get(s, 1.0) == largest]
            width = under[-1] + side - under[0]
            bar = picture.colorbar(
                ScalarMappable(Normalize(0, largest), colours),
                cax=place(under[0], y, width, BAR),
                orientation="horizontal",
                ticks=[0, largest],
                format="%g",
            )
            bar.set_label("grey value", fontsize=8, labelpad=0 if len(under) == 1 else -6)
            _inwards(bar.ax)
    return picture


def _image(axes: Axes, image: np.ndarray, colours: str, largest: float) -> None:
    """An image (h, w) with ticks at its first and last edge."""
    axes.imshow(image, cmap=colours, vmin=0, vmax=largest, interpolation="nearest")
    axes.spines[["top", "right"]].set_visible(True)
    axes.set_yticks([])
    axes.set_xticks([-0.5, image.shape[1] - 0.5], ["0", str(image.shape[1])])
    axes.tick_params(length=2, pad=2)
    _inwards(axes)


def _inwards(axes: Axes) -> None:
    """The numbers at both ends of an axis stand inside it, apart from its neighbours'."""
    first, last = axes.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")
