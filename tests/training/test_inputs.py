"""What a stage depends on: which files those are, their digests, and that none may change."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ablation.base.errors import UserError
from ablation.base.files import write_yaml
from ablation.training.inputs import Inputs, code, dependencies, identity

# What editors, merges and file systems leave beside a.py.
LEFT = (
    "a.py~", ".a.py.swp", "#a.py#", ".#a.py", "a.pyc", "a.py.orig", "a.py.rej", "a.py.bak", "4913",
    "a.orig.py", "a (1).py", "a - Copy.py", "a.sync-conflict-20261129.py", "._a.py", ".DS_Store",
    ".nfs000000000001", "nohup.out", "a_BACKUP_12.py", "a_REMOTE_12.py", "a(1).py", "1a.py",
)  # fmt: skip


TEXT = 'def f(x=1):\n    """What."""\n    return """a\n\n b"""\n'
SHORT = 'def f(x=1): "doc"; return x\n'


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of code and a file of data."""
    monkeypatch.chdir(tmp_path)
    Path("code/inner").mkdir(parents=True)
    Path("code/a.py").write_text("a = 1\n")
    Path("code/inner/b.py").write_text("b = 2\n")
    Path("code/text.py").write_text(TEXT)
    Path("data.npy").write_bytes(b"# data")


def inputs() -> Inputs:
    return Inputs([Path("code"), Path("data.npy")])


def test_the_dependencies_of_an_instance_are_those_that_the_graph_declares() -> None:
    deps = ["code", "configs/${item.arm}.yaml", "split/${item.seed}.npz"]
    write_yaml(Path("dvc.yaml"), {"stages": {"train": {"deps": deps}, "other": {}}})
    found = dependencies(Path("dvc.yaml"), "train", {"arm": "adam", "seed": "3"})
    assert found == [Path("code"), Path("configs/adam.yaml"), Path("split/3.npz")]


def test_a_folder_below_a_hidden_one_has_its_files() -> None:
    """As of an experiment that DVC runs in .dvc/tmp."""
    Path("code").rename(".code")
    assert len(Inputs([Path(".code").absolute()]).digests) == 3
    Path(".code/.hidden").mkdir()
    Path(".code/.hidden/c.py").touch()
    assert len(Inputs([Path(".code").absolute()]).digests) == 3


def test_a_missing_file_is_told() -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.npy"):
        Inputs([Path("gone.npy")])


def test_files_are_told_by_name_and_content() -> None:
    first = inputs()
    assert list(first.digests) == ["code/a.py", "code/inner/b.py", "code/text.py", "data.npy"]
    assert set(first.without("code/inner", "code/text")) == {"code/a.py", "data.npy"}
    Path("code/a.py").rename("code/c.py")
    renamed = inputs()
    assert renamed.digests["code/c.py"] == first.digests["code/a.py"]
    assert identity(renamed.digests) != identity(first.digests)
    Path("code/c.py").rename("code/a.py")
    assert identity(inputs().digests) == identity(first.digests)


def wrote(path: str, content: str) -> Callable[[], object]:
    return lambda: Path(path).write_text(content)


@pytest.mark.parametrize(
    "change",
    [
        wrote("code/a.py", "# a comment\n\na = 1  # another\n"),
        wrote("code/a.py", '"""What it is."""\n\na = 1\n'),
        wrote(
            "code/text.py",
            f'def f(x=1):\n    """{chr(10)}{chr(10)}Other."""\n    return """a\n\n b"""\n',
        ),
        *(wrote(f"code/{left}", "anything") for left in LEFT),
        lambda: os.utime("data.npy", (0, 0)),
    ],
)
def test_comments_empty_lines_and_what_editors_leave_are_no_change(
    change: Callable[[], object],
) -> None:
    held = inputs()
    change()
    held.refuse_change()
    assert inputs().digests == held.digests


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (wrote("code/inner/b.py", "b = 5\n"), "code/inner/b.py"),
        (wrote("code/new.py", ""), "code/new.py"),
        (lambda: Path("code/a.py").unlink(), "code/a.py"),
        (wrote("code/text.py", TEXT.replace("a\n\n b", "a\n b")), "code/text.py"),
        (wrote("code/text.py", TEXT.replace("a\n", "a \n")), "code/text.py"),
        (wrote("data.npy", "# atad"), "data.npy"),  # of the same size; no comment, being no code
    ],
)
def test_a_change_is_refused_in_one_line_that_names_the_file(
    change: Callable[[], object], named: str
) -> None:
    held = inputs()
    change()
    with pytest.raises(UserError) as error:
        held.refuse_change()
    assert str(error.value) == (
        f"{named} changed while the stage ran, so nothing is recorded; run the same command again"
    )


def test_code_beside_a_docstring_counts() -> None:
    assert code(SHORT.encode()) != code(SHORT.replace("x=1", "x=2").encode())
