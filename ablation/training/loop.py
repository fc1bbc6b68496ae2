"""Training one run, from top to bottom: images in order, optimizer, epochs, checkpoints.

Keras 3 and NumPy only, so the same loop runs under TensorFlow and JAX. An engine does an epoch:
`Steps` here, batch by batch on either, or `compiled.Compiled`, an epoch at once under JAX.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from ablation import streams
from ablation.base.files import replacing
from ablation.networks.heads import CLASSES, log_largest
from ablation.training.config import ArmConfig, OptimizerConfig, TrainConfig
from ablation.training.muon import Muon

MEASURED_AT_ONCE = 250  # images; has no influence on the numbers
# Bytes a second that checkpoints may take on average, so that they cost neither time nor disk: that
# of the paper's CNN has 270 MB and is written once in a minute of training, a small one each epoch.
CHECKPOINT_RATE = 4.5e6

# --- What a run sees ------------------------------------------------------------------------------

# (epoch from 0, how many) -> images (n, s, s) uint8 and their labels, (n,) or (n, 10) uint8.
Fresh = Callable[[int, int], tuple[NDArray[np.uint8], NDArray[np.uint8]]]


@dataclass(frozen=True)
class Images:
    """A data set and its split: images (n, s, s) uint8, labels (n,) uint8, image numbers int64.

    `fresh` composes the training images of an arm that asks for fresh ones; None for any other.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    training: NDArray[np.int64]
    validation: NDArray[np.int64]
    fresh: Fresh | None = None


@dataclass(frozen=True)
class Epoch:
    """An epoch's images (n, s, s) and labels, uint8, and their order (steps * batch,).

    Labels are (n,), or (n, 10) if they say of each digit whether it is present.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    order: NDArray[np.int64]


class Epochs:
    """The epochs of one run: a function of its arm's training settings, its seed and its images.

    The order depends on seed and step alone, so an interrupted run goes on exactly where an
    uninterrupted one would have been, whichever engine does an epoch.
    """

    def __init__(self, config: TrainConfig, seed: int, data: Images) -> None:
        # A split is in random order, so its first images are a random choice.
        self._training = data.training[: config.images]
        self._config, self._seed, self._data = config, seed, data
        images = min(config.images_per_epoch, len(self._training))
        self.steps = images // config.batch_size
        self.images = self.steps * config.batch_size  # of an epoch: whole batches

    def epoch(self, number: int) -> Epoch:
        """The epoch, counted from 0: in any order of calls the same."""
        if self._data.fresh is not None:
            images, labels = self._data.fresh(number, self.images)
            return Epoch(images, labels, np.arange(self.images))
        chosen = order(self._training, self._seed, number * self.images, self.images)
        return Epoch(self._data.images, self._data.labels, chosen)

    @cached_property
    def measured(self) -> dict[str, NDArray[np.int64]]:
        """Part -> numbers of the data set's images that stand for it after each epoch."""
        # The first of a random order are a random choice; in the file's order they are read faster.
        count = self._config.measured_images
        parts = {"train": self._training, "validation": self._data.validation}
        return {part: np.sort(numbers[:count]) for part, numbers in parts.items()}


def order(indices: NDArray[np.int64], seed: int, start: int, count: int) -> NDArray[np.int64]:
    """The `count` image numbers from position `start` of the run's endless stream.

    The stream is one random permutation of `indices` (n,) after another, each of its own
    generator, so that every image is seen once before any is seen twice.
    """
    size = len(indices)
    first, last = start // size, (start + count - 1) // size
    passes = [
        streams.generator("order", seed, number).permutation(indices)
        for number in range(first, last + 1)
    ]
    offset = start - first * size
    return np.concatenate(passes)[offset : offset + count]


# --- Optimizer and loss ---------------------------------------------------------------------------


class Trapezoid(keras.optimizers.schedules.LearningRateSchedule):
    """A rate that rises from 0 over `warmup` steps, stays, and falls to 0 over the last `decay`."""

    def __init__(self, rate: float, steps: int, warmup: float, decay: float) -> None:
        self.rate, self.steps, self.warmup, self.decay = rate, steps, warmup, decay

    def __call__(self, step: Any) -> Any:
        step = keras.ops.cast(step, "float32")
        rise = step / self.warmup if self.warmup else 1.0
        fall = (self.steps - step) / self.decay if self.decay else 1.0
        return self.rate * keras.ops.minimum(keras.ops.minimum(rise, fall), 1.0)


def build_optimizer(config: OptimizerConfig, steps: int) -> keras.optimizers.Optimizer:
    """Keras's optimizer (paper, section 4.1, figure 5), or Muon; a schedule ends after `steps`."""
    rate = learning_rate(config, steps)
    if config.algorithm == "adam":
        return keras.optimizers.Adam(learning_rate=rate)
    if config.algorithm == "muon":
        return Muon(
            learning_rate=rate,
            momentum=config.momentum,
            weight_decay=None,
            adam_weight_decay=None,
            exclude_layers=["logits"],  # the output of a dense head takes Adam's steps
        )
    return keras.optimizers.SGD(
        learning_rate=rate, momentum=config.momentum, nesterov=config.nesterov
    )


