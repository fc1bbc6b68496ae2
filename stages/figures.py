"""Draws one figure of the paper."""

from pathlib import Path

from ablation.base.cli import run
from ablation.base.files import replacing
from ablation.reporting import figures
from ablation.reporting.declared import fitting, read_figure
from ablation.reporting.figures.style import save

REPORTS = Path("reports")


def main(name: str) -> None:
    declared, tables = Path(f"configs/figures/{name}.yaml"), REPORTS / "tables" / name
    figure, labels, _ = read_figure(declared)
    with fitting(declared, tables):
        picture = figures.draw(figure, labels, tables)
    target = REPORTS / "figures"
    with replacing(target / f"{name}.png") as png, replacing(target / f"{name}.svg") as svg:
        save(picture, png, svg, f"{figure.title} (paper: {figure.paper})")
    print(f"figures: {name} ({figure.kind}, {figure.paper})")


if __name__ == "__main__":
    run("figures", main, name=str)
