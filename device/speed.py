"""How fast arms train here: `KERAS_BACKEND=jax python -m device.speed ARM ...`.

Prints, and writes where --out says, each arm's images a second and the share that its convolutions
and dense layers make of the device's matrix rate, measured in the same process and precision.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ablation.base.cli import run
from ablation.base.errors import UserError
from ablation.base.files import read_config, write_json
from ablation.training.config import ArmConfig

if TYPE_CHECKING:
    import keras

ARMS = Path("configs/arms")
IMAGES = 2048  # resident on the device; their number has no influence on a step
REPEATS = 3  # the median of so many
CHAIN = 16  # matrix products in one call, so that starting it counts for nothing


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m device.speed", description=__doc__)
    parser.add_argument("arms", nargs="+", metavar="ARM")
    parser.add_argument("--steps", type=int, default=50, help="training steps of one call")
    parser.add_argument("--batch", type=int, help="images of a step (default: as the arm trains)")
    parser.add_argument("--matrix", type=int, default=8192, help="side of the matrices multiplied")
    parser.add_argument("--out", type=Path, help="a JSON file for the results")
    options = parser.parse_args()
    if os.environ.get("KERAS_BACKEND") != "jax":
        raise UserError("the driver runs under JAX; set KERAS_BACKEND=jax")
    known = sorted(path.stem for path in ARMS.glob("*.yaml"))
    for name in options.arms:
        if name not in known:
            raise UserError(f"no arm {name!r}; arms: {', '.join(known)}")
    rates: dict[str, float] = {}
    results = []
    for name in options.arms:
        arm = read_config(ARMS / f"{name}.yaml", ArmConfig)
        precision = arm.train.precision
        if precision not in rates:
            rates[precision] = matrix_rate(options.matrix, precision)
            print(f"{rates[precision] / 1e12:.4g} Tflop/s of matrix products in {precision}")
        batch = options.batch or arm.train.batch_size
        row = speed(arm, options.steps, batch) | {"arm": name, "batch": batch}
        row["share"] = row["flops_per_image"] * row["images_per_second"] / rates[precision]
        results.append(row)
        print(
            f"{name}  {row['images_per_second']:,.0f} images/s in batches of {batch}, "
            f"{row['share']:.1%} of the matrix rate",
            flush=True,
        )
    if options.out:
        write_json(options.out, {"matrix_flops_per_second": rates, "arms": results})


def matrix_rate(side: int, precision: str) -> float:
    """Floating-point operations a second of square matrix products in the networks' data type."""
    import jax
    import jax.numpy as jnp

    kind = jnp.bfloat16 if precision == "mixed_bfloat16" else jnp.float32
    rng = np.random.default_rng(0)
    # Scaled so that a chain of products neither overflows nor vanishes.
    matrix = jnp.asarray(rng.standard_normal((side, side)) / np.sqrt(side), kind)

    @jax.jit
    def chain(start: jax.Array) -> jax.Array:
        return jax.lax.fori_loop(0, CHAIN, lambda _, product: product @ matrix, start)

    seconds = _median_seconds(lambda: chain(matrix).block_until_ready())
    return 2.0 * CHAIN * side**3 / seconds


def speed(arm: ArmConfig, steps: int, batch: int) -> dict[str, Any]:
    """Images a second of an epoch's compiled call, and the work of one image, in flop."""
    from ablation.training.loop import compile_for, network
    from device.epochs import DeviceTraining

    rng = np.random.default_rng(0)
    size = (IMAGES, arm.image_size, arm.image_size)
    model = network(_with_random_weights(arm), 0, None)
    compile_for(model, arm, steps)
    device = DeviceTraining(
        [model],
        rng.integers(0, 256, size).astype(np.uint8),
        rng.integers(0, 10, IMAGES).astype(np.uint8),
    )
    numbers = rng.integers(0, IMAGES, (1, steps, batch))
    seconds = _median_seconds(lambda: device.train(numbers))
    return {
        "images_per_second": steps * batch / seconds,
        "flops_per_image": 2.0 * training_multiply_adds(model),
    }


def _with_random_weights(arm: ArmConfig) -> ArmConfig:
    if arm.model.pretrained is None:
        return arm
    return arm.model_copy(update={"model": arm.model.model_copy(update={"weights": "none"})})


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


def _median_seconds(call: Callable[[], object]) -> float:
    call()  # compiles
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


if __name__ == "__main__":
    run("speed", main)