def learning_rate(
    config: OptimizerConfig, steps: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """The rate of each of `steps`."""
    if config.warmup is None:
        return config.learning_rate
    if config.decay is not None:
        return Trapezoid(config.learning_rate, steps, config.warmup * steps, config.decay * steps)
    warmup = round(config.warmup * steps)  # it falls from its height to 0, as a cosine does
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else config.learning_rate,
        decay_steps=max(1, steps - warmup),
        warmup_target=config.learning_rate if warmup else None,
        warmup_steps=warmup,
    )


def compile_for(model: keras.Model, arm: ArmConfig, steps: int) -> None:
    """Gives `model` the arm's optimizer, scheduled over `steps`, and a loss.

    The loss is on its logits, or, for labels of the digits present, on the scores beneath them.
    """
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    if arm.fresh is not None and arm.fresh.labels == "present":
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        model.get_layer("logits").teaches_scores = True
    model.compile(
        optimizer=build_optimizer(arm.train.optimizer, steps),
        loss=loss,
        metrics=[keras.metrics.MeanMetricWrapper(is_right, name="accuracy")],
        jit_compile="auto" if keras.backend.backend() == "jax" else False,
    )


def is_right(labels: Any, outputs: Any) -> Any:
    """Whether the largest digit of each image is named.

    Args:
        labels: of n images, (n,) the largest digit, or (n, 10) whether each digit is present.
        outputs: (n, 10) logits, or the scores of each digit.
    """
    if len(labels.shape) == 2:
        labels = keras.ops.max(labels * np.arange(CLASSES), axis=1)
        outputs = log_largest(outputs)
    return keras.ops.equal(keras.ops.argmax(outputs, axis=1), labels)


# --- An epoch -------------------------------------------------------------------------------------


class Steps:
    """One compiled network and the data set it is measured on; an epoch is done batch by batch.

    Between calls the state of training is in the model and its optimizer, and nowhere else.
    """

    def __init__(self, model: keras.Model, data: Images, batch_size: int) -> None:
        self._model, self._data, self._batch_size = model, data, batch_size

    def train(self, epoch: Epoch, after: Callable[[int], None]) -> tuple[float, float]:
        """One pass over the epoch's images.

        Args:
            after: told the number of each step, counted from 1, once it is done.

        Returns:
            the mean over the steps of accuracy and loss, with dropout on and the penalty in it.
        """
        # Not `fit`: when a fit on a generator ends, TensorFlow's data pipeline may take 20 s to
        # close, longer than an epoch takes here.
        correct, loss = [], []
        for step, chosen in enumerate(epoch.order.reshape(-1, self._batch_size), start=1):
            # Each step told by itself: Keras's own mean over steps is the last one's under JAX.
            self._model.reset_metrics()
            logs = self._model.train_on_batch(
                epoch.images[chosen], epoch.labels[chosen], return_dict=True
            )
            correct.append(float(logs["accuracy"]))
            loss.append(float(logs["loss"]))
            after(step)
        return float(np.mean(correct)), float(np.mean(loss))

    def measure(self, numbers: NDArray[np.int64]) -> tuple[float, float]:
        """Accuracy and cross-entropy (nats) on the data set's images of these numbers (m,)."""
        logits = self._model.predict(
            self._data.images[numbers], batch_size=MEASURED_AT_ONCE, verbose=0
        )
        return accuracy_and_cross_entropy(logits, self._data.labels[numbers])

    def penalty(self) -> float:
        """What the regularizers add to the loss; 0 without any."""
        return float(sum(float(loss) for loss in self._model.losses))


def accuracy_and_cross_entropy(
    logits: NDArray[np.float32], labels: NDArray[np.uint8]
) -> tuple[float, float]:
    """Of logits (m, 10) and labels (m,): the share of right answers, and nats an image."""
    exact = logits.astype(np.float64)
    shifted = exact - exact.max(axis=1, keepdims=True)
    of_label = shifted[np.arange(len(labels)), labels]
    cross_entropy = np.log(np.exp(shifted).sum(axis=1)) - of_label
    return float(np.mean(exact.argmax(axis=1) == labels)), float(np.mean(cross_entropy))


# --- Checkpoints ----------------------------------------------------------------------------------

History = list[dict[str, float]]


@dataclass
class State:
    """How far a run has come, and what that took: a row of `history` an epoch, and its seconds."""

    history: History = field(default_factory=list)
    train_seconds: list[float] = field(default_factory=list)
    epoch_seconds: list[float] = field(default_factory=list)


