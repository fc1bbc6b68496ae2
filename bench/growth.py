"""How cost grows: training with its images, the graph with its arms.

`python -m bench.growth THREADS` trains in a fresh process.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np

from ablation.training.epochs import Images
from ablation.training.framework import limit
from ablation.training.moment import Moment
from bench import arms, checkouts
from bench.processes import child, in_turns
from bench.results import Row, exponent, of
from runner.cores import cores

IMAGES = (1000, 2000, 4000, 8000)
ARMS = (1, 2, 4, 8, 16, 32)
MIDDLE = 8  # the start of DVC hides growth below it, so more arms are fitted on their own
LINEAR = 1.1  # an exponent up to here is linear, as far as one can measure
ROUNDS = 3
EPOCHS = 2  # that count, of each number of images; one more, before them, does not


def measure() -> list[Row]:
    """The exponents, and the times that they are fitted to."""
    return [*_of_images(), *_of_arms()]


def _of_images() -> list[Row]:
    taken = child("bench.growth", cores())
    seconds = [taken[str(count)] for count in IMAGES]
    medians = [median(values) for values in seconds]
    return [
        Row(
            f"exponent of an epoch's time over {IMAGES[0]:,} to {IMAGES[-1]:,} images",
            exponent(IMAGES, medians),
            "",
            at_most=LINEAR,
        ),
        *(
            of(f"an epoch of {count:,} images", values, "s")
            for count, values in zip(IMAGES, seconds, strict=True)
        ),
    ]


def _of_arms() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        graphs = {str(n): checkouts.up_to_date(Path(folder) / str(n), n) for n in ARMS}
        sides = {name: graph.seconds_of_nothing for name, graph in graphs.items()}
        taken = in_turns(sides, ROUNDS)
    few, many = [n for n in ARMS if n <= MIDDLE], [n for n in ARMS if n >= MIDDLE]
    return [
        *(
            Row(
                f"exponent of the graph's overhead over {part[0]} to {part[-1]} arms",
                exponent(part, [median(taken[str(n)]) for n in part]),
                "",
                at_most=LINEAR,
            )
            for part in (few, many)
        ),
        *(of(f"dvc repro with nothing to do, {n} arms", taken[str(n)], "s") for n in ARMS),
    ]


def training_seconds(threads: int) -> dict[int, list[float]]:
    """Number of images -> seconds of the steps of each epoch that counts."""
    limit(threads)
    from ablation.networks import architectures
    from ablation.training import loop

    images, labels = arms.random_images(IMAGES[-1] + 250, arms.study("laptop").data.canvas)
    seconds = {}
    with tempfile.TemporaryDirectory() as folder:
        mapped = arms.saved(Path(folder), images)
        for count in IMAGES:
            arm = arms.baseline(
                "laptop",
                epochs=1 + EPOCHS,
                images=count,
                images_per_epoch=count,
                measured_images=250,
                threads=threads,
            )
            validation = np.arange(IMAGES[-1], IMAGES[-1] + 250)
            data = Images(mapped, labels, np.arange(count), validation)
            model = architectures.build(arm, 0, None)
            checkpoint = Path(folder) / f"{count}.npz"
            told: list[Moment] = []
            loop.train(model, arm, 0, data, checkpoint, told.append)
            seconds[count] = [moment.seconds for moment in told if moment.epoch_ended][1:]
    return seconds


if __name__ == "__main__":
    print(json.dumps(training_seconds(int(sys.argv[1]))))
