"""A whole epoch as one compiled call on one device, images resident there.

This file speaks JAX by name: Keras has no backend-neutral gradient and no loop over batches that
stays on the device. Networks, losses, optimizers and their states are Keras's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax import lax
from numpy.typing import NDArray

# Trainable, other (moving statistics, random states) and optimizer variables, on the device. Those
# of several runs are stacked: each array has a first axis of runs.
State = tuple[list[jax.Array], list[jax.Array], list[jax.Array]]

Pixels = tuple[NDArray[np.uint8], NDArray[np.uint8]]  # images (n, s, s) and labels (n,)


class DeviceTraining:
    """Compiled networks of one architecture, their state, and the data set they train on.

    All of it lies on the default device. Several runs of an arm, which differ in their seeds, train
    at once: a tiny network alone leaves most of a large device idle. The state leaves `models` when
    this is made; `write_back` brings it to the models again.
    """

    def __init__(
        self, models: Sequence[keras.Model], images: NDArray[np.uint8], labels: NDArray[np.uint8]
    ) -> None:
        """
        Args:
            models: compiled with an optimizer and a loss on logits; alike but for their variables.
            images: (n, s, s) uint8, copied to the device.
            labels: (n,) uint8.
        """
        self._models = list(models)
        self._images, self._labels = jnp.asarray(images), jnp.asarray(labels)
        for model in models:
            model.optimizer.build(model.trainable_variables)
        # Copies: a compiled epoch overwrites its state in place, and the models keep their own.
        self._state: State = jax.tree.map(
            lambda *values: jnp.stack(values),
            *(
                tuple([variable.value for variable in group] for group in _variables(model))
                for model in models
            ),
        )
        self._compiled_epoch = jax.jit(self._of_each(self._epoch, 1), donate_argnums=0)
        self._compiled_measure = jax.jit(self._of_each(self._measure, 2))

    def train(
        self, numbers: NDArray[np.int64], pixels: Pixels | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """One step for each row of `numbers` (runs, steps, batch), image numbers.

        Args:
            pixels: the images that the numbers count, instead of the data set's.

        Returns:
            the mean over the steps of accuracy and loss (runs,) each, with dropout on.
        """
        images, labels = pixels or (self._images, self._labels)
        self._state, (correct, losses) = self._compiled_epoch(
            self._state, jnp.asarray(images), jnp.asarray(labels), jnp.asarray(numbers, jnp.int32)
        )
        return np.asarray(jnp.mean(correct, axis=1)), np.asarray(jnp.mean(losses, axis=1))

    def measure(
        self, numbers: NDArray[np.int64], batch: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Accuracy and loss (runs,) each, dropout off, on the images of these numbers (runs, m).

        Args:
            batch: so many images of each run at once.
        """
        runs, count = numbers.shape
        padding = np.zeros((runs, -count % batch), np.int64)
        rows = np.concatenate([numbers, padding], axis=1).reshape(runs, -1, batch)
        counts = np.broadcast_to(np.arange(rows[0].size) < count, (runs, rows[0].size))
        correct, loss, penalty = (
            np.asarray(sums, np.float64)
            for sums in self._compiled_measure(
                self._state,
                self._images,
                self._labels,
                jnp.asarray(rows, jnp.int32),
                jnp.asarray(counts.reshape(rows.shape), jnp.float32),
            )
        )
        return correct / count, loss / count + penalty

    def write_back(self) -> None:
        """Sets the models' and their optimizers' variables from the state."""
        for run, model in enumerate(self._models):
            for group, values in zip(_variables(model), self._state, strict=True):
                for variable, value in zip(group, values, strict=True):
                    variable.assign(value[run])

    def _of_each(self, function: Callable[..., Any], numbers: int) -> Callable[..., Any]:
        """`function` of a run's state, the shared images and labels, and `numbers` more arrays, as
        a function of all runs', whose arrays have a first axis of runs."""
        if len(self._models) > 1:
            return jax.vmap(function, in_axes=(0, None, None, *([0] * numbers)))

        # One run without `vmap`, which would make grouped convolutions of all that it has.
        def alone(state: State, images: jax.Array, labels: jax.Array, *more: jax.Array) -> Any:
            state, more = jax.tree.map(lambda array: array[0], (state, more))
            return jax.tree.map(lambda array: array[None], function(state, images, labels, *more))

        return alone

    def _epoch(
        self, state: State, images: jax.Array, labels: jax.Array, numbers: jax.Array
    ) -> tuple[State, Any]:
        def one(state: State, chosen: jax.Array) -> tuple[State, Any]:
            return self._step(state, images[chosen], labels[chosen])

        return lax.scan(one, state, numbers)

    def _measure(
        self,
        state: State,
        images: jax.Array,
        labels: jax.Array,
        rows: jax.Array,
        counts: jax.Array,
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        """The sums of right answers and of losses over the images that count; the penalty."""

        def one(sums: Any, part: tuple[jax.Array, jax.Array]) -> tuple[Any, jax.Array]:
            chosen, count = part
            right, losses, penalty = self._scores(state, images[chosen], labels[chosen])
            return (sums[0] + jnp.sum(right * count), sums[1] + jnp.sum(losses * count)), penalty

        nothing = (jnp.float32(0), jnp.float32(0))
        (right, loss), penalties = lax.scan(one, nothing, (rows, counts))
        return right, loss, penalties[0]

    def _loss(
        self, trainable: list[jax.Array], other: list[jax.Array], x: jax.Array, y: jax.Array
    ) -> tuple[jax.Array, tuple[jax.Array, list[jax.Array]]]:
        logits, other, penalties = self._models[0].stateless_call(
            trainable, other, x, training=True, return_losses=True
        )
        loss = jnp.mean(_cross_entropy(y, logits)) + sum(penalties)
        return loss, (jnp.mean(jnp.argmax(logits, axis=1) == y), other)

    def _step(self, state: State, x: jax.Array, y: jax.Array) -> tuple[State, Any]:
        trainable, other, optimizer = state
        gradient = jax.value_and_grad(self._loss, has_aux=True)
        (loss, (correct, other)), gradients = gradient(trainable, other, x, y)
        trainable, optimizer = self._models[0].optimizer.stateless_apply(
            optimizer, gradients, trainable
        )
        return (list(trainable), list(other), list(optimizer)), (correct, loss)

    def _scores(self, state: State, x: jax.Array, y: jax.Array) -> tuple[Any, Any, Any]:
        """Of each image whether it is right and its loss (b,); the regularizers' penalty."""
        logits, _, penalties = self._models[0].stateless_call(
            state[0], state[1], x, training=False, return_losses=True
        )
        penalty = jnp.asarray(sum(penalties), jnp.float32)
        return jnp.argmax(logits, axis=1) == y, _cross_entropy(y, logits), penalty


def _variables(model: keras.Model) -> tuple[list[Any], list[Any], list[Any]]:
    """The model's, in the order of a `State`."""
    return model.trainable_variables, model.non_trainable_variables, model.optimizer.variables


def _cross_entropy(labels: jax.Array, logits: jax.Array) -> jax.Array:
    return keras.ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)
