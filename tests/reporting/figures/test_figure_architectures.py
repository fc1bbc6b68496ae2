"""Architectures: every layer with its shape and parameters, frozen ones marked, and the sum."""

from __future__ import annotations

import pandas as pd
import pytest

from ablation.reporting.config import ArchitecturesFigure
from ablation.reporting.figures.architectures import draw
from tests.reporting.figures.tables import architectures_table


def figure(*arms: str) -> ArchitecturesFigure:
    return ArchitecturesFigure(
        kind="architectures", title="Networks", paper="figure 4", arms=list(arms)
    )


def test_every_layer_stands_with_shape_and_parameters(labels: dict[str, str]) -> None:
    table = architectures_table()
    picture = draw(figure("vgg_augmented", "head_512_32"), labels, table)
    for axes, arm in zip(picture.axes, ("vgg_augmented", "head_512_32"), strict=True):
        layers = table[table["arm"] == arm]
        texts = [text.get_text() for text in axes.texts]
        assert texts[0] == labels[arm]
        cells = [tuple(texts[i : i + 3]) for i in range(1, len(texts), 3)]
        assert cells[0] == ("Layer", "Output shape", "Parameters")
        assert [cell[:2] for cell in cells[1:-1]] == list(
            zip(layers["layer"], layers["output_shape"], strict=True)
        )
        total = f"{layers['parameters'].sum():,}"
        assert cells[-1] == (f"{len(layers)} layers", "", total)


def test_frozen_layers_say_so_and_layers_without_parameters_have_a_dash(
    labels: dict[str, str],
) -> None:
    axes = draw(figure("vgg_augmented"), labels, architectures_table()).axes[0]
    texts = [text.get_text() for text in axes.texts]
    assert texts[texts.index("block1_conv1") + 2] == "frozen 1,792"
    assert texts[texts.index("block2_conv1") + 2] == "73,856"
    assert texts[texts.index("flatten") + 2] == "\N{EN DASH}"


def test_a_third_network_starts_a_second_row(labels: dict[str, str]) -> None:
    table = architectures_table()
    third = table[table["arm"] == "head_512_32"].assign(arm="adam")
    arms = ("vgg_augmented", "head_512_32", "adam")
    picture = draw(figure(*arms), labels, pd.concat([table, third]))
    assert len(picture.axes) == 4
    assert not picture.axes[3].texts


def test_the_tints_are_explained(labels: dict[str, str]) -> None:
    picture = draw(figure("vgg_augmented"), labels, architectures_table())
    texts = [text.get_text() for text in picture.legends[0].get_texts()]
    assert texts == ["convolution", "dense", "pooling"]


def test_an_arm_without_layers_is_named(labels: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="no layers of the arm adam"):
        draw(figure("adam"), labels, architectures_table())
