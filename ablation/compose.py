"""Modified MNIST: several digits on a crop of a background, labelled with the largest.

The construction is measured, not published: tiles disjoint and whole, placed uniformly; each digit
turned and scaled on its own; blending that adds and clips.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from ablation.backgrounds import crop
from ablation.digits import Digits, transform

CHUNK = 512  # images that share one random stream; changing it changes every data set
_CANDIDATES = 1 << 15  # placements tried at once
_PATIENCE = 256  # rounds of candidates without a single success before giving up


@dataclass(frozen=True)
class Geometry:
    """How an image is laid out.

    `canvas` and `tile` are sides in px, `digits` how many tiles an image holds, `rotation_deg` the
    largest turn either way in degrees, `scale` the (smallest, largest) magnification of a digit
    and `blur_px` the standard deviation of its blur in px.
    Raises ValueError where the tiles cannot lie disjoint on the canvas or a range is empty.
    """

    canvas: int
    tile: int
    digits: int
    rotation_deg: float
    scale: tuple[float, float]
    blur_px: float

    def __post_init__(self) -> None:
        if self.canvas < 1 or self.tile < 1 or self.digits < 1:
            raise ValueError(
                f"canvas {self.canvas}, tile {self.tile}, digits {self.digits}:"
                " expected 1 or more for each"
            )
        if (self.canvas // self.tile) ** 2 < self.digits:
            raise ValueError(
                f"{self.digits} disjoint tiles of {self.tile} px do not fit a canvas of"
                f" {self.canvas} px: it must be at least"
                f" {self.tile * int(np.ceil(np.sqrt(self.digits)))} px"
            )
        if not 0 < self.scale[0] <= self.scale[1]:
            raise ValueError(f"digit scale {self.scale}: expected 0 < smallest <= largest")
        if self.rotation_deg < 0 or self.blur_px < 0:
            raise ValueError(
                f"rotation {self.rotation_deg} deg, blur {self.blur_px} px: expected 0 or more"
            )


@dataclass(frozen=True)
class Composition:
    """Composed images and how they came to be, for n images of d digits on a canvas of side S.

    `images` (n, S, S) uint8; `labels` (n,) uint8, the largest digit; `families` (n,) uint8, the
    index of the background among the sources; `digit_labels` (n, d) uint8; `corners` (n, d, 2)
    int16, the top and left of each tile in px.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    families: NDArray[np.uint8]
    digit_labels: NDArray[np.uint8]
    corners: NDArray[np.int16]


def place(count: int, geometry: Geometry, rng: np.random.Generator) -> NDArray[np.int16]:
    """Top-left corners (count, digits, 2) int16 of tiles that are whole and disjoint.

    All tiles of an image are drawn together and rejected together, so that every disjoint
    placement is equally likely. Raises ValueError where such placements are too rare to find.
    """
    placed: list[NDArray[np.int16]] = []
    found = tried = 0
    first, second = np.triu_indices(geometry.digits, 1)
    highest = geometry.canvas - geometry.tile
    while found < count:
        corners = rng.integers(
            0, highest, (_CANDIDATES, geometry.digits, 2), np.int16, endpoint=True
        )
        gaps = np.abs(corners[:, first] - corners[:, second]).max(axis=2)
        good = corners[(gaps >= geometry.tile).all(axis=1)]
        placed.append(good)
        found += len(good)
        tried += 1
        if not found and tried >= _PATIENCE:
            raise ValueError(
                f"{geometry.digits} disjoint tiles of {geometry.tile} px hardly ever fall on a"
                f" canvas of {geometry.canvas} px: enlarge it by a few px"
            )
    return np.concatenate(placed)[:count] if placed else np.zeros((0, geometry.digits, 2), np.int16)


def blend(
    images: NDArray[np.uint8], tiles: NDArray[np.uint8], corners: NDArray[np.integer]
) -> None:
    """Add one tile to each image in place, clipping at 255 (measured: strokes saturate).

    `images` (n, S, S) uint8; `tiles` (n, t, t) uint8; `corners` (n, 2), top and left in px.
    """
    side = tiles.shape[1]
    windows = np.lib.stride_tricks.sliding_window_view(
        images, (side, side), axis=(1, 2), writeable=True
    )
    at = (np.arange(len(images)), corners[:, 0], corners[:, 1])
    under = windows[at]
    # In uint8 the room that is left above the background bounds what a digit may add.
    windows[at] = under + np.minimum(tiles, 255 - under)


