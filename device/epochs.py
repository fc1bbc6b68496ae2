"""A whole epoch as one compiled call on one device, images resident there.

This file speaks JAX by name: Keras has no backend-neutral gradient and no loop over batches that
stays on the device. Networks, losses, optimizers and their states are Keras's own.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax import lax
from numpy.typing import NDArray

# Trainable, other (moving statistics, random states) and optimizer variables, on the device.
State = tuple[list[jax.Array], list[jax.Array], list[jax.Array]]


class DeviceTraining:
    """A compiled network, its state, and the data set it trains on, all on the default device.

    The state leaves `model` when this is made; `write_back` brings it to the model again.
    """

    def __init__(
        self, model: keras.Model, images: NDArray[np.uint8], labels: NDArray[np.uint8]
    ) -> None:
        """
        Args:
            model: compiled with an optimizer and a loss on logits.
            images: (n, s, s) uint8, copied to the device.
            labels: (n,) uint8.
        """
        self._model = model
        self._images, self._labels = jnp.asarray(images), jnp.asarray(labels)
        model.optimizer.build(model.trainable_variables)
        # Copies: a compiled epoch overwrites its state in place, and the model keeps its own.
        trainable, other, optimizer = (
            [jnp.copy(variable.value) for variable in group] for group in self._variables()
        )
        self._state: State = (trainable, other, optimizer)
        self._compiled_epoch = jax.jit(self._epoch, donate_argnums=0)
        self._compiled_measure = jax.jit(self._measure)

    def train(self, numbers: NDArray[np.int64]) -> tuple[float, float]:
        """One step for each row of `numbers` (steps, batch), image numbers.

        Returns:
            the mean over the steps of accuracy and loss, with dropout on.
        """
        self._state, (correct, losses) = self._compiled_epoch(
            self._state, self._images, self._labels, jnp.asarray(numbers, jnp.int32)
        )
        return float(jnp.mean(correct)), float(jnp.mean(losses))

    def measure(self, numbers: NDArray[np.int64], batch: int) -> tuple[float, float]:
        """Accuracy and loss, dropout off, on the images of these numbers (m,), `batch` at once."""
        padding = -len(numbers) % batch
        rows = np.concatenate([numbers, np.zeros(padding, np.int64)]).reshape(-1, batch)
        counts = (np.arange(rows.size) < len(numbers)).reshape(rows.shape)
        correct, loss, penalty = self._compiled_measure(
            self._state,
            self._images,
            self._labels,
            jnp.asarray(rows, jnp.int32),
            jnp.asarray(counts, jnp.float32),
        )
        return float(correct) / len(numbers), float(loss) / len(numbers) + float(penalty)

    def write_back(self) -> None:
        """Sets the model's and its optimizer's variables from the state."""
        for group, values in zip(self._variables(), self._state, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(jnp.copy(value))

    def _variables(self) -> tuple[list[Any], list[Any], list[Any]]:
        """The model's, in the order of a `State`."""
        model = self._model
        return (
            model.trainable_variables,
            model.non_trainable_variables,
            model.optimizer.variables,
        )

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
        logits, other, penalties = self._model.stateless_call(
            trainable, other, x, training=True, return_losses=True
        )
        loss = jnp.mean(_cross_entropy(y, logits)) + sum(penalties)
        return loss, (jnp.mean(jnp.argmax(logits, axis=1) == y), other)

    def _step(self, state: State, x: jax.Array, y: jax.Array) -> tuple[State, Any]:
        trainable, other, optimizer = state
        gradient = jax.value_and_grad(self._loss, has_aux=True)
        (loss, (correct, other)), gradients = gradient(trainable, other, x, y)
        trainable, optimizer = self._model.optimizer.stateless_apply(
            optimizer, gradients, trainable
        )
        return (list(trainable), list(other), list(optimizer)), (correct, loss)

    def _scores(self, state: State, x: jax.Array, y: jax.Array) -> tuple[Any, Any, Any]:
        """Of each image whether it is right and its loss (b,); the regularizers' penalty."""
        logits, _, penalties = self._model.stateless_call(
            state[0], state[1], x, training=False, return_losses=True
        )
        penalty = jnp.asarray(sum(penalties), jnp.float32)
        return jnp.argmax(logits, axis=1) == y, _cross_entropy(y, logits), penalty


def _cross_entropy(labels: jax.Array, logits: jax.Array) -> jax.Array:
    return keras.ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)
