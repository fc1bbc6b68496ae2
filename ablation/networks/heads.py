"""From the maps of the last convolution to the logits: the paper's dense head, and another.

The dense head (figure 4) sees where in the image a feature is. The largest head is made for the
question itself: the label is the largest digit present, wherever it stands. Ten maps hold the
evidence for each digit at each place, the maximum over the places scores whether the digit is
present, and from these ten scores follows which is the largest.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from ablation.networks.batch_normalization import activate
from ablation.networks.config import CnnConfig, RegularizerConfig
from ablation.networks.random_parts import NamedGlorotUniform, dropout

CLASSES = 10
EVIDENCE = "evidence"  # the layer whose maps say where a digit was seen


@keras.saving.register_keras_serializable("ablation")
class LargestPresent(keras.layers.Layer):
    """Scores (n, k) that each digit is somewhere, to the log of each being the largest (n, k).

    With sigmoid(s_j) the probability that digit j is present, and each independent of the others,
    log p(k) = log sigmoid(s_k) + sum over j > k of log sigmoid(-s_j): k is there and none above it.
    A softmax takes these as logits: it leaves out that no digit at all is there, which cannot be.
    With `teaches_scores` it passes the scores on while training, to a loss of their own.
    """

    teaches_scores = False

    def call(self, scores: Any, training: bool = False) -> Any:
        return scores if training and self.teaches_scores else log_largest(scores)


def log_largest(scores: Any) -> Any:
    """What LargestPresent gives."""
    digits = scores.shape[-1]
    above = np.tril(np.ones((digits, digits), np.float32), -1)  # [j, k]: whether j > k
    absent = ops.log_sigmoid(-scores)
    return ops.log_sigmoid(scores) + ops.matmul(absent, ops.convert_to_tensor(above))


def logits(x: Any, config: CnnConfig, seed: int) -> Any:
    """The head that the network's configuration names: (n, height, width, c) to (n, 10)."""
    if config.head == "largest":
        return _largest(x, config, seed)
    x = layers.Flatten(name="flatten")(x)
    for index, units in enumerate(config.dense, start=1):
        name = f"dense_{index}"
        x = layers.Dense(
            units,
            use_bias=config.normalization_momentum is None,
            kernel_initializer=NamedGlorotUniform(seed, name),
            kernel_regularizer=regularizer(config.regularizer),
            name=name,
        )(x)
        x = activate(x, config.normalization_momentum, name)
        x = dropout(x, config.dense_dropout, seed, f"dropout_{name}")
    return classify(x, seed, config.regularizer)


def classify(x: Any, seed: int, regularized: RegularizerConfig | None = None) -> Any:
    """The last layer: (n, units) to logits (n, 10) float32."""
    return layers.Dense(
        CLASSES,
        kernel_initializer=NamedGlorotUniform(seed, "logits"),
        kernel_regularizer=regularizer(regularized),
        dtype="float32",
        name="logits",
    )(x)


def regularizer(config: RegularizerConfig | None) -> keras.regularizers.Regularizer | None:
    """What the kernel of every layer adds to the loss."""
    if config is None:
        return None
    kind = keras.regularizers.L1 if config.kind == "l1" else keras.regularizers.L2
    return kind(config.factor)


def _largest(x: Any, config: CnnConfig, seed: int) -> Any:
    maps = layers.Conv2D(
        CLASSES,
        1,
        kernel_initializer=NamedGlorotUniform(seed, EVIDENCE),
        kernel_regularizer=regularizer(config.regularizer),
        dtype="float32",
        name=EVIDENCE,
    )(x)
    scores = layers.GlobalMaxPooling2D(dtype="float32", name="present")(maps)
    return LargestPresent(dtype="float32", name="logits")(scores)
