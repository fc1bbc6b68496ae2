"""A training step of the baseline beside Keras's `fit`, and beside its convolutions alone.

All sides take turns, an epoch each, inside the study's own loop on the threads that a run has: it
tells an epoch's end outside the seconds that it counts.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ablation.study.reading import PAPER, PARAMS, read
from ablation.study.resolution import resolve
from ablation.training import framework

IMAGES, VALIDATION = 3200, 250  # of an epoch
ROUNDS = 6  # epochs that count; one more, before them, does not


def rows() -> list[dict[str, Any]]:
    """What `bench` has a row of: name, samples, unit and mark."""
    resolved = resolve(read(PARAMS) | {"scale": "laptop"}, read(PAPER))
    arm = resolved.arms[resolved.study.baseline]
    change: dict[str, Any] = {"epochs": 1 + ROUNDS, "images": IMAGES, "images_per_epoch": IMAGES}
    change |= {"measured_images": VALIDATION, "backend": "tensorflow", "engine": "steps"}
    arm = arm.model_copy(update={"train": arm.train.model_copy(update=change)})
    framework.start(arm.train)
    from ablation.networks import architectures
    from ablation.training import loop

    batch = arm.train.batch_size
    counted = IMAGES // batch * batch
    rng = np.random.default_rng(0)  # speed does not ask what images show
    shape = (IMAGES + VALIDATION, arm.image_size, arm.image_size)
    images = rng.integers(0, 256, shape, np.uint8)
    labels = rng.integers(0, 10, len(images), np.uint8)
    fitted, model = (architectures.build(arm, 0, None) for _ in range(2))
    loop.compile_for(fitted, arm, counted // batch)
    alone = bound(model, batch)
    taken: dict[str, list[float]] = {"loop": [], "fit": [], "bound": []}

    def take_turns(moment: loop.Moment) -> None:
        if len(moment.history) == moment.epoch:  # the epoch is measured
            taken["loop"].append(moment.images_per_second)
            taken["fit"].append(counted / fit(fitted, images[:counted], labels[:counted], batch))
            started = time.perf_counter()
            for _ in range(counted // batch):
                alone()
            taken["bound"].append(counted / (time.perf_counter() - started))

    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "images.npy", images)
        data = loop.Images(
            np.load(Path(folder) / "images.npy", mmap_mode="r"),  # as the stage reads them
            labels,
            rng.permutation(IMAGES),
            np.arange(IMAGES, len(images)),
        )
        loop.train(model, arm, 0, data, Path(folder) / "state.npz", take_turns)

    def ratio(of: str, to: str) -> list[float]:
        return [a / b for a, b in zip(taken[of], taken[to], strict=True)][1:]

    return [
        {
            "name": "training speed, as a multiple of Keras's fit",
            "samples": ratio("loop", "fit"),
            "unit": "",
            "at_least": 1.0,
        },
        {
            "name": "training speed, as a share of its convolutions and dense layers alone",
            "samples": ratio("loop", "bound"),
            "unit": "",
            "at_least": 0.75,
        },
        {"name": "training", "samples": taken["loop"][1:], "unit": "images/s"},
    ]


def fit(model: Any, images: Any, labels: Any, batch: int) -> float:
    """Seconds of an epoch of Keras's `fit` from its first step, without what comes around it."""
    import keras

    marks: list[float] = []
    clock = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda *_: marks.append(time.perf_counter()),
        on_epoch_end=lambda *_: marks.append(time.perf_counter()),
    )
    model.fit(images, labels, batch_size=batch, verbose=0, callbacks=[clock])
    return marks[1] - marks[0]


def bound(model: Any, batch: int) -> Callable[[], Any]:
    """One call does the work of a step's convolutions and dense layers, and nothing else.

    Each is done forward and backward (by input and by weights; the first layer needs no gradient
    by its input) with the step's own shapes, on noise.
    """
    import keras
    import tensorflow as tf

    layers = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense)
    ]
    noise = [
        [
            tf.random.normal(shape)
            for shape in (
                [batch, *layer.input.shape[1:]],
                layer.kernel.shape,
                [batch, *layer.output.shape[1:]],
            )
        ]
        for layer in layers
    ]

    @tf.function
    def step() -> Any:
        results = []
        for number, (x, kernel, gradient) in enumerate(noise):
            if isinstance(layers[number], keras.layers.Conv2D):
                back = {"out_backprop": gradient, "strides": [1, 1, 1, 1], "padding": "SAME"}
                results.append(tf.nn.conv2d(x, kernel, 1, "SAME"))
                results.append(
                    tf.raw_ops.Conv2DBackpropFilter(input=x, filter_sizes=kernel.shape, **back)
                )
                if number:
                    results.append(
                        tf.raw_ops.Conv2DBackpropInput(input_sizes=x.shape, filter=kernel, **back)
                    )
            else:
                results.append(tf.matmul(x, kernel))
                results.append(tf.matmul(x, gradient, transpose_a=True))
                results.append(tf.matmul(gradient, kernel, transpose_b=True))
        # One number of each result is asked for: none of the work is left out, and none is added.
        return [tf.reshape(result, [-1])[0] for result in results]

    return lambda: step()[0].numpy()
