"""All that an interrupted run needs to go on: every variable and the history, in one file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import keras
import numpy as np

from ablation.base.errors import UserError
from ablation.base.files import replacing

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


def restore(path: Path, model: keras.Model) -> State:
    """Sets the model's variables from `path` and gives the state up to there.

    Raises:
        UserError: the file is of another network.
    """
    variables = _variables(model)
    with np.load(path, allow_pickle=False) as stored:
        arrays = [stored[f"variable_{i}"] for i in range(len(stored.files) - 1)]
        state = State(**json.loads(str(stored["state"])))
    # All shapes first: a refusal must not leave the network half restored.
    if [array.shape for array in arrays] != [tuple(v.shape) for v in variables]:
        raise UserError(f"{path} is of another network; remove it and train again")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
    return state


def _variables(model: keras.Model) -> list[keras.Variable]:
    model.optimizer.build(model.trainable_variables)
    metrics = {id(v) for metric in model.metrics for v in metric.variables}
    own = [v for v in model.variables if id(v) not in metrics]
    return [*own, *model.optimizer.variables]
