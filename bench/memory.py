"""What 50,000 images of 128 px cost a training step in memory: they stay in their file.

`python -m bench.memory IMAGES` trains two steps of the paper's own baseline on a file of so many
images, in a fresh process.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from ablation.training.epochs import Images
from ablation.training.framework import limit
from ablation.training.moment import Moment
from bench import arms
from bench.processes import child, peak_bytes
from bench.results import Row
from runner.cores import cores

STEPS = 2
MEASURED = 64  # images measured after the epoch: fewer than a step holds at once


def measure() -> list[Row]:
    """The peak with the paper's images against the peak with no more images than the steps see."""
    data = arms.study("paper").data
    least = STEPS * arms.baseline("paper").train.batch_size + MEASURED
    many, few = (child("bench.memory", count) for count in (data.images, least))
    name = f"{data.images:,} images of {data.canvas} px"
    return [
        Row(
            f"peak memory of a paper step on {name}, beyond the model's own",
            (many["peak"] - few["peak"]) / 1e9,
            "GB",
            at_most=4,
        ),
        Row(f"peak memory of the process on {name}", many["peak"] / 1e9, "GB"),
        Row(f"the same on the {least} images that it sees", few["peak"] / 1e9, "GB"),
        Row("of these: libraries and the network's weights", few["built"] / 1e9, "GB"),
    ]


def step(count: int) -> dict[str, int]:
    """The most memory held before the first step and after the last, in bytes."""
    limit(cores())
    from ablation.networks import architectures
    from ablation.training import loop

    batch = arms.baseline("paper").train.batch_size
    arm = arms.baseline(
        "paper",
        epochs=1,
        images_per_epoch=STEPS * batch,
        measured_images=MEASURED,
        threads=cores(),
    )
    numbers = np.random.default_rng(0).permutation(count)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images.npy"
        shape = (count, arm.image_size, arm.image_size)
        np.lib.format.open_memmap(path, "w+", np.uint8, shape).flush()  # a file of holes
        data = Images(
            np.load(path, mmap_mode="r"), np.zeros(count, np.uint8), numbers[MEASURED:],
            numbers[:MEASURED],
        )  # fmt: skip
        model = architectures.build(arm, 0, None)
        built = peak_bytes()

        def silent(_: Moment) -> None:
            pass

        loop.train(model, arm, 0, data, Path(folder) / "state.npz", silent)
    return {"built": built, "peak": peak_bytes()}


if __name__ == "__main__":
    print(json.dumps(step(int(sys.argv[1]))))
