"""What a figure declares, by kind; `kind` names the module of `reporting.figures` that draws it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ablation.base.section import Section

Part = Literal["training", "validation", "test"]
Share = Annotated[float, Field(gt=0, lt=1)]


class Figure(Section):
    """What every figure declares."""

    title: str
    paper: Annotated[str, Field(min_length=1)]


class CurvesFigure(Figure):
    """Accuracy over epochs, training dashed and validation solid (paper, figures 2, 5, 6, 7)."""

    kind: Literal["curves"]
    arms: Annotated[list[str], Field(min_length=1)]
    last: Share | None


class LabelDensityFigure(Figure):
    """The label distribution of training, validation and both (paper, figure 1)."""

    kind: Literal["label_density"]


class AugmentationFigure(Figure):
    """Sample images after each input layer of an arm (paper, figure 3).

    Attributes:
        images: their numbers, counted from 1 among the paper's 50,000.
    """

    kind: Literal["augmentation"]
    arms: Annotated[list[str], Field(min_length=1, max_length=1)]
    images: Annotated[list[Annotated[int, Field(ge=1, le=50_000)]], Field(min_length=1)]


class ArchitecturesFigure(Figure):
    """The layers of networks as built, with their output shapes (paper, figure 4)."""

    kind: Literal["architectures"]
    arms: Annotated[list[str], Field(min_length=1)]


class BestFigure(Figure):
    """The best arm of each group on training, validation and test (paper, section 4.3).

    Attributes:
        theirs: group -> part -> the paper's own accuracy, 0..1.
    """

    kind: Literal["best"]
    groups: Annotated[dict[str, Annotated[list[str], Field(min_length=1)]], Field(min_length=1)]
    theirs: dict[str, dict[Part, Share]]

    @property
    def arms(self) -> list[str]:
        return [arm for group in self.groups.values() for arm in group]


class ForestFigure(Figure):
    """The differences of all pairs of arms with their intervals, a panel a metric."""

    kind: Literal["forest"]
    metrics: Annotated[list[str], Field(min_length=1, max_length=2)]


class LadderFigure(Figure):
    """Each claimed difference over how many different images were trained on, a panel a claim.

    Attributes:
        arms: whose validation accuracy stands above.
    """

    kind: Literal["ladder"]
    arms: Annotated[list[str], Field(min_length=1, max_length=7)]


FigureConfig = Annotated[
    CurvesFigure
    | LabelDensityFigure
    | AugmentationFigure
    | ArchitecturesFigure
    | BestFigure
    | ForestFigure
    | LadderFigure,
    Field(discriminator="kind"),
]


class DeclaredFigure(Section):
    """configs/figures/NAME.yaml: what a figure declares, and arm -> its name in legends."""

    figure: FigureConfig
    labels: dict[str, str]
