"""All that an interrupted run needs to go on: every variable and the history, in one file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np

from ablation.errors import UserError
from ablation.files import replacing

History = list[dict[str, float]]


def identity(files: Iterable[Path], seed: int) -> str:
    """A name for the run that trains from these files with this seed.

    Another configuration, other data or other code give another name, so that a run never goes on
    from a checkpoint that is not its own.
    """
    digest = hashlib.sha256(str(seed).encode())
    for path in files:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:32]


def save(path: Path, model: keras.Model, history: History) -> None:
    """Writes weights, moving statistics, optimizer state and the state of every seed generator.

    The file is replaced whole, so a run killed while it writes keeps the checkpoint before.
    """
    arrays = {
        f"variable_{i}": keras.ops.convert_to_numpy(variable.value)
        for i, variable in enumerate(_variables(model))
    }
    # NumPy has no bfloat16, and no variable is: mixed precision keeps them in float32.
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, history=np.array(json.dumps(history)), **arrays)


def restore(path: Path, model: keras.Model) -> History:
    """Sets the model's variables from `path` and gives the history up to there.

    Raises:
        UserError: the file is of another network.
    """
    variables = _variables(model)
    with np.load(path, allow_pickle=False) as stored:
        arrays = [stored[f"variable_{i}"] for i in range(len(stored.files) - 1)]
        history: History = json.loads(str(stored["history"]))
    # All shapes first: a refusal must not leave the network half restored.
    if [array.shape for array in arrays] != [tuple(v.shape) for v in variables]:
        raise UserError(f"{path} is of another network; remove it and train again")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
    return history


def _variables(model: keras.Model) -> list[keras.Variable]:
    model.optimizer.build(model.trainable_variables)
    metrics = {id(v) for metric in model.metrics for v in metric.variables}
    own = [v for v in model.variables if id(v) not in metrics]
    return [*own, *model.optimizer.variables]
