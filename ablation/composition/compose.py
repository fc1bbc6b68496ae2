"""Modified MNIST: several digits on a crop of a background, labelled with the largest.

The construction is measured, not published: tiles disjoint and whole, placed uniformly; each digit
turned and scaled on its own; blending that adds and clips.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from ablation import streams
from ablation.composition.backgrounds import crop, pictures
from ablation.composition.config import FreshLayoutConfig
from ablation.composition.digits import Digits, transform
from ablation.composition.handwriting import draw_hand
from ablation.composition.placement import Geometry, geometry, place

CHUNK = 512  # images that share one random stream; changing it changes every data set


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


# (epoch from 0, how many) -> images (n, s, s) uint8 and their labels, (n,) or (n, 10) uint8.
Fresh = Callable[[int, int], tuple[NDArray[np.uint8], NDArray[np.uint8]]]

# The fields of a Composition after its images, in their order.
_Facts = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int16]]


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
    stream: Sequence[str | int],
    workers: int = 1,
    out: NDArray[np.uint8] | None = None,
) -> Composition:
    """`count` images of digits drawn uniformly from `digits` on crops drawn from `sources`.

    `sources` holds the background pictures, (H, W) uint8 each, equally probable. What is random
    depends on the name of the `stream` alone (`ablation.streams`), not on `workers` (processes; 1
    stays in this one). `out` (count, S, S) uint8 receives the images where given, say a
    memory-mapped file; otherwise they are allocated. Raises ValueError where the arguments do not
    fit each other.
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
    parts = [result.images[start : start + CHUNK] for start in range(0, count, CHUNK)]
    jobs = [(part, streams.sequence(*stream, i)) for i, part in enumerate(parts)]
    if workers == 1:
        done: Iterator[_Facts] = (
            _fill(part, digits, geometry, sources, stream) for part, stream in jobs
        )
    else:
        done = _fill_in_processes(jobs, digits, geometry, sources, workers)
    for i, facts in enumerate(done):
        rows = slice(i * CHUNK, (i + 1) * CHUNK)
        result.labels[rows], result.families[rows] = facts[:2]
        result.digit_labels[rows], result.corners[rows] = facts[2:]
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


def _fill(
    images: NDArray[np.uint8],
    digits: Digits,
    geometry: Geometry,
    sources: Sequence[NDArray[np.uint8]],
    stream: np.random.SeedSequence,
) -> _Facts:
    """Compose a whole chunk into `images` from one random stream."""
    rng = np.random.default_rng(stream)
    count, side, many = len(images), geometry.canvas, geometry.digits
    families = rng.integers(0, len(sources), count, np.uint8)
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
        those = digits.images[chosen[:, i]]
        # Drawn after all else, so that images without it are what they were.
        other = draw_hand(geometry.handwriting, those, rng) if geometry.handwriting else None
        tiles = transform(those, angles[:, i], scales[:, i], geometry.blur_px, other)
        blend(images, tiles, corners[:, i])
    digit_labels = digits.labels[chosen]
    return digit_labels.max(axis=1), families, digit_labels, corners


def _fill_in_processes(
    jobs: Sequence[tuple[NDArray[np.uint8], np.random.SeedSequence]],
    digits: Digits,
    geometry: Geometry,
    sources: Sequence[NDArray[np.uint8]],
    workers: int,
) -> Iterator[_Facts]:
    """What `_fill` does, for each job in order, a few chunks ahead so that memory stays bounded.

    Arrays travel through files that all processes map: through the pipes they would cost as much
    time as composing, and a worker that died before reading them would hang the others.
    """
    slots = 3 * workers
    shape = (slots, CHUNK, geometry.canvas, geometry.canvas)
    with TemporaryDirectory() as name:
        folder = Path(name)
        for i, array in enumerate((digits.images, digits.labels, *sources)):
            np.save(folder / f"input{i}.npy", array)
        made = np.lib.format.open_memmap(folder / "made.npy", "w+", np.uint8, shape)
        # Spawned, because forking a process that has started threads (TensorFlow) can deadlock.
        with ProcessPoolExecutor(
            workers,
            get_context("spawn"),
            initializer=_start_worker,
            initargs=(folder, geometry, len(sources)),
        ) as pool:
            ahead: deque[Future[_Facts]] = deque()
            for i in range(len(jobs) + slots):
                if i >= slots and ahead:
                    facts = ahead.popleft().result()
                    part = jobs[i - slots][0]
                    part[:] = made[i % slots, : len(part)]
                    yield facts
                if i < len(jobs):
                    part, stream = jobs[i]
                    ahead.append(pool.submit(_fill_slot, i % slots, len(part), stream))


# Set once in each worker process: where chunks go, and what they are made of.
_worker: tuple[NDArray[np.uint8], tuple[Digits, Geometry, Sequence[NDArray[np.uint8]]]]


def _start_worker(folder: Path, geometry: Geometry, many_sources: int) -> None:
    global _worker
    images, labels, *sources = (
        np.load(folder / f"input{i}.npy", mmap_mode="r") for i in range(2 + many_sources)
    )
    made = np.load(folder / "made.npy", mmap_mode="r+")
    _worker = made, (Digits(images, labels), geometry, sources)


def _fill_slot(slot: int, count: int, stream: np.random.SeedSequence) -> _Facts:
    made, inputs = _worker
    return _fill(made[slot, :count], *inputs, stream)


def composer(
    layout: FreshLayoutConfig, digits: Digits, present: bool, seed: int, workers: int
) -> Fresh:
    """Training images composed anew for each epoch of the run with this seed: none comes twice.

    The images are a function of the seed and the epoch alone, so an interrupted run goes on with
    those that it would have had. Composing is the strongest augmentation there is here: other
    digits, places, turns and crops.

    Args:
        layout: the study's own, so that only what is random differs from its data set, or one
            with other handwriting or with pictures of each epoch's own.
        digits: MNIST's training digits; the test set's are others.
        present: labels say of each digit whether it is there, 1 or 0, not which is the largest.
        workers: processes that compose, without influence on the images.
    """
    laid_out = replace(geometry(layout), handwriting=layout.handwriting)
    names, number = layout.backgrounds, layout.background_seed
    same = None if layout.pictures else pictures(names, number)

    def images(epoch: int, count: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        sources = same or pictures(names, number, seed, epoch)
        stream = ("fresh", seed, epoch)
        composed = compose(digits, count, laid_out, sources, stream, workers)
        if not present:
            return composed.images, composed.labels
        there = (composed.digit_labels[:, :, None] == np.arange(10)).any(axis=1)
        return composed.images, there.astype(np.uint8)

    return images
