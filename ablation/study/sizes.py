"""How much a study may hold: limits far above any study of this kind, so that none is a surprise.

Each is for a slip of a key, an added nought say, which would else take hours or all memory before
a later stage refuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ablation.base.section import Tree
from ablation.composition.config import DataConfig
from ablation.composition.digits import SIDE
from ablation.study.checks import ConfigError, check_new_names, listed, shown

# section -> how many entries it may have; the study has 4 scales, 14 arms, 12 figures, 41 claims
MOST_ENTRIES = {
    "scales": 20, "arms": 200, "costly_arms": 200, "figures": 100, "metrics": 100, "claims": 500,
}  # fmt: skip
# Files of this name are not a figure's: the list of figures, and data_check's picture.
RESERVED_FIGURES = ("index", "backgrounds")

MOST_IMAGES = 1_000_000  # 20 times the paper's: 16 GB at its 128 px
COMPETITION_IMAGES = 50_000  # training images of the competition
MOST_DIGITS = 10  # tiles an image; more are rarely placed without touching
MAGNIFICATION = (1 / SIDE, float(SIDE))  # a digit of one px; a px as large as a digit
MOST_SAMPLES = 12  # images beside each other in a figure


def check_entries(params: Tree) -> None:
    """Refuses sections with too many entries, and names that make no file names.

    Raises:
        ConfigError: that.
    """
    for section, most in MOST_ENTRIES.items():
        entries = params.get(section)
        if not isinstance(entries, dict):
            continue  # told where the section is read
        if len(entries) > most:
            raise ConfigError(f"{section} has {len(entries)} entries; allowed: at most {most}")
        check_new_names(entries, section)
    for name in RESERVED_FIGURES:
        figures = params.get("figures")
        if isinstance(figures, dict) and name in figures:
            raise ConfigError(
                f"figures.{name}: a name in use; allowed: any but {listed(RESERVED_FIGURES)}"
            )


def check_data(data: DataConfig) -> None:
    """Refuses what would take days or all memory to compose.

    Raises:
        ConfigError: a value beyond its limit, a background named twice, no image for a part.
    """
    for key in ("images", "test_images"):
        _at_most(f"data.{key}", getattr(data, key), MOST_IMAGES)
    if data.source == "kaggle":
        _at_most("data.images", data.images, COMPETITION_IMAGES, " with data.source kaggle")
    _at_most("data.canvas", data.canvas, 1024)
    _at_most("data.digits", data.digits, MOST_DIGITS)
    _at_most("data.blur", data.blur, SIDE, " px, a digit's side")
    smallest, largest = MAGNIFICATION
    if any(not smallest <= value <= largest for value in data.magnification):
        raise ConfigError(
            f"data.magnification = {data.magnification}; allowed: {smallest:.3f} to {largest:g}"
        )
    check_once(data.backgrounds, "data.backgrounds")
    for key in ("images", "mnist_images"):
        total = getattr(data, key)
        validation = round(data.validation_fraction * total)
        if not 0 < validation < total:
            raise ConfigError(
                f"data.validation_fraction = {data.validation_fraction} of data.{key} = {total} "
                "leaves training or validation without an image"
            )


def check_samples(images: Sequence[int], path: str) -> None:
    """Refuses more images beside each other than a figure has room for, and none."""
    if not 1 <= len(images) <= MOST_SAMPLES:
        raise ConfigError(f"{path} has {len(images)} images; allowed: 1 to {MOST_SAMPLES}")


def check_once(names: Sequence[Any], path: str) -> None:
    """Refuses a list that names something twice."""
    seen = set()
    for name in names:
        if name in seen:
            raise ConfigError(f"{path} names {shown(name)} twice; allowed: each once")
        seen.add(name)


def check_different(labels: Mapping[str, str], path: Callable[[str], str]) -> None:
    """Refuses two arms of one label, which a legend could not tell apart.

    Args:
        path: where an arm stands.

    Raises:
        ConfigError: that.
    """
    first: dict[str, str] = {}
    for arm, label in labels.items():
        if label in first:
            raise ConfigError(
                f"{path(arm)}.label = {shown(label)}, as {path(first[label])}.label is; "
                "allowed: another for each arm"
            )
        first[label] = arm


def _at_most(key: str, value: float, most: float, unit: str = "") -> None:
    if value > most:
        raise ConfigError(f"{key} = {shown(value)}; allowed: at most {most:,}{unit}")