def save(path: Path, model: keras.Model, state: State) -> None:
    """Writes weights, moving statistics, optimizer state and the state of every seed generator.

    The file is replaced whole, so a run killed while it writes keeps the checkpoint before.
    """
    arrays = {
        f"variable_{i}": keras.ops.convert_to_numpy(variable.value)
        for i, variable in enumerate(_variables(model))
    }
    # NumPy has no bfloat16, and no variable is: mixed precision keeps them in float32.
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, state=np.array(json.dumps(asdict(state))), **arrays)


def resume(path: Path, model: keras.Model) -> State:
    """Sets the model's variables from the checkpoint at `path`, if there is one.

    Returns:
        the state up to there; that of a run that has not begun where there is none.
    """
    if not path.exists():
        return State()
    with np.load(path, allow_pickle=False) as stored:
        for i, variable in enumerate(_variables(model)):
            variable.assign(stored[f"variable_{i}"])
        return State(**json.loads(str(stored["state"])))


def _variables(model: keras.Model) -> list[keras.Variable]:
    model.optimizer.build(model.trainable_variables)
    metrics = {id(v) for metric in model.metrics for v in metric.variables}
    own = [v for v in model.variables if id(v) not in metrics]
    return [*own, *model.optimizer.variables]


# --- The loop -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Moment:
    """Where a run stands, told while it trains; no result depends on what is made of it.

    Attributes:
        epoch: the one under way, counted from 1, of `epochs`.
        resumed: so many epochs were done before this process went on with the run.
        share: of the epoch's steps that are done, 0..1.
        images_per_second: of the epoch's steps.
        seconds_left: of the run, at the pace of its epochs so far.
        history: a row for each epoch that is trained and measured.
    """

    epoch: int
    epochs: int
    resumed: int
    share: float
    images_per_second: float
    seconds_left: float
    history: History


@dataclass(frozen=True)
class Trained:
    """A trained network with one row of `history` an epoch.

    Attributes:
        images_per_second: of training alone, in the median epoch; the first compiles too.
        seconds: of all epochs with their measuring.
    """

    model: keras.Model
    history: History
    images_per_second: float
    seconds: float


def train(
    model: keras.Model,
    arm: ArmConfig,
    seed: int,
    data: Images,
    checkpoint: Path,
    report: Callable[[Moment], None],
) -> Trained:
    """Trains `model` as `arm` says, by its engine, from `checkpoint` where there is one.

    After each epoch the run is measured in inference mode on fixed training and validation
    images, since the running training accuracy is distorted by dropout and lags by half an epoch.

    Args:
        model: the network of `arm`, built for `seed`.
        data: images with their split; training order depends on `seed` alone.
        checkpoint: read at the start; written after the last epoch and after others at
            `CHECKPOINT_RATE`.
        report: told after each step, and after each epoch once it is measured.
    """
    engine: type[Steps] = Steps
    if arm.train.engine == "compiled":
        from ablation.training.compiled import Compiled  # which imports JAX

        engine = Compiled
    epochs = Epochs(arm.train, seed, data)
    compile_for(model, arm, epochs.steps * arm.train.epochs)
    state = resume(checkpoint, model)
    steps = engine(model, data, arm.train.batch_size)
    resumed = len(state.history)
    due = 0.0  # when the next checkpoint is, on the monotonic clock

    def tell(number: int, step: int, seconds: float) -> None:
        # An epoch is measured too, so finished ones tell its pace better than its steps.
        pace = median(state.epoch_seconds or [seconds * epochs.steps / step])
        report(
            Moment(
                epoch=number + 1,
                epochs=arm.train.epochs,
                resumed=resumed,
                share=step / epochs.steps,
                images_per_second=step * arm.train.batch_size / seconds,
                seconds_left=pace * (arm.train.epochs - number - step / epochs.steps),
                history=state.history,
            )
        )

    for number in range(resumed, arm.train.epochs):
        started = time.perf_counter()

        def after(step: int, number: int = number, started: float = started) -> None:
            tell(number, step, time.perf_counter() - started)

        accuracy, loss = steps.train(epochs.epoch(number), after)
        state.train_seconds.append(time.perf_counter() - started)
        row: dict[str, float] = {
            "epoch": number + 1,
            "running_accuracy": accuracy,
            "running_loss": loss,
        }
        for part, chosen in epochs.measured.items():
            row[f"{part}_accuracy"], row[f"{part}_loss"] = steps.measure(chosen)
        row["penalty"] = steps.penalty()
        state.history.append(row)
        state.epoch_seconds.append(time.perf_counter() - started)
        if number + 1 == arm.train.epochs or time.monotonic() >= due:
            save(checkpoint, model, state)
            due = time.monotonic() + checkpoint.stat().st_size / CHECKPOINT_RATE
        tell(number, epochs.steps, state.train_seconds[-1])
    speed = epochs.images / median(state.train_seconds)
    return Trained(model, state.history, speed, sum(state.epoch_seconds))
