"""Checks params.yaml and paper.yaml, writes the complete configuration of each arm and figure."""

from pathlib import Path

from pydantic import BaseModel

from ablation.base.cli import run
from ablation.base.files import write_yaml
from ablation.study.reading import PAPER, PARAMS, read
from ablation.study.resolution import Resolved, resolve

CONFIGS = Path("configs")


def main() -> None:
    study = resolve(read(PARAMS), read(PAPER))
    write(study)
    print(
        f"resolve: scale {study.study.scale}, {len(study.arms)} arms, "
        f"{len(study.study.runs)} runs, {len(study.figures)} figures, "
        f"{len(study.claims.claims)} claims"
    )


def write(study: Resolved) -> None:
    """Writes every configuration, and removes those of arms and figures that are gone."""
    written: dict[str, BaseModel | dict] = {
        "study": study.study,
        "admit": study.admit,
        "data": study.data,
        "claims": study.claims,
    }
    written |= {f"arms/{name}": arm for name, arm in study.arms.items()}
    for name, figure in study.figures.items():
        every = figure.kind in ("forest", "ladder")
        arms = study.study.arms if every else getattr(figure, "arms", [])
        labels = {arm: study.study.arms[arm] for arm in arms}
        written[f"figures/{name}"] = {"figure": figure.model_dump(), "labels": labels}
    for name, content in written.items():
        plain = content.model_dump() if isinstance(content, BaseModel) else content
        write_yaml(CONFIGS / f"{name}.yaml", plain)
    for path in CONFIGS.rglob("*.yaml"):
        if path.relative_to(CONFIGS).with_suffix("").as_posix() not in written:
            path.unlink()


if __name__ == "__main__":
    run("resolve", main)
