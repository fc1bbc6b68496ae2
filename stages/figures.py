"""Draws one figure of the paper."""

from importlib import import_module
from pathlib import Path

from ablation.base.cli import run
from ablation.base.files import read_config
from ablation.reporting.config import DeclaredFigure
from ablation.reporting.figures.style import save

REPORTS = Path("reports")


def main(name: str) -> None:
    declared = read_config(Path(f"configs/figures/{name}.yaml"), DeclaredFigure)
    figure, labels = declared.figure, declared.labels
    kind = import_module(f"ablation.reporting.figures.{figure.kind}")
    picture = kind.draw(figure, labels, REPORTS / "tables" / name)
    save(picture, REPORTS / "figures" / name, f"{figure.title} (paper: {figure.paper})")
    print(f"figures: {name} ({figure.kind}, {figure.paper})")


if __name__ == "__main__":
    run("figures", main, name=str)
