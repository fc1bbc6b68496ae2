"""All that an interrupted run needs to go on: every variable and the history, in one file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from ablation.base.arrays import read_npz
from ablation.base.errors import UserError
from ablation.base.files import replacing
from ablation.base.reading import refusing

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


def resume(path: Path, model: keras.Model, tell: Callable[[str], None]) -> State:
    """Sets the model's variables from `path`, if it can, and gives the state up to there.

    A checkpoint that is damaged or of another network is set aside as `NAME.damaged`, in place of
    one before, and the run begins anew, which costs time and no result.

    Args:
        tell: told in a line what was done.
    """
    if not path.exists():
        return State()
    try:
        state = restore(path, model)
    except UserError as error:
        aside = path.with_name(f"{path.name}.damaged")
        path.replace(aside)
        tell(f"{error}; set aside as {aside.name}, so the run begins anew")
        return State()
    tell(f"goes on from {path}")
    return state


def restore(path: Path, model: keras.Model) -> State:
    """Sets the model's variables from `path` and gives the state up to there.

    Raises:
        UserError: the file is damaged or of another network; the model is as before.
    """
    variables = _variables(model)
    arrays = read_npz(path)
    with refusing(path, "checkpoint", None):
        state = State(**json.loads(str(arrays.pop("state"))))
        if not len(state.history) == len(state.train_seconds) == len(state.epoch_seconds):
            raise UserError("has not a row and its seconds for each epoch")
        # All first: a refusal must not leave the network half restored.
        if [_form(arrays.get(f"variable_{i}")) for i in range(len(arrays))] != [
            (tuple(v.shape), v.dtype) for v in variables
        ]:
            raise UserError("is of another network")
    for i, variable in enumerate(variables):
        variable.assign(arrays[f"variable_{i}"])
    return state


def _form(array: NDArray | None) -> tuple[tuple[int, ...], str] | None:
    return None if array is None else (array.shape, array.dtype.name)


def _variables(model: keras.Model) -> list[keras.Variable]:
    model.optimizer.build(model.trainable_variables)
    metrics = {id(v) for metric in model.metrics for v in metric.variables}
    own = [v for v in model.variables if id(v) not in metrics]
    return [*own, *model.optimizer.variables]
