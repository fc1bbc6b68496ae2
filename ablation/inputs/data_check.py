"""Whether composed images are like the competition's: each measure beside the measured value.

Images are judged by `measured.yaml` where their layout is that of the measured ones; otherwise what
depends on the layout is reported and not judged.

`corners` (n, d, 2) holds the top and left of each image's d tiles in px, as in a `Composition`;
`free` (n, S, S) bool is true outside the tiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import yaml
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import stats

from ablation.composition.placement import Layout

MEASURED: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("measured.yaml").read_text(encoding="utf-8")
)
LAYOUT: Layout = SimpleNamespace(**MEASURED["layout"])

# Images of a family that are measured. With a third of them chance alone could leave a tolerance:
# in some families few crops are dark, and the lowest percentiles hang on them.
EACH = 1000
CORRELATED = 150  # of these, whose half-lengths are measured, which cost more than all the rest
LAGS = 30  # of an autocorrelation, 0 to 29 px
FEWEST = 5  # expected in a cell of a chi-square test, by the usual rule
MADE, SAMPLE = "made", "sample"  # what preprocess made; what the check composed itself

# Of a background: its key in measured.yaml, the measure in words, is the tolerance a share of it.
BACKGROUND = (
    ("mean", "mean", False),
    ("sd", "standard deviation", True),
    ("percentiles", f"percentiles {'/'.join(map(str, MEASURED['percents']))}", False),
    ("half_lengths", "half-lengths down, across (px)", True),
)

Values = tuple[float, ...]


@dataclass(frozen=True)
class Images:
    """Images (n, S, S) uint8 to measure, and how they came to be, as in a `Composition`.

    `origin` is MADE or SAMPLE; `tile` the side of a tile in px; `names` the background families in
    the order of the indices `families` (n,).
    """

    origin: str
    tile: int
    names: Sequence[str]
    images: NDArray[np.uint8]
    families: NDArray[np.uint8]
    corners: NDArray[np.int16]


@dataclass(frozen=True)
class Row:
    """One measure on `count` images of `origin`; one or several values.

    `measured` is None where nothing was measured on the competition's data; `allowed` has the
    lowest and highest value that passes, for each of `ours`, or None where that is not judged, and
    `tolerance` says the same in words; `note` why it is not judged, or what else there is to say.
    """

    subject: str
    what: str
    origin: str
    count: int
    measured: Values | None
    ours: Values
    allowed: tuple[Values, ...] | None = None
    tolerance: str = ""
    note: str = ""

    @property
    def passed(self) -> bool | None:
        """Whether ours is allowed; None where that is not judged."""
        if self.allowed is None:
            return None
        pairs = zip(self.ours, self.allowed, strict=True)
        return all(low <= value <= high for value, (low, high) in pairs)


def not_judged(layout: Layout, made: Images) -> str:
    """Why images so laid out cannot be judged, "canvas 64, not 128" say; "" where they can."""
    other = [
        f"{key} {getattr(layout, key)}, not {value}"
        for key, value in MEASURED["layout"].items()
        if getattr(layout, key) != value
    ]
    fewest = int(np.bincount(made.families, minlength=len(made.names)).min())
    if not other and fewest < EACH:
        return f"{fewest:,} images of a family, fewer than {EACH:,}"
    return ", ".join(other)


def background_rows(made: Images, reason: str = "") -> list[Row]:
    """Of each family that occurs, what lies outside the digits.

    Families that were not measured have no rows. `reason` says why the rows are not to be judged;
    "" judges them.
    """
    rows = []
    for family, name in enumerate(made.names):
        if name not in MEASURED["families"]:
            continue
        chosen = spread(np.flatnonzero(made.families == family), EACH)
        images = np.asarray(made.images[chosen])
        free = outside(made.corners[chosen], made.tile, images.shape[1])
        # A family may not occur among few images, and digits may fill a small canvas.
        if not len(chosen) or not free.any(axis=(1, 2)).all():
            continue
        ours, known = background(images, free), MEASURED["families"][name]
        of = (made.origin, len(chosen))
        low, high = known["image_means"]
        for key, what, share in BACKGROUND:
            expected, may = tuple(np.atleast_1d(known[key]).tolist()), MEASURED["tolerances"][key]
            allowed = around(expected, may, share)
            words = f"±{may:.0%}" if share else f"±{may:g}"
            if key == "mean":
                allowed = ((max(low, allowed[0][0]), min(high, allowed[0][1])),)
                words += f", in {low} to {high}"
            judged = None if reason else allowed
            rows.append(Row(name, what, *of, expected, ours[key], judged, words, reason))
        # The few images that were measured cannot reach the extremes of hundreds.
        note = "the extremes of more images lie further apart"
        what = "smallest and largest image mean"
        rows.append(Row(name, what, *of, (low, high), ours["image_means"], note=note))
    return rows


def background(images: NDArray[np.uint8], free: NDArray[np.bool_]) -> dict[str, Values]:
    """Statistics of the free pixels, of which each image has some, by their key in measured.yaml.

    In grey levels; half-lengths in px, down and across, of at most 150 of the images.
    """
    counts = free.sum(axis=(1, 2))
    values = np.where(free, images, 0).astype(np.float32)
    means = values.sum(axis=(1, 2), dtype=np.float64) / counts
    squares = np.einsum("nij,nij->n", values, values, dtype=np.float64) / counts
    pixels = images[free]
    some = spread(np.arange(len(images)), CORRELATED)
    return {
        "mean": (float(pixels.mean()),),
        "image_means": (float(means.min()), float(means.max())),
        "sd": (float(np.sqrt(np.maximum(squares - means**2, 0)).mean()),),
        "percentiles": tuple(np.percentile(pixels, MEASURED["percents"]).tolist()),
        "half_lengths": tuple(half_length(images[some], free[some], axis) for axis in (1, 2)),
    }


def half_length(images: NDArray[np.uint8], free: NDArray[np.bool_], axis: int) -> float:
    """The lag in px at which the autocorrelation along `axis` (1 or 2) is 0.5.

    Of each image's free pixels, linear between whole lags; the median over the images. Where the
    autocorrelation has not halved by the longest lag (29 px), that lag stands for it.
    """
    among = np.moveaxis(free, axis, 1).astype(np.float32)
    values = np.moveaxis(images, axis, 1) * among
    values -= among * (values.sum(axis=(1, 2)) / among.sum(axis=(1, 2)))[:, None, None]
    side = values.shape[1]
    lags = min(LAGS, side)

    def products(of: NDArray[np.float32]) -> NDArray[np.float32]:
        """The sum over each image of products of pixels that lie so many rows apart, (n, lags)."""
        sums = [np.einsum("nij,nij->n", of[:, lag:], of[:, : side - lag]) for lag in range(lags)]
        return np.stack(sums, axis=1)

    covariance = products(values) / np.maximum(products(among), 1)
    variance = covariance[:, :1]
    # An image of one grey level is correlated with itself at any lag.
    correlation = np.divide(covariance, variance, out=np.ones_like(covariance), where=variance > 0)
    low = correlation < 0.5
    below = np.where(low.any(axis=1), low.argmax(axis=1), lags - 1)
    rows = np.arange(len(images))
    over, under = correlation[rows, below - 1], correlation[rows, below]
    steps = np.where(low.any(axis=1), (over - 0.5) / np.where(over > under, over - under, 1), 1)
    return float(np.median(below - 1 + steps))


def digit_rows(made: Images, reason: str = "") -> list[Row]:
    """Ink boxes and saturated pixels; `reason` as in `background_rows`."""
    of_each = [np.flatnonzero(made.families == family) for family in range(len(made.names))]
    chosen = np.concatenate([spread(members, EACH) for members in of_each])
    images = np.asarray(made.images[chosen])
    widths, heights = ink_boxes(images, made.corners[chosen], made.tile)
    saturated = (images == 255).sum(axis=(1, 2))
    # Bright backgrounds lift more of a digit to 255, so these depend on which there are.
    others = "" if set(made.names) == set(MEASURED["families"]) else "other background families"
    rows = []
    for key, what, values, why in (
        ("ink_width", "width of the ink (px), median", widths, reason),
        ("ink_height", "height of the ink (px), median", heights, reason),
        ("saturated", "pixels of 255 in an image, median", saturated, reason or others),
    ):
        if not len(values):  # every background reaches 255
            continue
        smallest, median, largest = MEASURED["digits"][key]
        may = MEASURED["tolerances"]["digits"]
        note = f"from {values.min()} to {values.max()}; measured {smallest} to {largest}"
        note += f"; {why}" if why else ""
        allowed = None if why else around((median,), may, share=True)
        ours = (float(np.median(values)),)
        of = (made.origin, len(chosen))
        rows.append(Row("digits", what, *of, (median,), ours, allowed, f"±{may:.0%}", note))
    return rows


def ink_boxes(
    images: NDArray[np.uint8], corners: NDArray[np.integer], tile: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Widths and heights (k,) in px of the boxes around the ink of k digits.

    Ink is what is brighter, inside a tile, than all of the image's background. Images whose
    background reaches 255 show no such ink and are left out, and so is a tile in which nothing is
    that bright.
    """
    free = outside(corners, tile, images.shape[1])
    brightest = np.where(free, images, 0).max(axis=(1, 2))
    rows = np.flatnonzero(brightest < 255)
    windows = sliding_window_view(images, (tile, tile), axis=(1, 2))
    tiles = windows[rows[:, None], corners[rows, :, 0], corners[rows, :, 1]]
    ink = (tiles > brightest[rows, None, None, None]).reshape(-1, tile, tile)
    ink = ink[ink.any(axis=(1, 2))]
    # From the first to the last column, or row, that has ink.
    width, height = (
        tile - marked.argmax(axis=1) - marked[:, ::-1].argmax(axis=1)
        for marked in (ink.any(axis=1), ink.any(axis=2))
    )
    return width, height


