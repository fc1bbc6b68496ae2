"""How fast images are composed on all cores, and how much memory 50,000 of them take.

`python -m bench.generator SCALE COUNT` composes in a fresh process.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import Any

from ablation.composition.backgrounds import pictures
from ablation.composition.compose import compose
from ablation.composition.digits import Digits
from ablation.composition.placement import geometry
from bench import arms
from bench.processes import child, peak_bytes
from bench.results import Row, of
from runner.cores import cores

COUNTS = {"laptop": 30_000, "paper": 50_000}
ROUNDS = 3


def measure() -> list[Row]:
    """Images a second with the start of the worker processes, and the most memory in use."""
    rows = []
    taken: dict[str, list[Any]] = {scale: [] for scale in COUNTS}
    for _ in range(ROUNDS):
        for scale, count in COUNTS.items():
            taken[scale].append(child("bench.generator", scale, count))
    for scale, runs in taken.items():
        paper = scale == "paper"
        side, count = arms.study(scale).data.canvas, COUNTS[scale]
        rows += [
            of(
                f"images composed, {side} px, {cores()} processes",
                [run["images_per_second"] for run in runs],
                "images/s",
                at_least=5000 if paper else None,
            ),
            of(
                f"peak memory of composing {count:,} images, all processes",
                [run["gigabytes"] for run in runs],
                "GB",
                at_most=2 if paper else None,
            ),
        ]
    return rows


def composing(scale: str, count: int) -> dict[str, float]:
    config = arms.study(scale).data
    sources = pictures(config.backgrounds, config.background_seed)
    digits = Digits(*arms.random_images(10_000, config.tile))
    workers = cores()
    started = time.perf_counter()
    compose(
        digits, count, geometry(config), sources, ("images", config.image_seed, "bench"), workers
    )
    seconds = time.perf_counter() - started
    # Each worker as much as the largest of them; pages that they share count more than once.
    held = peak_bytes() + workers * peak_bytes(resource.RUSAGE_CHILDREN)
    return {"images_per_second": count / seconds, "gigabytes": held / 1e9}


if __name__ == "__main__":
    print(json.dumps(composing(sys.argv[1], int(sys.argv[2]))))
