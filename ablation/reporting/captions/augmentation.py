"""What the input layers do to images, in words (paper, figure 3)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ablation.reporting.config import AugmentationFigure
from ablation.reporting.words import listed, paragraph, percent


def caption(figure: AugmentationFigure, labels: Mapping[str, str], folder: Path) -> str:
    """Which images, and what each step leaves of them."""
    with np.load(folder / "data.npz") as arrays:
        steps = {str(name): arrays[f"step_{name}"] for name in arrays["steps"]}
        images = [
            f"{number} (label {label})"
            for number, label in zip(arrays["numbers"], arrays["labels"], strict=True)
        ]
    sentences = [
        f"Images number {listed(images)} before and after each input layer of "
        f"{labels[figure.arms[0]]}, pseudocoloured on the left and on the right in grey as the "
        "network sees them, the one channel repeated to RGB."
    ]
    if "scaled" in steps:
        sentences.append("Scaling divides by the largest grey value and changes no contrast.")
    if "downscaled" in steps and "raw" in steps:
        sentences.append(
            f"Averaging shrinks the image from {_size(steps['raw'])} to "
            f"{_size(steps['downscaled'])}."
        )
    if "thresholded" in steps:
        kept = steps["thresholded"] > 0
        text = f"Thresholding leaves {percent(float(kept.mean()))} of the pixels"
        if kept.any():
            text += f" (the darkest has {steps['thresholded'][kept].min():.2f})"
        sentences.append(f"{text} and makes the others 0.")
    if "padded" in steps and len(steps) > 1:
        before = list(steps.values())[list(steps).index("padded") - 1]
        sentences.append(
            f"Padding puts the image into a frame of zeros, from {_size(before)} to "
            f"{_size(steps['padded'])}."
        )
    return paragraph(sentences)


def _size(images: np.ndarray) -> str:
    """The size of images (k, h, w): "72 by 72 px"."""
    return f"{images.shape[1]} by {images.shape[2]} px"
