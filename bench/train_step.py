"""A training step against a bare Keras `fit`, and against its convolutions and dense layers alone.

`python -m bench.train_step THREADS` measures one number of threads in a fresh process, since a
framework reads that number when it is imported. All sides take turns, an epoch each, inside the
study's own loop: it reports an epoch's end outside the seconds that it counts.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ablation.study.costs import multiply_adds
from ablation.training.epochs import Images
from ablation.training.framework import limit
from ablation.training.moment import Moment
from bench import arms
from bench.processes import child
from bench.results import Row, of, ratios
from runner.cores import cores

IMAGES = 3200  # an epoch
ROUNDS = 6  # epochs that count; one more, before them, does not
BACKWARD = 2  # gradients by input and by weights, each as much work as the forward pass


def measure() -> list[Row]:
    """Both ratios on all cores, and on the threads of a run of the study where those are fewer."""
    many, own = cores(), arms.baseline("laptop").train.threads
    rows = []
    for threads in sorted({many, min(own, many)}, reverse=True):
        speeds = child("bench.train_step", threads)
        name = f"{threads} thread{'s' if threads > 1 else ''}"
        rows += [
            of(
                f"train loop / Keras fit, {name}",
                ratios(speeds["loop"], speeds["fit"]),
                "",
                at_least=1.0,
            ),
            of(
                f"train step / its convolutions and dense layers alone, {name}",
                ratios(speeds["loop"], speeds["bound"]),
                "",
                at_least=0.75,
            ),
            of(f"train loop, {name}", speeds["loop"], "images/s"),
            of(f"convolutions and dense layers alone, {name}", speeds["bound"], "images/s"),
            of(f"rate of these, {name}", speeds["gflops"], "GFLOP/s"),
        ]
    return rows


def speeds(threads: int) -> dict[str, list[float]]:
    """Side -> images/s of each round, in this process, which must not have imported Keras."""
    limit(threads)
    import keras

    from ablation.networks import architectures
    from ablation.training import loop

    arm = arms.baseline(
        "laptop",
        epochs=1 + ROUNDS,
        images=IMAGES,
        images_per_epoch=IMAGES,
        measured_images=250,
        threads=threads,
    )
    batch = arm.train.batch_size
    counted = IMAGES // batch * batch
    images, labels = arms.random_images(IMAGES + 250, arm.image_size)
    clock = _EpochClock()

    def fitting() -> Callable[[], float]:
        model = architectures.build(arm, 0, None)
        compile_as_trained(model, arm, counted // batch)

        def epoch() -> float:
            model.fit(
                images[:counted],
                labels[:counted],
                batch_size=batch,
                verbose=0,
                callbacks=[clock.callback(keras)],
            )
            return counted / clock.seconds

        return epoch

    model = architectures.build(arm, 0, None)
    alone = bound(model, batch)

    def bounded() -> float:
        started = time.perf_counter()
        for _ in range(counted // batch):
            alone()
        return counted / (time.perf_counter() - started)

    sides = {"fit": fitting(), "bound": bounded}
    taken: dict[str, list[float]] = defaultdict(list)

    def take_turns(progress: Moment) -> None:
        if progress.epoch_ended:
            taken["loop"].append(counted / progress.seconds)
            for name, side in sides.items():
                taken[name].append(side())

    with tempfile.TemporaryDirectory() as folder:
        data = Images(
            arms.saved(Path(folder), images),
            labels,
            np.random.default_rng(0).permutation(IMAGES),
            np.arange(IMAGES, IMAGES + 250),
        )
        checkpoint = Path(folder) / "state.npz"
        loop.train(model, arm, 0, data, checkpoint, take_turns)
    work = 2 * (1 + BACKWARD) * multiply_adds(arm) / 1e9
    taken["gflops"] = [work * speed for speed in taken["bound"]]
    return {name: values[1:] for name, values in taken.items()}


def compile_as_trained(model: Any, arm: Any, steps: int, jit: Any = False, **more: Any) -> None:
    """Compiles as `ablation.training.loop.compile_for` does under TensorFlow, but for XLA."""

    from ablation.training import losses, optimizers

    model.compile(
        optimizer=optimizers.build(arm.train.optimizer, steps, arm.train.average_weights),
        loss=losses.build(arm.train.label_smoothing),
        metrics=["accuracy"],
        jit_compile=jit,
        **more,
    )


def bound(model: Any, batch: int) -> Callable[[], None]:
    """One call does the work of a step's convolutions and dense layers, and nothing else.

    Each is done forward and backward (by input and by weights; the first layer needs no gradient
    by its input) with the step's own shapes, on noise.
    """
    import keras
    import tensorflow as tf

    strides = [1, 1, 1, 1]
    work: list[Callable[[], list[Any]]] = []

    def add(layer: Any, first: bool) -> None:
        x = tf.random.normal([batch, *layer.input.shape[1:]])
        kernel = tf.random.normal(layer.kernel.shape)
        gradient = tf.random.normal([batch, *layer.output.shape[1:]])

        def convolution() -> list[Any]:
            backward = {"out_backprop": gradient, "strides": strides, "padding": "SAME"}
            by_weights = tf.raw_ops.Conv2DBackpropFilter(
                input=x, filter_sizes=kernel.shape, **backward
            )
            forward = tf.nn.conv2d(x, kernel, strides, "SAME")
            if first:
                return [forward, by_weights]
            by_input = tf.raw_ops.Conv2DBackpropInput(
                input_sizes=x.shape, filter=kernel, **backward
            )
            return [forward, by_weights, by_input]

        def dense() -> list[Any]:
            by_weights = tf.matmul(x, gradient, transpose_a=True)
            by_input = tf.matmul(gradient, kernel, transpose_b=True)
            return [tf.matmul(x, kernel), by_weights, by_input]

        work.append(convolution if isinstance(layer, keras.layers.Conv2D) else dense)

    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
            add(layer, first=not work)

    @tf.function
    def step() -> list[Any]:
        # One number of each result is asked for: none of the work is left out, and none is added.
        return [tf.reshape(result, [-1])[0] for part in work for result in part()]

    def call() -> None:
        step()[0].numpy()

    return call


class _EpochClock:
    """The seconds of an epoch of `fit` from its first step, without what comes around it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def callback(self, keras: Any) -> Any:
        started = 0.0

        def begin(*_: Any) -> None:
            nonlocal started
            started = time.perf_counter()

        def end(*_: Any) -> None:
            self.seconds = time.perf_counter() - started

        return keras.callbacks.LambdaCallback(on_epoch_begin=begin, on_epoch_end=end)


if __name__ == "__main__":
    print(json.dumps(speeds(int(sys.argv[1]))))
