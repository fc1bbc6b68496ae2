"""Muon for convolutions (K. Jordan et al. 2024), with steps of the size of Adam's.

The size is J. Liu et al.'s, 2025, arXiv:2502.16982.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class Muon(keras.optimizers.Muon):
    """Keras's Muon, for the kernels (height, width, in, out) of convolutions too.

    Such a kernel is a matrix (height x width x in, out), as a hidden dense layer's is anyway.
    Kernels of one pixel are a network's output here, which takes Adam's steps, as do biases and
    normalizations.
    """

    def build(self, var_list: list[keras.Variable]) -> None:
        """Makes the moments; Keras takes those without a velocity for Muon's."""
        if self.built:
            return
        super().build(var_list)
        for number, variable in enumerate(var_list):
            if len(variable.shape) == 4 and max(variable.shape[:2]) > 1:
                self.adam_velocities[number] = None

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
        return ops.reshape(super().zeropower_via_newtonschulz5(_matrix(x), steps), x.shape)

    def lr_adjust(self, x: Any) -> Any:
        return ops.reshape(super().lr_adjust(_matrix(x)), x.shape)


def _matrix(kernel: Any) -> Any:
    return ops.reshape(kernel, (-1, kernel.shape[-1]))
