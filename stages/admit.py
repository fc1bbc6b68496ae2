"""Reads a person's own files: the competition's data and an external test set, if any.

Each is checked and kept as plain arrays, so that no later stage opens a file from outside.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ablation.base.cli import run
from ablation.base.errors import UserError
from ablation.base.files import read_config
from ablation.inputs.own import AdmitConfig, download_competition, read_competition, read_external

ABOUT = "The arrays of the files that params.yaml names under data, if any.\n"
COMPETITION, EXTERNAL = Path("data/own/competition"), Path("data/own/external")


def main() -> None:
    config = read_config(Path("configs/admit.yaml"), AdmitConfig)
    for folder in (COMPETITION, EXTERNAL):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "about.txt").write_text(ABOUT, encoding="utf-8")  # DVC warns of empty folders
    if config.source == "kaggle":
        if config.kaggle_dir is None:
            folder = download_competition()
        else:
            folder = _outside("data.kaggle_dir", config.kaggle_dir)
        data = read_competition(folder)
        _write(COMPETITION, data)
        training, test = len(data["train_images"]), len(data["test_images"])
        print(f"admit: {training} training and {test} test images of the competition from {folder}")
    if config.external is not None:
        path = _outside("data.external", config.external)
        external, changes = read_external(path)
        _write(EXTERNAL, external)
        said = f" ({', '.join(changes)})" if changes else ""
        print(f"admit: {len(external['images'])} external test images from {path}{said}")
    if config.source == "composed" and config.external is None:
        print("admit: params.yaml names no files of your own (data.source, data.external)")


def _outside(key: str, name: str) -> Path:
    """A person's path. A relative one begins at the project, also in DVC's temporary copies."""
    path = Path(os.environ.get("DVC_ROOT", ".")) / Path(name).expanduser()
    if not path.exists():
        raise UserError(
            f"{key} = {name!r}: {path} does not exist; allowed: null or a path, absolute or "
            "relative to the project's folder"
        )
    return path


def _write(folder: Path, arrays: Mapping[str, NDArray[np.uint8]]) -> None:
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)


if __name__ == "__main__":
    run("admit", main)
