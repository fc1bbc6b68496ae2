"""A whole epoch as one compiled call, its images on the device.

This is the only file of training that imports JAX: Keras has no backend-neutral gradient and no
loop over batches that stays on the device. Network, loss, optimizer and their states are Keras's
own, so a run can be measured, saved and resumed as one that trains batch by batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax import lax

from ablation.training.loop import Epoch, Images, Steps, is_right

# Values of the trainable, the other (moving statistics, random states) and the optimizer's
# variables.
State = tuple[list[jax.Array], list[jax.Array], list[jax.Array]]


class Compiled(Steps):
    """One compiled network, and the data set on the device that it trains on."""

    def __init__(self, model: keras.Model, data: Images, batch_size: int) -> None:
        super().__init__(model, data, batch_size)
        model.optimizer.build(model.trainable_variables)
        self._variables = (
            model.trainable_variables,
            model.non_trainable_variables,
            model.optimizer.variables,
        )
        self._resident = None if data.fresh else jax.device_put((data.images, data.labels))
        # The state's memory is given to the next state: a network that fits once fits.
        self._steps = jax.jit(self._scan, donate_argnums=0)

    def train(self, epoch: Epoch, after: Callable[[int], None]) -> tuple[float, float]:
        images, labels = self._resident or jax.device_put((epoch.images, epoch.labels))
        order = jnp.asarray(epoch.order.reshape(-1, self._batch_size), jnp.int32)
        # Copies: memory that the model's variables or NumPy may share cannot be given away.
        state: Any = tuple([jnp.copy(v.value) for v in group] for group in self._variables)
        at_once = steps_at_once(len(order))
        correct: list[float] = []
        loss: list[float] = []
        for start in range(0, len(order), at_once):
            state, scores = self._steps(state, images, labels, order[start : start + at_once])
            correct += scores[0].tolist()
            loss += scores[1].tolist()
            after(len(loss))
        for group, values in zip(self._variables, state, strict=True):
            for variable, value in zip(group, values, strict=True):
                variable.assign(value)
        return float(np.mean(correct)), float(np.mean(loss))

    def _scan(
        self, state: State, images: jax.Array, labels: jax.Array, order: jax.Array
    ) -> tuple[State, Any]:
        """A step for each row of `order` (steps, batch); accuracy and loss of each (steps,)."""

        def one(state: State, chosen: jax.Array) -> tuple[State, Any]:
            return self._step(state, images[chosen], labels[chosen])

        if len(order) == 1:
            state, scores = one(state, order[0])
            return state, jax.tree.map(jnp.atleast_1d, scores)
        return lax.scan(one, state, order)

    def _step(self, state: State, x: jax.Array, y: jax.Array) -> tuple[State, Any]:
        trainable, other, optimizer = state
        gradient = jax.value_and_grad(self._loss, has_aux=True)
        (loss, (correct, other)), gradients = gradient(trainable, other, x, y)
        trainable, optimizer = self._model.optimizer.stateless_apply(
            optimizer, gradients, trainable
        )
        return (list(trainable), list(other), list(optimizer)), (correct, loss)

    def _loss(
        self, trainable: list[jax.Array], other: list[jax.Array], x: jax.Array, y: jax.Array
    ) -> tuple[jax.Array, tuple[jax.Array, list[jax.Array]]]:
        outputs, other, penalties = self._model.stateless_call(
            trainable, other, x, training=True, return_losses=True
        )
        loss = self._model.loss(y, outputs) + sum(penalties)
        return loss, (jnp.mean(is_right(y, outputs)), other)


def steps_at_once(steps: int) -> int:
    """How many of an epoch's steps one call does: all, but for a CPU.

    XLA takes 35 times as long for a convolution within a loop on a CPU (measured with jax 0.10).
    """
    return 1 if jax.default_backend() == "cpu" else steps
