"""Draws one figure of the paper."""

from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ablation.base.cli import run
from ablation.base.files import read_yaml, replacing
from ablation.reporting import figures
from ablation.reporting.config import FigureConfig
from ablation.reporting.figures.style import save

REPORTS = Path("reports")


def main(name: str) -> None:
    content = read_yaml(Path(f"configs/figures/{name}.yaml"))
    figure: Any = TypeAdapter(FigureConfig).validate_python(content["figure"])
    picture = figures.draw(figure, content["labels"], REPORTS / "tables" / name)
    target = REPORTS / "figures"
    with replacing(target / f"{name}.png") as png, replacing(target / f"{name}.svg") as svg:
        save(picture, png, svg, f"{figure.title} (paper: {figure.paper})")
    print(f"figures: {name} ({figure.kind}, {figure.paper})")


if __name__ == "__main__":
    run("figures", main, name=str)
