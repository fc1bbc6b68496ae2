"""Checks params.yaml whole and writes the complete configuration of each arm, figure and stage."""

import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ablation.base.cli import run
from ablation.base.errors import UserError
from ablation.base.files import write_yaml
from ablation.reporting.config import ForestFigure
from ablation.study.checks import ConfigError
from ablation.study.dialects import notes
from ablation.study.memory import check_memory, machine_bytes
from ablation.study.reading import read
from ablation.study.resolution import Resolved, resolve
from ablation.training.config import ArmConfig

PARAMS = Path("params.yaml")
CONFIGS = Path("configs")


def main() -> None:
    content = PARAMS.read_bytes()
    try:
        study = resolve(read(content))
        if not os.environ.get("FORCE"):
            check_memory(study.data, study.arms, study.evaluation.batch_size, machine_bytes())
            check_backends(study.arms)
    except ConfigError as error:
        raise UserError(f"{PARAMS}: {error}") from None
    for note in notes(content):
        print(f"{PARAMS}: {note}", file=sys.stderr)
    write(study)
    print(
        f"resolve: scale {study.study.scale}, {len(study.arms)} arms, "
        f"{len(study.study.runs)} runs, {len(study.figures)} figures, "
        f"{len(study.claims.claims)} claims"
    )


def write(study: Resolved) -> None:
    """Writes every configuration."""
    _write("study", study.study.model_dump(exclude=None if study.study.failed else {"failed"}))
    _write("sources", study.sources)
    _write("admit", study.admit)
    _write("data", study.data)
    _write("evaluation", study.evaluation)
    for name, arm in study.arms.items():
        _write(f"arms/{name}", arm)
    for name, figure in study.figures.items():
        drawn = (
            study.study.arms if isinstance(figure, ForestFigure) else getattr(figure, "arms", [])
        )
        labels = {arm: study.study.arms[arm] for arm in drawn}
        _write(f"figures/{name}", {"figure": figure.model_dump(), "labels": labels})
    _write("figures/index", list(study.figures))
    _write("claims", study.claims)


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