def tile_rows(corners: NDArray[np.int16], tile: int, canvas: int) -> list[Row]:
    """Tiles whole and disjoint, of all that preprocess made; in any layout they must be."""
    first, second = np.triu_indices(corners.shape[1], 1)
    apart = np.abs(corners[:, first].astype(int) - corners[:, second]).max(axis=2)
    overlapping = int((apart < tile).sum())
    cut = int(((corners < 0) | (corners > canvas - tile)).any(axis=2).sum())
    return [
        Row("tiles", what, MADE, len(corners), (0,), (found,), ((0, 0),), "none")
        for what, found in (
            ("pairs of tiles that overlap", overlapping),
            ("tiles that the border cuts", cut),
        )
    ]


def label_rows(
    training: NDArray[np.uint8], labels: NDArray[np.uint8], digit_labels: NDArray[np.uint8]
) -> list[Row]:
    """The distribution of the `training` labels (n,), and whether each label is its largest digit.

    The second is of all `labels` (m,) with their `digit_labels` (m, d).
    """
    wrong = int((labels != digit_labels.max(axis=1)).sum())
    official, level = np.array(MEASURED["labels"]), MEASURED["tolerances"]["labels"]
    p = same_source(np.bincount(training, minlength=len(official)), official)
    note = "" if p is not None else "too few images"
    if digit_labels.shape[1] != LAYOUT.digits:
        note = f"the official labels are the largest of {LAYOUT.digits} digits"
    ours = (float("nan") if p is None else p,)
    allowed, words = None if note else ((level, 1),), f"at least {level:g}"
    return [
        Row("labels", "labels that are not the largest digit", MADE, len(labels),
            (0,), (wrong,), ((0, 0),), "none"),
        Row("labels", "chi-square test against the official counts, p", MADE, len(training),
            None, ours, allowed, words, note),
    ]  # fmt: skip


