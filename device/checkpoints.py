"""The checkpoint of runs that train together: a folder with a file of each, all of one epoch."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import keras

from ablation.training.checkpoints import History
from ablation.training.checkpoints import restore as restore_one
from ablation.training.checkpoints import save as save_one

EPOCH, UNFINISHED = "epoch-", "unfinished"


def save(folder: Path, models: Mapping[str, keras.Model], histories: Sequence[History]) -> None:
    """Writes the state of every run after its last epoch; a kill at any moment leaves one whole.

    Args:
        models: run -> compiled network.
        histories: of each run, all of the same length.
    """
    whole, unfinished = folder / f"{EPOCH}{len(histories[0])}", folder / UNFINISHED
    if whole.exists():  # of the same epoch, hence the same
        return
    shutil.rmtree(unfinished, ignore_errors=True)
    for (name, model), history in zip(models.items(), histories, strict=True):
        save_one(unfinished / f"{name}.npz", model, history)
    unfinished.rename(whole)
    for older in folder.glob(f"{EPOCH}*"):
        if older != whole:
            shutil.rmtree(older)


def restore(folder: Path, models: Mapping[str, keras.Model]) -> list[History]:
    """Sets every run's state from its last whole checkpoint, where there is one.

    Returns:
        the history of each run up to there, empty ones without a checkpoint.

    Raises:
        UserError: it is of another network.
    """
    whole = sorted(folder.glob(f"{EPOCH}*"), key=lambda path: int(path.name.removeprefix(EPOCH)))
    if not whole:
        return [[] for _ in models]
    return [restore_one(whole[-1] / f"{name}.npz", model) for name, model in models.items()]
