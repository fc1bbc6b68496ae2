"""Families that are no measured one: mosaics of patches, each of one random process.

A patch draws all its parameters anew, so that one picture holds much that a network has not seen.
No image of the study stands on them; arms with fresh images may (`train.fresh_backgrounds`).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage
from scipy.spatial import cKDTree

from ablation.composition.backgrounds.noise import Floats, Shape, grey, smooth

_PATCH, _MANY = 200, 6  # px, the side of a patch; how many each way
_BRIGHTEST = 205  # so that ink, which adds up to 255, stands out


def clouds(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Noise of every scale, drawn out in one direction: soft, banded, or cut into flat shapes."""
    return _mosaic(_cloud, rng)


def waves(rng: np.random.Generator) -> NDArray[np.uint8]:
    """One to three bent gratings over each other: ripples, stripes, weaves, saw teeth."""
    return _mosaic(_wave, rng)


def cells(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Flat or shaded polygons of one size, with or without seams."""
    return _mosaic(_cell, rng)


def strokes(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Curves of one width on a soft ground: longer than any digit's stroke, or mere dashes."""
    return _mosaic(_stroke, rng)


def _mosaic(
    texture: Callable[[Shape, np.random.Generator], Floats],
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    side = _PATCH * _MANY
    picture = np.empty((side, side), np.uint8)
    for top in range(0, side, _PATCH):
        for left in range(0, side, _PATCH):
            patch = _shaded(texture((_PATCH, _PATCH), rng), rng)
            picture[top : top + _PATCH, left : left + _PATCH] = patch
    return picture


def _shaded(field: Floats, rng: np.random.Generator) -> NDArray[np.uint8]:
    """`field` between random grey levels, on a random slope, with random sharpness and grain."""
    low, high = np.percentile(field, (1, 99))
    tone = np.clip((field - low) / max(high - low, 1e-6), 0, 1) ** 2 ** rng.uniform(-1, 1)
    # Squares, so that most patches are nearer to the strongest contrast than to the weakest.
    dark = 130 * rng.uniform() ** 2
    bright = _BRIGHTEST - (_BRIGHTEST - dark - 30) * rng.uniform() ** 2
    if rng.random() < 0.5:
        dark, bright = bright, dark
    y, x = np.indices(field.shape) / _PATCH - 0.5
    slope = rng.uniform(-30, 30, 2)
    made = dark + (bright - dark) * tone + slope[0] * y + slope[1] * x
    made = ndimage.gaussian_filter(made, rng.uniform(0, 0.8))
    made += rng.uniform(0, 8) * smooth(field.shape, 0.5, 0.5, rng)
    return grey(np.clip(made, 0, _BRIGHTEST))


def _along(shape: Shape, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Places along and across a random direction, each of `shape`, in px."""
    angle = rng.uniform(0, np.pi)
    y, x = np.indices(shape)
    return y * np.sin(angle) + x * np.cos(angle), y * np.cos(angle) - x * np.sin(angle)


def _log(low: float, high: float, rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _cloud(shape: Shape, rng: np.random.Generator) -> Floats:
    angle, longer, fall = rng.uniform(0, np.pi), _log(1, 8, rng), rng.uniform(0.5, 2.5)
    down, right = fft.fftfreq(shape[0])[:, None], fft.rfftfreq(shape[1])[None]
    along = down * np.sin(angle) + right * np.cos(angle)
    across = down * np.cos(angle) - right * np.sin(angle)
    # Waves longer than 10 to 100 px are no stronger than those.
    frequency = np.hypot(along * longer, across) + 1 / _log(10, 100, rng)
    field = fft.irfft2(fft.rfft2(rng.standard_normal(shape)) * frequency**-fall, s=shape)
    field /= field.std()
    kind = rng.integers(3)
    if kind == 1:
        return np.sin(field * rng.uniform(2, 8))
    return np.tanh(field * rng.uniform(2, 20)) if kind == 2 else field


def _wave(shape: Shape, rng: np.random.Generator) -> Floats:
    field = np.zeros(shape)
    bend = rng.uniform(0, 10) * smooth(shape, rng.uniform(8, 40), rng.uniform(8, 40), rng)
    for _ in range(rng.integers(1, 4)):
        period, lean, share = _log(4, 50, rng), rng.uniform(0.03, 0.97), rng.uniform(0.2, 0.8)
        phase = (_along(shape, rng)[0] + bend) / period % 1
        # From a sine's like to a saw tooth, from soft to as sharp as a pixel.
        tooth = np.minimum(phase / lean, (1 - phase) / (1 - lean))
        field += np.clip((tooth - share) * _log(1, period, rng) + 0.5, 0, 1)
    return field


def _cell(shape: Shape, rng: np.random.Generator) -> Floats:
    size, longer = _log(5, 50, rng), _log(1, 3, rng)
    along, across = _along(shape, rng)
    places = np.stack([along.ravel() / longer, across.ravel()], axis=-1)
    low, high = places.min(axis=0) - size, places.max(axis=0) + size
    count = int(np.prod(high - low) / size**2) + 2
    distance, nearest = cKDTree(rng.uniform(low, high, (count, 2))).query(places, k=2)
    field = rng.uniform(0, 1, count)[nearest[:, 0]]
    field += rng.uniform(-1, 1) * distance[:, 0] / size
    if rng.random() < 0.5:
        seam = np.clip((distance[:, 1] - distance[:, 0]) / rng.uniform(1, 5), 0, 1)
        ground = rng.uniform(-0.5, 1.5)
        field = ground + (field - ground) * seam
    return field.reshape(shape)


def _stroke(shape: Shape, rng: np.random.Generator) -> Floats:
    length = rng.choice([rng.integers(3, 9), rng.integers(80, 400)])
    count = int(rng.uniform(0.02, 0.15) * shape[0] * shape[1] / length) + 1
    # Twice a pixel, with a curvature that changes slowly and never makes a digit's small loop.
    turn = ndimage.gaussian_filter1d(rng.standard_normal((count, 2 * length)), 20, axis=1)
    turn = np.clip(turn * rng.uniform(0, 0.2), -0.03, 0.03)
    heading = rng.uniform(0, rng.uniform(0.1, 2 * np.pi), (count, 1)) + np.cumsum(turn, axis=1)
    y = rng.uniform(0, shape[0], (count, 1)) + np.cumsum(np.sin(heading), axis=1) / 2
    x = rng.uniform(0, shape[1], (count, 1)) + np.cumsum(np.cos(heading), axis=1) / 2
    field = np.zeros(shape)
    height = np.repeat(rng.uniform(0.4, 1, (count, 1)), 2 * length, axis=1)
    np.maximum.at(field, (y.astype(int) % shape[0], x.astype(int) % shape[1]), height)
    radius = rng.uniform(0, 2.5)
    disc = np.hypot(*np.mgrid[-2:3, -2:3]) <= radius
    field = ndimage.grey_dilation(field, footprint=disc, mode="wrap")
    field = ndimage.gaussian_filter(field, rng.uniform(0.3, 1), mode="wrap")
    ground = smooth(shape, rng.uniform(1, 20), rng.uniform(1, 20), rng)
    return field + rng.uniform(0, 0.3) * ground


FAMILIES: dict[str, Callable[[np.random.Generator], NDArray[np.uint8]]] = {
    "clouds": clouds,
    "waves": waves,
    "cells": cells,
    "strokes": strokes,
}
