"""What a stage depends on: which files those are, their digest, and that none may change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ablation.base.errors import UserError
from ablation.base.files import write_yaml
from ablation.training.inputs import Inputs, dependencies


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of code and a file of data."""
    (tmp_path / "code" / "inner").mkdir(parents=True)
    (tmp_path / "code" / "a.py").write_text("a = 1\n")
    (tmp_path / "code" / "inner" / "b.py").write_text("b = 2\n")
    (tmp_path / "data.npy").write_bytes(b"data")
    return tmp_path


def inputs(folder: Path) -> Inputs:
    return Inputs([folder / "code", folder / "data.npy"])


def test_the_dependencies_of_an_instance_are_those_that_the_graph_declares(tmp_path: Path) -> None:
    deps = ["code", "configs/${item.arm}.yaml", "split/${item.seed}.npz"]
    write_yaml(tmp_path / "dvc.yaml", {"stages": {"train": {"deps": deps}, "other": {}}})
    found = dependencies(tmp_path / "dvc.yaml", "train", {"arm": "adam", "seed": "3"})
    assert found == [Path("code"), Path("configs/adam.yaml"), Path("split/3.npz")]


def test_a_digest_is_of_names_and_contents(folder: Path) -> None:
    first = inputs(folder).digest
    assert first.isalnum()
    assert inputs(folder).digest == first
    (folder / "code" / "a.py").write_text("a = 3\n")
    second = inputs(folder).digest
    (folder / "code" / "a.py").write_text("a = 1\n")
    assert inputs(folder).digest == first
    (folder / "code" / "a.py").rename(folder / "code" / "c.py")
    third = inputs(folder).digest
    (folder / "code" / "c.py").rename(folder / "code" / "a.py")
    (folder / "data.npy").write_bytes(b"other")
    assert len({first, second, third, inputs(folder).digest}) == 4


@pytest.mark.parametrize(
    "by_product", ["__pycache__/a.cpython-311.pyc", ".a.py.swp", "a.py~", "#a.py#", ".DS_Store"]
)
def test_what_python_and_editors_leave_is_no_input(folder: Path, by_product: str) -> None:
    held = inputs(folder)
    path = folder / "code" / by_product
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"anything")
    held.refuse_change("training")
    assert inputs(folder).digest == held.digest


def test_an_unchanged_file_may_be_written_again(folder: Path) -> None:
    held = inputs(folder)
    held.refuse_change("training")
    (folder / "data.npy").write_bytes(b"data")
    os.utime(folder / "code" / "a.py")
    held.refuse_change("training")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda f: (f / "code/inner/b.py").write_text("b = 5\n"), "b.py"),
        (lambda f: (f / "code/new.py").write_text(""), "new.py"),
        (lambda f: (f / "code/a.py").unlink(), "a.py"),
        (lambda f: (f / "data.npy").write_bytes(b"atad"), "data.npy"),  # of the same size
        (lambda f: (f / "data.npy").unlink(), "data.npy"),
    ],
)
def test_a_change_is_refused_in_one_line_that_names_the_file(
    folder: Path, change: object, named: str
) -> None:
    held = inputs(folder)
    assert callable(change)
    change(folder)
    with pytest.raises(UserError, match=rf"{named} changed while training ran") as error:
        held.refuse_change("training")
    assert "\n" not in str(error.value)
    assert "nothing is recorded" in str(error.value)


def test_a_missing_file_is_told(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.npy"):
        Inputs([folder / "gone.npy"])
