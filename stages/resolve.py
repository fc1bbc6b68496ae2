"""Checks params.yaml whole and writes the complete configuration of each arm, figure and stage."""

import os
import re
import shutil
import sys
from collections.abc import Collection, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ablation.base.cli import run
from ablation.base.errors import UserError, brief
from ablation.base.files import write_yaml
from ablation.reporting.config import ForestFigure
from ablation.study.checks import ConfigError
from ablation.study.dialects import notes
from ablation.study.reading import read
from ablation.study.resolution import Resolved, resolve
from ablation.training.config import ArmConfig

PARAMS = Path("params.yaml")
PAPER = Path("paper.yaml")
CONFIGS = Path("configs")
COLLECTED = (Path("models/histories"), Path("models/evaluations"))
RUN = re.compile(r"[a-z][a-z0-9_]*-[0-9]+")


def main() -> None:
    content = PARAMS.read_bytes()
    try:
        study = resolve(read(content), read(PAPER.read_bytes()))
        if not os.environ.get("FORCE"):
            check_backends(study.arms)
    except ConfigError as error:
        raise UserError(f"{PARAMS}: {error}") from None
    for note in notes(content):
        print(f"{PARAMS}: {note}", file=sys.stderr)
    write(study)
    if gone := prune({f"{arm}-{seed}" for arm, seed in study.study.runs}):
        runs = sorted({path.name for path in gone})
        print(f"resolve: removed what is of no run of the study, in DVC's cache: {brief(runs)}")
    print(
        f"resolve: scale {study.study.scale}, {len(study.arms)} arms, "
        f"{len(study.study.runs)} runs, {len(study.figures)} figures, "
        f"{len(study.claims.claims)} claims"
    )


def prune(runs: Collection[str]) -> list[Path]:
    """Removes what is left of runs that the study has not, and says what that was.

    Later stages depend on these folders whole, so what an arm of yesterday left there would be
    another dependency than a fresh clone has. DVC's cache still has it, should the arm come back.

    Args:
        runs: the study's own, ARM-SEED.
    """
    gone = [
        path
        for folder in COLLECTED
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if path.is_dir() and RUN.fullmatch(path.name) and path.name not in runs
    ]
    for path in gone:
        shutil.rmtree(path)
    return gone


def write(study: Resolved) -> None:
    """Writes every configuration."""
    _write("study", study.study)
    _write("admit", study.admit)
    _write("data", study.data)
    for name, arm in study.arms.items():
        _write(f"arms/{name}", arm)
    for name, figure in study.figures.items():
        drawn = (
            study.study.arms if isinstance(figure, ForestFigure) else getattr(figure, "arms", [])
        )
        labels = {arm: study.study.arms[arm] for arm in drawn}
        _write(f"figures/{name}", {"figure": figure.model_dump(), "labels": labels})
    _write("figures/index", list(study.figures))
    for folder, names in (("arms", {*study.arms}), ("figures", {"index", *study.figures})):
        for path in (CONFIGS / folder).glob("*.yaml"):  # of a study with more of them
            if path.stem not in names:
                path.unlink()
    _write("claims", study.claims.model_dump(exclude={"failed"}))


def check_backends(arms: Mapping[str, ArmConfig]) -> None:
    """Refuses a framework that is not installed, before anything is composed."""
    for name, arm in arms.items():
        if find_spec(arm.train.backend) is None:
            raise ConfigError(
                f"train.backend = {arm.train.backend!r} (arm {name}), which is not installed; "
                f"`pip install {arm.train.backend}` installs it"
            )


def _write(name: str, content: Any) -> None:
    plain = content.model_dump() if isinstance(content, BaseModel) else content
    write_yaml(CONFIGS / f"{name}.yaml", plain)


if __name__ == "__main__":
    run("resolve", main)
