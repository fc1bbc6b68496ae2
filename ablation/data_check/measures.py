"""What is measured on composed images: their background outside the digits, ink, labels, places.

Images are (n, S, S) uint8; `corners` (n, d, 2) holds the top and left of each image's d tiles in
px, as in a `Composition`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import stats

Images = NDArray[np.uint8]
Corners = NDArray[np.integer]

_LAGS = 30  # px, the longest lag of an autocorrelation
_CORRELATED = 150  # images of which half-lengths are measured, which cost more than all the rest
_FEWEST = 5  # expected in a cell of a chi-square test, by the usual rule


@dataclass(frozen=True)
class Background:
    """Statistics of images outside their digits, in grey levels.

    `mean` of all pixels; `image_means`, the smallest and the largest mean of an image; `sd` inside
    an image, averaged over the images; `percentiles` of all pixels; `half_lengths` as
    `half_length` gives them, down and across, in px, of at most 150 of the images.
    """

    mean: float
    image_means: tuple[float, float]
    sd: float
    percentiles: tuple[float, ...]
    half_lengths: tuple[float, float]


def ground(corners: Corners, tile: int, canvas: int) -> NDArray[np.bool_]:
    """Where the pixels outside all tiles lie, (n, canvas, canvas) bool."""
    free = np.ones((len(corners), canvas, canvas), bool)
    windows = sliding_window_view(free, (tile, tile), axis=(1, 2), writeable=True)
    for i in range(corners.shape[1]):
        windows[np.arange(len(corners)), corners[:, i, 0], corners[:, i, 1]] = False
    return free


def background(images: Images, free: NDArray[np.bool_], percents: list[float]) -> Background:
    """Statistics of the pixels that are `free` (n, S, S) bool, of which each image has some.

    `percents` (0..100) says which percentiles. Raises ValueError where there is no image, or one
    without a free pixel.
    """
    counts = free.sum(axis=(1, 2))
    if not len(images) or not counts.min():
        raise ValueError(f"{len(images)} images, the digits of which must leave some background")
    values = np.where(free, images, 0).astype(np.float32)
    means = values.sum(axis=(1, 2), dtype=np.float64) / counts
    squares = np.einsum("nij,nij->n", values, values, dtype=np.float64) / counts
    pixels = images[free]
    some = spread(np.zeros(len(images), int), 0, _CORRELATED)
    return Background(
        mean=float(pixels.mean()),
        image_means=(float(means.min()), float(means.max())),
        sd=float(np.sqrt(np.maximum(squares - means**2, 0)).mean()),
        percentiles=tuple(np.percentile(pixels, percents).tolist()),
        half_lengths=(
            half_length(images[some], free[some], 1),
            half_length(images[some], free[some], 2),
        ),
    )


def half_length(images: Images, free: NDArray[np.bool_], axis: int) -> float:
    """The lag in px at which the autocorrelation along `axis` (1 or 2) is 0.5.

    Of each image's `free` pixels, linear between whole lags; the median over the images. Where
    the autocorrelation has not halved by the longest lag (29 px), that lag stands for it.
    """
    among = np.moveaxis(free, axis, 1).astype(np.float32)
    values = np.moveaxis(images, axis, 1) * among
    values -= among * (values.sum(axis=(1, 2)) / among.sum(axis=(1, 2)))[:, None, None]
    side = values.shape[1]
    lags = min(_LAGS, side)
    products = np.stack([_paired(values, lag) for lag in range(lags)], axis=1)
    pairs = np.stack([_paired(among, lag) for lag in range(lags)], axis=1)
    covariance = products / np.maximum(pairs, 1)
    variance = covariance[:, :1]
    # An image of one grey level is correlated with itself at any lag.
    correlation = np.divide(covariance, variance, out=np.ones_like(covariance), where=variance > 0)
    low = correlation < 0.5
    below = np.where(low.any(axis=1), low.argmax(axis=1), lags - 1)
    rows = np.arange(len(images))
    over, under = correlation[rows, below - 1], correlation[rows, below]
    steps = np.where(low.any(axis=1), (over - 0.5) / np.where(over > under, over - under, 1), 1)
    return float(np.median(below - 1 + steps))


def _paired(values: NDArray[np.float32], lag: int) -> NDArray[np.float32]:
    """The sum over each image of products of pixels that lie `lag` rows apart, (n,)."""
    rows = values.shape[1] - lag
    return np.asarray(np.einsum("nij,nij->n", values[:, lag:], values[:, :rows]))


def ink_boxes(
    images: Images, free: NDArray[np.bool_], corners: Corners, tile: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Widths and heights (k,) in px of the boxes around the ink of k digits.

    Ink is what is brighter, inside a tile, than all of the image's background (`free` pixels).
    Images whose background reaches 255 show no such ink and are left out, and so is a tile in
    which nothing is that bright.
    """
    brightest = np.where(free, images, 0).max(axis=(1, 2))
    rows = np.flatnonzero(brightest < 255)
    windows = sliding_window_view(images, (tile, tile), axis=(1, 2))
    tiles = windows[rows[:, None], corners[rows, :, 0], corners[rows, :, 1]]
    ink = (tiles > brightest[rows, None, None, None]).reshape(-1, tile, tile)
    ink = ink[ink.any(axis=(1, 2))]
    return _extent(ink.any(axis=1)), _extent(ink.any(axis=2))


def _extent(marked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """From the first to the last marked place of each row of (k, side) bool, each with one."""
    return marked.shape[1] - marked.argmax(axis=1) - marked[:, ::-1].argmax(axis=1)


def saturated(images: Images) -> NDArray[np.int64]:
    """How many pixels of each image are 255, (n,)."""
    return np.asarray((images == 255).sum(axis=(1, 2)))


def overlapping(corners: Corners, tile: int) -> int:
    """How many pairs of an image's tiles share a pixel."""
    first, second = np.triu_indices(corners.shape[1], 1)
    apart = np.abs(corners[:, first].astype(int) - corners[:, second]).max(axis=2)
    return int((apart < tile).sum())


def cut(corners: Corners, tile: int, canvas: int) -> int:
    """How many tiles reach beyond the border of their image."""
    return int(((corners < 0) | (corners > canvas - tile)).any(axis=2).sum())


def same_source(counts: NDArray[np.integer], others: NDArray[np.integer]) -> float | None:
    """The p-value of a chi-square test that two counts of k labels have the same distribution.

    Neighbouring labels are taken together until each cell expects at least 5. None where fewer
    than two cells are left: there are too few images to tell.
    """
    table = np.stack([counts, others]).astype(float)
    smaller = table.sum(axis=1).min() / table.sum()
    cells = [np.zeros(2)]
    for column in table.T:
        if cells[-1].sum() * smaller >= _FEWEST:
            cells.append(np.zeros(2))
        cells[-1] = cells[-1] + column
    if len(cells) > 1 and cells[-1].sum() * smaller < _FEWEST:
        cells[-2:] = [cells[-2] + cells[-1]]
    if len(cells) < 2:
        return None
    return float(stats.chi2_contingency(np.stack(cells, axis=1), correction=False).pvalue)


def spread(groups: NDArray[np.integer], group: int, count: int) -> NDArray[np.int64]:
    """At most `count` places of `group` in (n,) `groups`, evenly spread from the first on."""
    members = np.flatnonzero(groups == group)
    if len(members) <= count:
        return members
    return members[np.arange(count) * len(members) // count]
