"""The figures that a study declares, as the stage `resolve` wrote them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from ablation.base.errors import UserError, brief
from ablation.base.files import read_yaml
from ablation.reporting.config import FigureConfig

INDEX = "index"


def read_index(folder: Path) -> list[str]:
    """The names of the figures, in the order of params.yaml.

    Args:
        folder: configs/figures.

    Raises:
        UserError: the list and the files beside it name other figures.
    """
    path = folder / f"{INDEX}.yaml"
    names = read_yaml(path)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UserError(f"{path} is no list of figures; run `dvc repro --force resolve`")
    files = {file.stem for file in folder.glob("*.yaml")} - {INDEX}
    for name in [name for name in names if name not in files] + sorted(files - set(names)):
        where = "has no file" if name in names else "has a file beside it"
        raise UserError(
            f"{path} and its folder differ: {brief(name)} {where}; run `dvc repro --force resolve`"
        )
    return names


class Declared(NamedTuple):
    """A figure's declaration, arm -> its name in legends, and the names of arms that failed."""

    figure: Any
    labels: dict[str, str]
    failed: list[str]


@contextmanager
def fitting(declared: Path, tables: Path) -> Iterator[None]:
    """Names both of what does not fit together: a figure's declaration and its tables.

    Either may be the one that somebody changed.

    Raises:
        UserError: that.
    """
    try:
        yield
    except (UserError, FileNotFoundError) as error:
        if isinstance(error, FileNotFoundError):
            reason = f"{Path(error.filename).name} is missing"
        elif str(tables) in str(error):  # whoever read a table has named it
            raise
        else:
            reason = str(error)
        raise UserError(
            f"{tables} and {declared} do not fit together: {reason}; run `dvc repro --force "
            f"resolve`, remove {tables.name} and run `dvc repro summarize`"
        ) from None


def read_figure(path: Path) -> Declared:
    """What a figure declares.

    Raises:
        UserError: the file holds no figure.
    """
    content = read_yaml(path)
    try:
        figure = TypeAdapter[Any](FigureConfig).validate_python(content["figure"])
        labels = {str(arm): str(label) for arm, label in content["labels"].items()}
        without = [arm for arm in getattr(figure, "arms", []) if arm not in labels]
        if without:
            raise KeyError(without[0])
        failed = TypeAdapter(list[str]).validate_python(content.get("failed", []))
    except (ValidationError, TypeError, KeyError, AttributeError) as error:
        raise UserError(
            f"{path} holds no figure: {brief(error)}; run `dvc repro --force resolve`"
        ) from None
    return Declared(figure, labels, failed)
