"""Files are written whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.base import files
from ablation.evaluation.config import EvaluationConfig


def test_a_file_is_replaced_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "data.npz"
    path.parent.mkdir(parents=True)
    path.write_text("old")
    with files.replacing(path) as temporary:
        assert temporary.parent == path.parent  # the same file system: the rename is atomic
        assert temporary.suffix == ".npz"  # NumPy would append one
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_missing_folders_are_made(tmp_path: Path) -> None:
    files.write_text(tmp_path / "a" / "b" / "c.txt", "text")
    assert (tmp_path / "a" / "b" / "c.txt").read_text() == "text"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_after_an_error_the_old_file_stays(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "data.csv"
    path.write_text("old")

    def write() -> None:
        with files.replacing(path) as temporary:
            temporary.write_text("ne")
            raise error

    with pytest.raises(error):
        write()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_after_an_error_there_is_no_new_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), files.replacing(tmp_path / "data.csv"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_others_may_read_what_is_written(tmp_path: Path) -> None:
    files.write_text(tmp_path / "a.txt", "text")
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o644


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(trees)
def test_yaml_and_json_give_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, tree: object
) -> None:
    folder = tmp_path_factory.mktemp("files")
    files.write_yaml(folder / "a.yaml", tree)
    files.write_json(folder / "a.json", tree)
    assert files.read_yaml(folder / "a.yaml") == tree
    assert files.read_json(folder / "a.json") == tree


def test_yaml_keeps_the_order_of_keys(tmp_path: Path) -> None:
    files.write_yaml(tmp_path / "a.yaml", {"b": 1, "a": 2})
    assert (tmp_path / "a.yaml").read_text() == "b: 1\na: 2\n"


def test_a_file_that_is_no_yaml_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("good: 1\nbad: [1, 2\nmore: 3\n")
    with pytest.raises(ValueError, match=r"params\.yaml is no YAML.* line 3") as error:
        files.read_yaml(path)
    assert "\n" not in str(error.value)


def test_a_config_is_read_as_its_model(tmp_path: Path) -> None:
    config = EvaluationConfig(batch_size=3)
    files.write_yaml(tmp_path / "a.yaml", config.model_dump())
    assert files.read_config(tmp_path / "a.yaml", EvaluationConfig) == config
    files.write_yaml(tmp_path / "a.yaml", {"batch_size": "3"})
    with pytest.raises(ValueError, match=r"a\.yaml.*batch_size") as error:
        files.read_config(tmp_path / "a.yaml", EvaluationConfig)
    assert "\n" not in str(error.value)
