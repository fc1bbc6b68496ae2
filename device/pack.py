"""Packs what a machine with JAX and nothing else needs: `python -m device.pack FILE.tar.gz`.

The code, the resolved configuration, the digits, the ImageNet weights that arms start from (as
float16) and the wheels that are missing there. The images are composed there: from 11 MB of digits
instead of 800 MB of images.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ablation.base.cli import run
from ablation.base.errors import UserError
from ablation.base.files import read_config, replacing
from ablation.training.config import ArmConfig

CODE = ("ablation", "stages", "device")
RAW = Path("data/raw")
DIGITS = RAW / "mnist.npz"
CONFIGS = Path("configs")
NEEDED = ("keras", "pydantic", "pyyaml")  # what the driver and the stages before it import
THERE = ("numpy", "ml_dtypes")  # with JAX; far the largest of what the needed ones lead to


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m device.pack", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--python", default=f"{sys.version_info.major}.{sys.version_info.minor}",
                        help="Python's version there (default: this one's)")  # fmt: skip
    parser.add_argument("--no-wheels", action="store_true", help="all of Python's is there already")
    options = parser.parse_args()
    _check(DIGITS, CONFIGS / "study.yaml")
    weights = _weights()
    _check(*weights)
    with tempfile.TemporaryDirectory() as folder:
        if not options.no_wheels:
            _download(Path(folder), options.python)
        with replacing(options.file) as temporary, tarfile.open(temporary, "w:gz") as archive:
            _add(archive, sorted(Path(folder).glob("*.whl")), weights)
    print(f"pack: {options.file}, {options.file.stat().st_size / 1e6:.1f} MB")


def _check(*paths: Path) -> None:
    for path in paths:
        if not path.exists():
            raise UserError(f"{path} is missing; run `dvc repro fetch`, which makes it")


def _weights() -> list[Path]:
    """The files of ImageNet weights that arms of the study start from."""
    arms = [read_config(path, ArmConfig) for path in (CONFIGS / "arms").glob("*.yaml")]
    return sorted({RAW / f"{arm.model.pretrained}.npz" for arm in arms if arm.model.pretrained})


def _add(archive: tarfile.TarFile, wheels: Iterable[Path], weights: Iterable[Path]) -> None:
    for wheel in wheels:
        archive.add(wheel, f"wheels/{wheel.name}")
    code = [path for folder in CODE for path in Path(folder).rglob("*")]
    for path in sorted([*code, *CONFIGS.rglob("*.yaml")]):
        if path.is_file() and "__pycache__" not in path.parts:
            archive.add(path)
    archive.add(DIGITS)
    for path in weights:
        with np.load(path) as arrays:
            content = io.BytesIO()
            np.savez(content, **{name: array.astype(np.float16) for name, array in arrays.items()})
        entry = tarfile.TarInfo(str(path))
        entry.size = content.tell()
        content.seek(0)
        archive.addfile(entry, content)
    # Where a study of one's own images would lie; the stage preprocess asks.
    own = tarfile.TarInfo("data/own/competition")
    own.type, own.mode = tarfile.DIRTYPE, 0o755
    archive.addfile(own)


def _download(folder: Path, python: str) -> None:
    """The wheels that are missing on a Linux machine with JAX, as pinned here."""
    done = subprocess.run(
        [
            sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:",
            "--platform", "manylinux_2_28_x86_64", "--platform", "manylinux2014_x86_64",
            "--python-version", python, "--dest", str(folder),
            *(f"{name}=={version(name)}" for name in NEEDED),
        ],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or ["nothing"]
        raise UserError(f"pip found no wheels for Python {python}; it said: {said[-1]}")
    for wheel in folder.glob("*.whl"):
        if wheel.name.startswith(THERE):
            wheel.unlink()


if __name__ == "__main__":
    run("pack", main)
