"""Draws one figure of the paper."""

from pathlib import Path

from ablation.base.cli import run
from ablation.base.files import replacing
from ablation.reporting import figures
from ablation.reporting.declared import read_figure
from ablation.reporting.figures.style import save

REPORTS = Path("reports")


def main(name: str) -> None:
    figure, labels = read_figure(Path(f"configs/figures/{name}.yaml"))
    picture = figures.draw(figure, labels, REPORTS / "tables" / name)
    target = REPORTS / "figures"
    with replacing(target / f"{name}.png") as png, replacing(target / f"{name}.svg") as svg:
        save(picture, png, svg, f"{figure.title} (paper: {figure.paper})")
    print(f"figures: {name} ({figure.kind}, {figure.paper})")


if __name__ == "__main__":
    run("figures", main, name=str)