def same_source(counts: NDArray[np.integer], others: NDArray[np.integer]) -> float | None:
    """The p-value of a chi-square test that two counts of k labels have the same distribution.

    Neighbouring labels are taken together until each cell expects at least 5. None where fewer
    than two cells are left: there are too few images to tell.
    """
    table = np.stack([counts, others]).astype(float)
    smaller = table.sum(axis=1).min() / table.sum()
    cells = [np.zeros(2)]
    for column in table.T:
        if cells[-1].sum() * smaller >= FEWEST:
            cells.append(np.zeros(2))
        cells[-1] = cells[-1] + column
    if len(cells) > 1 and cells[-1].sum() * smaller < FEWEST:
        cells[-2:] = [cells[-2] + cells[-1]]
    if len(cells) < 2:
        return None
    return float(stats.chi2_contingency(np.stack(cells, axis=1), correction=False).pvalue)


def outside(corners: NDArray[np.integer], tile: int, canvas: int) -> NDArray[np.bool_]:
    """Where the pixels outside all tiles lie, (n, canvas, canvas) bool."""
    free = np.ones((len(corners), canvas, canvas), bool)
    windows = sliding_window_view(free, (tile, tile), axis=(1, 2), writeable=True)
    for i in range(corners.shape[1]):
        windows[np.arange(len(corners)), corners[:, i, 0], corners[:, i, 1]] = False
    return free


def spread(members: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """At most `count` of the members, evenly spread from the first on."""
    few = len(members) <= count
    return members if few else members[np.arange(count) * len(members) // count]


def around(values: Values, tolerance: float, share: bool) -> tuple[Values, ...]:
    """Lowest and highest of what is allowed around each; the tolerance may be a share of it."""
    if share:
        return tuple((value * (1 - tolerance), value * (1 + tolerance)) for value in values)
    return tuple((value - tolerance, value + tolerance) for value in values)


def as_json(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows for a JSON file: values to four digits, what is no number as null."""
    return [
        {**{key: _plain(value) for key, value in asdict(row).items()}, "pass": row.passed}
        for row in rows
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        plain = [_plain(item if isinstance(item, tuple) else float(item)) for item in value]
        return plain[0] if len(plain) == 1 else plain
    if isinstance(value, float):
        return None if np.isnan(value) else float(f"{value:.4g}")
    return value


def complaint(rows: Sequence[Row]) -> str:
    """One line on the rows that leave their tolerance, or ""."""
    failed = [row for row in rows if row.passed is False]
    if not failed:
        return ""
    first, judged = failed[0], sum(row.passed is not None for row in rows)
    ours, known = (
        "/".join(f"{value:.4g}" for value in values)
        for values in (first.ours, first.measured or ())
    )
    return (
        f"{len(failed)} of {judged} measures outside tolerance, the first {first.subject}: "
        f"{first.what} is {ours}{known and f', measured {known}'}, tolerance {first.tolerance}"
    )
