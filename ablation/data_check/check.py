"""Whether composed images are like the competition's: each measure beside the measured value.

Images are judged against the table (`measured.yaml` beside this file) where they are laid out as
the measured ones were; otherwise what depends on the layout is reported and not judged.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ablation.composition.placement import Layout
from ablation.data_check import measures
from ablation.data_check.config import Measured, MeasuredFamily
from ablation.data_check.tolerance import Row, shares

# Images of a family that are measured. With a third of them chance alone could leave a tolerance:
# in some families few crops are dark, and the lowest percentiles hang on them.
EACH = 1000

MADE, SAMPLE = "made", "sample"  # what preprocess made; what the check composed itself


@dataclass(frozen=True)
class Images:
    """Images to measure and how they came to be: arrays as in a `Composition`.

    `origin` is MADE or SAMPLE; `tile` the side of a tile in px; `names` the background families in
    the order of the indices `families`.
    """

    origin: str
    tile: int
    names: Sequence[str]
    images: NDArray[np.uint8]
    families: NDArray[np.uint8]
    corners: NDArray[np.int16]


def unlike(layout: Layout, measured: Measured) -> str:
    """In what the layout is not the measured images': "canvas 64, not 128"; "" where in nothing."""
    other = [
        f"{key} {getattr(layout, key)}, not {value}"
        for key, value in measured.layout.model_dump().items()
        if getattr(layout, key) != value
    ]
    return ", ".join(other)


def too_few(made: Images) -> str:
    """Says so where a family has so few images that chance alone could leave a tolerance; or ""."""
    fewest = int(np.bincount(made.families, minlength=len(made.names)).min())
    return "" if fewest >= EACH else f"{fewest:,} images of a family, fewer than {EACH:,}"


def shown(made: Images, count: int) -> dict[str, NDArray[np.uint8]]:
    """`count` images of each family that has as many, (count, S, S) uint8 by the family's name."""
    places = {
        name: np.flatnonzero(made.families == family)[:count]
        for family, name in enumerate(made.names)
    }
    return {
        name: np.asarray(made.images[chosen])
        for name, chosen in places.items()
        if len(chosen) == count
    }


def background_rows(made: Images, measured: Measured, reason: str = "") -> list[Row]:
    """Of each family that occurs, what lies outside the digits.

    `reason` says why the rows are not to be judged; "" judges them.
    """
    rows = []
    for family, name in enumerate(made.names):
        chosen = measures.spread(made.families, family, EACH)
        if not len(chosen):
            continue
        images = np.asarray(made.images[chosen])
        free = measures.ground(made.corners[chosen], made.tile, images.shape[1])
        if not free.any(axis=(1, 2)).all():  # a canvas that the digits fill
            continue
        ours = measures.background(images, free, measured.percents)
        target = measured.families.get(name)
        rows += _family_rows(name, made.origin, len(chosen), ours, target, measured, reason)
    return rows


def _family_rows(
    name: str,
    origin: str,
    count: int,
    ours: measures.Background,
    target: MeasuredFamily | None,
    measured: Measured,
    reason: str,
) -> list[Row]:
    if target is None:
        note = "nothing was measured of it"
        return [Row(name, "mean", origin, count, None, (ours.mean,), None, "", note)]
    may = measured.tolerances
    low, high = target.image_means
    percents = "/".join(f"{percent:g}" for percent in measured.percents)
    around_mean = (max(low, target.mean - may.mean), min(high, target.mean + may.mean))
    table = [
        ("mean", (target.mean,), (ours.mean,), (around_mean,),
         f"±{may.mean:g}, in {low:g} to {high:g}"),
        ("standard deviation", (target.sd,), (ours.sd,),
         shares((target.sd,), may.sd), f"±{may.sd:.0%}"),
        (f"percentiles {percents}", tuple(target.percentiles), ours.percentiles,
         tuple((p - may.percentiles, p + may.percentiles) for p in target.percentiles),
         f"±{may.percentiles:g}"),
        ("half-lengths down, across (px)", tuple(target.half_lengths), ours.half_lengths,
         shares(tuple(target.half_lengths), may.half_lengths), f"±{may.half_lengths:.0%}"),
    ]  # fmt: skip
    rows = [
        Row(name, what, origin, count, known, value, None if reason else allowed, words, reason)
        for what, known, value, allowed, words in table
    ]
    # The few images that were measured cannot reach the extremes of hundreds.
    rows.append(
        Row(name, "smallest and largest image mean", origin, count, (low, high),
            ours.image_means, None, "", "the extremes of more images lie further apart")
    )  # fmt: skip
    return rows


