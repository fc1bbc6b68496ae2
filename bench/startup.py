"""Where the time goes between the start of a training process and the end of its first step.

`python -m bench.startup STARTED FOLDER` does in a fresh process, started at that time (seconds
since 1970), what `stages/train.py` does up to there, on the images in FOLDER.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ablation.training.epochs import Images
from ablation.training.inputs import Inputs
from bench import arms
from bench.processes import child
from bench.results import Row, of

ROUNDS = 3
VALIDATION = 0.2  # share of the images


class _FirstStepDone(Exception):  # noqa: N818
    pass


class Timeline:
    """Seconds of each part, one after the other, from a time since 1970 on."""

    def __init__(self, started: float) -> None:
        self.parts: dict[str, float] = {}
        self._last = started

    def mark(self, part: str) -> None:
        """Ends `part`, which began where the one before ended."""
        now = time.time()
        self.parts[part] = now - self._last
        self._last = now

    @contextmanager
    def outside(self) -> Iterator[None]:
        """What the block takes belongs to no part."""
        before = time.time()
        yield
        self._last += time.time() - before


def measure() -> list[Row]:
    """Seconds to the end of the first step of a laptop baseline, whole and by part."""
    study = arms.study("laptop")
    images, labels = arms.random_images(study.data.images, study.data.canvas)
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "images.npy", images)
        np.save(Path(folder) / "labels.npy", labels)
        runs = [child("bench.startup", time.time(), folder) for _ in range(ROUNDS)]
    whole = of(
        "start of training to the end of its first step", [sum(run.values()) for run in runs], "s"
    )
    return [whole, *(of(f"of it: {part}", [run[part] for run in runs], "s") for part in runs[0])]


def first_step(started: float, folder: Path) -> dict[str, float]:
    """Part -> seconds."""
    timeline = Timeline(started)
    timeline.mark("Python, NumPy and pydantic")
    with timeline.outside():  # it reads one small file instead
        arm = arms.baseline("laptop")
    from ablation.training.framework import limit

    limit(arm.train.threads)
    import tensorflow  # noqa: F401

    timeline.mark("TensorFlow, which imports Keras")
    from ablation.networks import architectures
    from ablation.training import loop, results  # noqa: F401

    timeline.mark("the project's own modules")
    images, labels = folder / "images.npy", folder / "labels.npy"
    Inputs([images, labels]).digest  # noqa: B018
    timeline.mark("digest of the images, for the checkpoint's name")
    count = len(np.load(labels))
    numbers = np.random.default_rng(0).permutation(count)
    validation = int(VALIDATION * count)
    data = Images(
        np.load(images, mmap_mode="r"), np.load(labels), numbers[validation:], numbers[:validation]
    )
    timeline.mark("opening the images")
    model = architectures.build(arm, 0, None)
    timeline.mark("building the network")

    def stop(_: object) -> None:
        raise _FirstStepDone

    try:
        loop.train(model, arm, 0, data, folder / "state.npz", stop)
    except _FirstStepDone:
        timeline.mark("compiling and the first step")
    return timeline.parts


if __name__ == "__main__":
    print(json.dumps(first_step(float(sys.argv[1]), Path(sys.argv[2]))))
