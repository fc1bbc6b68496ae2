"""The engines side by side: images a second of an epoch, and the share of the matrix rate.

`python -m bench.engines SCALE ARM SIDE` measures one in a fresh process, "jax compiled" say, on
whatever device the backend takes there.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from ablation.training import framework
from ablation.training.epochs import Epochs, Images
from bench import arms
from bench.processes import child, in_turns
from bench.results import Row, of
from bench.train_step import compile_as_trained

if TYPE_CHECKING:
    import keras

ROUNDS = 2  # processes of each side, in turns
EPOCHS = 2  # that count, in each process; one more, before them, compiles
STEPS = 50  # an epoch
AT_ONCE = 10  # steps of Keras's own execution
# Side -> backend, engine (None for Keras's own `fit`), what it is compiled with.
SIDES: dict[str, tuple[str, str | None, Mapping[str, Any]]] = {
    "tensorflow steps": ("tensorflow", "steps", {}),
    "tensorflow steps by XLA": ("tensorflow", "steps", {"jit": True}),
    "tensorflow fit": ("tensorflow", None, {}),
    f"tensorflow fit {AT_ONCE} at once": ("tensorflow", None, {"steps_per_execution": AT_ONCE}),
    "jax steps": ("jax", "steps", {"jit": "auto"}),
    "jax compiled": ("jax", "compiled", {"jit": "auto"}),
}
CHAIN = 16  # matrix products, one after the other


def measure() -> list[Row]:
    """The laptop's baseline on the threads of a run of the study."""
    name = arms.study("laptop").study.baseline
    sides = {side: lambda side=side: child("bench.engines", "laptop", name, side) for side in SIDES}
    taken = in_turns(sides, ROUNDS)
    return [
        *(of(side, [run["images_per_second"] for run in runs], "images/s")
          for side, runs in taken.items()),
        *(of(f"{side}, of the matrix rate", [100 * run["share"] for run in runs], "%")
          for side, runs in taken.items()),
    ]  # fmt: skip


def speed(scale: str, name: str, side: str) -> dict[str, float]:
    """Images a second of training, and the share that its work makes of the matrix rate."""
    backend, engine, compiled = SIDES[side]
    arm = arms.named(name, scale, backend=backend, engine=engine or "steps")
    framework.start(arm.train)
    from ablation.networks import architectures
    from ablation.training.loop import engine_of

    batch = arm.train.batch_size
    count = STEPS * batch
    images, labels = arms.random_images(count, arm.image_size)
    data = Images(images, labels, np.arange(count), np.arange(count))
    train = arm.train.model_copy(update={"images": count, "images_per_epoch": count})
    epoch = Epochs(train, 0, data).epoch(0)
    model = architectures.build(arm, 0, None)
    compile_as_trained(model, arm, STEPS * (1 + EPOCHS), **compiled)
    if engine is None:

        def once() -> Any:
            return model.fit(images, labels, batch_size=batch, verbose=0)
    else:
        trainer = engine_of(arm)(model, data, batch)

        def once() -> Any:
            return trainer.train(epoch, lambda _: None)

    images_per_second = count / _seconds(once)
    work = 2.0 * training_multiply_adds(model) * images_per_second
    return {"images_per_second": images_per_second, "share": work / matrix_rate(arm.precision)}


def matrix_rate(precision: str) -> float:
    """Floating-point operations a second of square matrix products in the networks' data type."""
    from keras import ops

    side = 1024 if framework.device() == "cpu" else 8192
    kind = "bfloat16" if precision == "mixed_bfloat16" else "float32"
    # Scaled so that a chain of products neither overflows nor vanishes.
    values = np.random.default_rng(0).standard_normal((side, side)) / np.sqrt(side)
    matrix = ops.convert_to_tensor(values.astype(np.float32), kind)

    def chain() -> None:
        product = matrix
        for _ in range(CHAIN):
            product = ops.matmul(product, matrix)
        ops.convert_to_numpy(product[0, 0])  # waits for all of them

    return 2.0 * CHAIN * side**3 / _seconds(chain)


def training_multiply_adds(model: keras.Model) -> int:
    """Multiply-adds of one image's training step in convolutions and dense layers.

    Each counts once forward, once for its weights' gradient where it trains, and once for its
    input's gradient where a layer before it trains: frozen first layers cost the forward pass only.
    """
    total, trains_before = 0, False
    for layer in model.layers:
        if not hasattr(layer, "kernel"):
            continue
        positions = int(np.prod(layer.output.shape[1:-1], dtype=int))
        once = positions * int(np.prod(layer.kernel.shape, dtype=int))
        trains = bool(layer.trainable_weights)
        total += once * (1 + trains + trains_before)
        trains_before = trains_before or trains
    return total


def _seconds(call: Callable[[], Any]) -> float:
    call()  # compiles
    times = []
    for _ in range(EPOCHS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return median(times)


if __name__ == "__main__":
    print(json.dumps(speed(*sys.argv[1:])))