def digit_rows(made: Images, measured: Measured, reason: str = "") -> list[Row]:
    """Ink boxes and saturated pixels; `reason` as in `background_rows`."""
    chosen = np.concatenate(
        [measures.spread(made.families, family, EACH) for family in range(len(made.names))]
    )
    images, corners = np.asarray(made.images[chosen]), made.corners[chosen]
    free = measures.ground(corners, made.tile, images.shape[1])
    widths, heights = measures.ink_boxes(images, free, corners, made.tile)
    others = "" if set(made.names) == set(measured.families) else "other background families"
    share = measured.tolerances.digits
    rows = []
    for what, values, (smallest, median, largest), why in (
        ("width of the ink (px), median", widths, measured.digits.ink_width, reason),
        ("height of the ink (px), median", heights, measured.digits.ink_height, reason),
        # Bright backgrounds lift more of a digit to 255, so this depends on which there are.
        ("pixels of 255 in an image, median", measures.saturated(images),
         measured.digits.saturated, reason or others),
    ):  # fmt: skip
        if not len(values):  # every background reaches 255
            continue
        found = f"from {values.min()} to {values.max()}; measured {smallest:g} to {largest:g}"
        allowed = None if why else shares((median,), share)
        note = f"{found}; {why}" if why else found
        ours = (float(np.median(values)),)
        rows.append(
            Row("digits", what, made.origin, len(chosen), (median,), ours, allowed,
                f"±{share:.0%}", note)
        )  # fmt: skip
    return rows


def tile_rows(corners: NDArray[np.int16], tile: int, canvas: int) -> list[Row]:
    """Tiles whole and disjoint, of all that preprocess made; in any layout they must be."""
    return [
        _none("tiles", what, len(corners), found)
        for what, found in (
            ("pairs of tiles that overlap", measures.overlapping(corners, tile)),
            ("tiles that the border cuts", measures.cut(corners, tile, canvas)),
        )
    ]


def label_rows(
    training: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    digit_labels: NDArray[np.uint8],
    measured: Measured,
) -> list[Row]:
    """The distribution of the `training` labels (n,), and whether each label is its largest digit.

    The second is of all `labels` (m,) with their `digit_labels` (m, d).
    """
    wrong = int((labels != digit_labels.max(axis=1)).sum())
    level, digits = measured.tolerances.labels, measured.layout.digits
    counts = np.bincount(training, minlength=len(measured.labels))
    p = measures.same_source(counts, np.array(measured.labels))
    note = ""
    if digit_labels.shape[1] != digits:
        note = f"the official labels are the largest of {digits} digits"
    elif p is None:
        note = "too few images"
    tested = Row(
        "labels",
        "chi-square test against the official counts, p",
        MADE,
        len(training),
        None,
        (float("nan") if p is None else p,),
        None if note else ((level, 1.0),),
        f"at least {level:g}",
        note,
    )
    return [_none("labels", "labels that are not the largest digit", len(labels), wrong), tested]


def _none(subject: str, what: str, count: int, found: int) -> Row:
    return Row(subject, what, MADE, count, (0.0,), (float(found),), ((0.0, 0.0),), "none")
