"""Sample images after each input layer, pseudocoloured and grey (paper, figure 3)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from ablation.base.arrays import read_npz
from ablation.reporting.config import AugmentationFigure
from ablation.reporting.figures.style import DOUBLE_COLUMN, inwards, journal

# The paper shows its first columns with matplotlib's default colours and the others as grey RGB.
BLOCKS = {"viridis": "Pseudocoloured", "gray": "Grey, as RGB"}
LARGEST = {"raw": 255.0}  # the largest value of a step's images; of any other step it is 1

# Inches. Images are square and of one size, so the places are computed and not left to a layout.
LEFT, RIGHT, GAP, BETWEEN = 0.42, 0.06, 0.06, 0.22
HEAD, AXIS, BAR, FOOT = 0.4, 0.44, 0.09, 0.36


@journal
def draw(figure: AugmentationFigure, labels: Mapping[str, str], folder: Path) -> Figure:
    """A row an image, a column a step, first pseudocoloured and then grey.

    `folder/data.npz` holds numbers (k,) and labels (k,) of the images, the names of the steps, and
    for each step_NAME (k, h, w) float32; `raw` is 0..255, the others 0..1.
    """
    arrays = read_npz(folder / "data.npz")
    numbers, steps = arrays["numbers"], [str(step) for step in arrays["steps"]]
    largest = [LARGEST.get(step, 1.0) for step in steps]
    width = (DOUBLE_COLUMN - LEFT - BETWEEN - RIGHT) / 2  # of a block of images and their bars
    # More than four columns are narrower than their names, which then stand in two lines in turn.
    crowded = len(steps) > 4
    head = HEAD + 0.13 * crowded
    side = (width + GAP) / len(steps) - GAP
    rows = [side] * len(numbers) + [AXIS - 2 * GAP, BAR]
    height = head + sum(rows) + (len(rows) - 1) * GAP + FOOT
    picture = Figure(figsize=(DOUBLE_COLUMN, height))
    for left, (colours, meaning) in zip(
        (LEFT, LEFT + width + BETWEEN), BLOCKS.items(), strict=True
    ):
        block = picture.add_gridspec(
            len(rows), len(steps), height_ratios=rows, wspace=GAP / side,
            hspace=GAP * len(rows) / sum(rows), top=1 - head / height, bottom=FOOT / height,
            left=left / DOUBLE_COLUMN, right=(left + width) / DOUBLE_COLUMN,
        )  # fmt: skip
        picture.text((left + width / 2) / DOUBLE_COLUMN, 1 - 0.04 / height, meaning, ha="center",
                     va="top", fontsize=9, fontweight="bold")  # fmt: skip
        for column, step in enumerate(steps):
            for row, image in enumerate(arrays[f"step_{step}"]):
                axes = picture.add_subplot(block[row, column])
                axes.imshow(image, cmap=colours, vmin=0, vmax=largest[column])
                axes.spines[["top", "right"]].set_visible(True)
                axes.set_yticks([])
                axes.set_xticks([-0.5, image.shape[1] - 0.5], ["0", str(image.shape[1])])
                inwards(axes)
                axes.tick_params(length=2, pad=2, labelbottom=row == len(numbers) - 1)
                if row == 0:
                    pad = 3 + 9 * (crowded and column % 2)
                    axes.set_title(step, fontsize=8, fontweight="normal", pad=pad)
                if left == LEFT and column == 0:
                    text = f"no. {numbers[row]}\nlabel {arrays['labels'][row]}"
                    axes.set_ylabel(text, fontsize=8)
            axes.set_xlabel("x (px)", fontsize=8, labelpad=-1)
        for most in dict.fromkeys(largest):
            first, end = largest.index(most), len(steps) - largest[::-1].index(most)
            bar = picture.colorbar(
                ScalarMappable(Normalize(0, most), colours), orientation="horizontal",
                cax=picture.add_subplot(block[-1, first:end]), ticks=[0, most], format="%g",
            )  # fmt: skip
            bar.set_label("grey value", fontsize=8, labelpad=0 if end - first == 1 else -6)
            inwards(bar.ax)
    return picture
