"""Where a training step's time goes: the same step with a piece of the network left out.

`python -m bench.step_parts THREADS` measures in a fresh process.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from ablation.training.config import ArmConfig
from ablation.training.framework import limit
from bench import arms
from bench.processes import child, in_turns
from bench.results import Row, of
from bench.train_step import bound, compile_as_trained
from runner.cores import cores

STEPS, ROUNDS = 25, 6

NO_DROPOUT = {"spatial_dropout": [0.0] * 3, "dropout": [0.0] * 3, "dense_dropout": 0.0}
NO_NORMALIZATION = {"normalization_momentum": None}
VARIANTS: dict[str, dict[str, Any]] = {
    "the whole step": {},
    "without dropout": NO_DROPOUT,
    "without batch normalization": NO_NORMALIZATION,
    "without both": {**NO_DROPOUT, **NO_NORMALIZATION},
}


def measure() -> list[Row]:
    """Milliseconds of a step on all cores, and of the step without a piece."""
    times = child("bench.step_parts", cores())
    whole = median(times["the whole step"])
    rows = [of(name, values, "ms a step") for name, values in times.items()]
    return [
        *rows,
        Row(
            "of the whole step, outside convolutions and dense layers",
            100 * (1 - median(times["convolutions and dense layers alone"]) / whole),
            "%",
        ),
    ]


def milliseconds(threads: int) -> dict[str, list[float]]:
    """Variant -> milliseconds of a step, each round."""
    limit(threads)
    from ablation.networks import architectures

    arm = arms.baseline("laptop", threads=threads)
    batch = arm.train.batch_size
    images, labels = arms.random_images(batch * STEPS, arm.image_size)

    def timed(step: Callable[[int], Any]) -> Callable[[], float]:
        step(0)  # traced here

        def steps() -> float:
            started = time.perf_counter()
            for number in range(STEPS):
                step(number)
            return 1000 * (time.perf_counter() - started) / STEPS

        return steps

    def variant(change: dict[str, Any]) -> Callable[[], float]:
        changed = ArmConfig.model_validate(
            {**arm.model_dump(), "model": {**arm.model.model_dump(), **change}}
        )
        model = architectures.build(changed, 0, None)
        compile_as_trained(model, changed, STEPS)

        def step(number: int) -> None:
            chosen = slice(number * batch, (number + 1) * batch)
            model.train_on_batch(images[chosen], labels[chosen])

        return timed(step)

    alone = bound(architectures.build(arm, 0, None), batch)
    measurements = {name: variant(change) for name, change in VARIANTS.items()}
    measurements["convolutions and dense layers alone"] = timed(lambda _: alone())
    taken = in_turns(measurements, 1 + ROUNDS)
    return {name: values[1:] for name, values in taken.items()}


if __name__ == "__main__":
    print(json.dumps(milliseconds(int(sys.argv[1]))))