def compose(
    digits: Digits,
    count: int,
    geometry: Geometry,
    sources: Sequence[NDArray[np.uint8]],
    seed: int,
    workers: int = 1,
    out: NDArray[np.uint8] | None = None,
) -> Composition:
    """`count` images of digits drawn uniformly from `digits` on crops drawn from `sources`.

    `sources` holds the background pictures, (H, W) uint8 each, equally probable. The result
    depends on `seed` alone, not on `workers` (processes; 1 stays in this one). `out`
    (count, S, S) uint8 receives the images where given, say a memory-mapped file; otherwise they
    are allocated. Raises ValueError where the arguments do not fit each other.
    """
    _check(digits, count, geometry, sources, workers, out)
    side, many = geometry.canvas, geometry.digits
    result = Composition(
        images=np.empty((count, side, side), np.uint8) if out is None else out,
        labels=np.empty(count, np.uint8),
        families=np.empty(count, np.uint8),
        digit_labels=np.empty((count, many), np.uint8),
        corners=np.empty((count, many, 2), np.int16),
    )
    starts = range(0, count, CHUNK)
    streams = np.random.SeedSequence(seed).spawn(len(starts))
    jobs = [(min(CHUNK, count - i), s) for i, s in zip(starts, streams, strict=True)]
    if workers == 1:
        parts = (_chunk(digits, geometry, sources, *job) for job in jobs)
    else:
        parts = _in_processes(digits, geometry, sources, jobs, workers)
    for start, part in zip(starts, parts, strict=True):
        rows = slice(start, start + len(part.labels))
        for name in ("images", "labels", "families", "digit_labels", "corners"):
            getattr(result, name)[rows] = getattr(part, name)
    return result


def _check(
    digits: Digits,
    count: int,
    geometry: Geometry,
    sources: Sequence[NDArray[np.uint8]],
    workers: int,
    out: NDArray[np.uint8] | None,
) -> None:
    """Raise ValueError where the arguments of `compose` do not fit each other."""
    shape = (count, geometry.canvas, geometry.canvas)
    if count < 0 or workers < 1:
        raise ValueError(
            f"{count} images from {workers} workers: expected 0 or more from 1 or more"
        )
    if not len(digits) or not len(sources):
        raise ValueError(f"{len(digits)} digits and {len(sources)} backgrounds: need some of both")
    if digits.images.shape[1] != geometry.tile:
        raise ValueError(
            f"tiles of {geometry.tile} px for digits of {digits.images.shape[1]} px:"
            " the two must be the same"
        )
    for i, source in enumerate(sources):
        if source.dtype != np.uint8 or source.ndim != 2 or min(source.shape) < geometry.canvas:
            raise ValueError(
                f"background {i} is {source.dtype} of shape {source.shape}: expected uint8 of at"
                f" least {geometry.canvas} x {geometry.canvas}"
            )
    if out is not None and (out.shape != shape or out.dtype != np.uint8):
        raise ValueError(f"out is {out.dtype} of shape {out.shape}: expected uint8 of {shape}")


def _chunk(
    digits: Digits,
    geometry: Geometry,
    sources: Sequence[NDArray[np.uint8]],
    count: int,
    stream: np.random.SeedSequence,
) -> Composition:
    """`count` images from one random stream."""
    rng = np.random.default_rng(stream)
    side, many = geometry.canvas, geometry.digits
    families = rng.integers(0, len(sources), count, np.uint8)
    images = np.empty((count, side, side), np.uint8)
    for family, source in enumerate(sources):
        rows = np.flatnonzero(families == family)
        tops = rng.integers(0, source.shape[0] - side, len(rows), endpoint=True)
        lefts = rng.integers(0, source.shape[1] - side, len(rows), endpoint=True)
        images[rows] = crop(source, tops, lefts, side)
    corners = place(count, geometry, rng)
    chosen = rng.integers(0, len(digits), (count, many))
    angles = rng.uniform(-geometry.rotation_deg, geometry.rotation_deg, (count, many))
    scales = rng.uniform(*geometry.scale, (count, many))
    for i in range(many):
        tiles = transform(digits.images[chosen[:, i]], angles[:, i], scales[:, i], geometry.blur_px)
        blend(images, tiles, corners[:, i])
    digit_labels = digits.labels[chosen]
    return Composition(images, digit_labels.max(axis=1), families, digit_labels, corners)


_shared: tuple[Digits, Geometry, Sequence[NDArray[np.uint8]]]  # set once in each worker process


def _share(digits: Digits, geometry: Geometry, sources: Sequence[NDArray[np.uint8]]) -> None:
    global _shared
    _shared = (digits, geometry, sources)


def _shared_chunk(count: int, stream: np.random.SeedSequence) -> Composition:
    return _chunk(*_shared, count, stream)


def _in_processes(
    digits: Digits,
    geometry: Geometry,
    sources: Sequence[NDArray[np.uint8]],
    jobs: Sequence[tuple[int, np.random.SeedSequence]],
    workers: int,
) -> Iterator[Composition]:
    """The chunks of `jobs` in order, a few ahead at most so that memory stays bounded."""
    # Spawned, because forking a process that has started threads (TensorFlow) can deadlock.
    with ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=_share, initargs=(digits, geometry, sources)
    ) as pool:
        ahead: deque[Future[Composition]] = deque()
        for job in jobs:
            ahead.append(pool.submit(_shared_chunk, *job))
            if len(ahead) > 2 * workers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
