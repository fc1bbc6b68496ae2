"""Files are written whole or not at all."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablation.base import files
from ablation.base.errors import UserError
from ablation.evaluation.config import EvaluationConfig

ROOT = Path(__file__).resolve().parents[2]


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


@pytest.mark.parametrize(("umask", "mode"), [("022", 0o644), ("077", 0o600), ("002", 0o664)])
def test_a_person_s_umask_counts(umask: str, mode: int, tmp_path: Path) -> None:
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom ablation.base.files import write_text\n"
        "os.umask(int(sys.argv[1], 8))\nwrite_text(Path(sys.argv[2]), 'text')"
    )
    path = tmp_path / "a.txt"
    subprocess.run([sys.executable, "-c", code, umask, str(path)], check=True, cwd=ROOT)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_file_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spy on the system's call, which it passes on."""
    path, fsync = tmp_path / "a.txt", os.fsync
    synced: list[tuple[int, bool]] = []

    def noted(handle: int) -> None:
        synced.append((os.fstat(handle).st_size, path.exists()))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    files.write_text(path, "text")
    assert synced == [(4, False)]
    assert path.read_text() == "text"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_forbids_it_names_the_file(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError) as error:
        files.write_text(tmp_path / "a.txt", "text")
    assert error.value.filename == str(tmp_path / "a.txt")


def test_another_file_s_error_keeps_its_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as error, files.replacing(tmp_path / "a.txt"):
        (tmp_path / "other").read_bytes()
    assert error.value.filename == str(tmp_path / "other")


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


LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 30))
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{i}: &a{i}\n  <<: [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 30)
)
FOREIGN = {
    "bytes that are not UTF-8": b"a: \xff\xfe",
    "an impossible date": b"a: 2026-02-31",
    "a tag": b"a: !!python/object:os.system [x]",
    "a tag of nothing": b'a: !!int ""',
    "a wrong time": b"a: !!timestamp x",
    "wrong binary": b"a: !!binary x",
    "thousands of digits": b"a: " + b"9" * 10_000,
    "thousands of brackets": b"[" * 50_000,
    "thousands of keys": b"? " * 20_000,
    "thousands of brackets and an alias": b"- &a 1\n- *a\n- " + b"[" * 50_000,
    "anchors that laugh": LAUGHS.encode(),
    "merges that laugh": MERGES.encode(),
    "an anchor in itself": b"a: &a [*a]",
    "an unknown anchor": b"a: *b",
    "a list as a key": b"[a]: 1\n? {b: 1}\n: 2",
    "a null character": b"a: \0",
    "two documents": b"a: 1\n---\na: 2",
    "a tab": b"a:\n\t- b",
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN.keys())
def test_text_that_is_no_configuration_is_one_short_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    since = time.process_time()
    with pytest.raises(UserError) as error:
        files.read_yaml(path)
    assert time.process_time() - since < 5
    told = str(error.value).removeprefix(str(path))
    assert told != str(error.value)
    assert told.isprintable()
    assert len(told) < 160


def test_an_anchor_that_a_person_uses_is_read(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: [*a, *a]\n")
    one = {"x": 1}
    assert files.read_yaml(path) == {"a": one, "b": one | {"y": 2}, "c": [one, one]}


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'{"a": 1', b"\xff", b"[" * 100_000, b"9" * 10_000, b"nothing", b"{} {}"],
    ids=lambda content: repr(content[:8]),
)
def test_what_is_no_json_says_which_stage_to_run(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    path.write_bytes(content)
    with pytest.raises(
        UserError, match=r"metrics\.json is no JSON: .*dvc repro compare`$"
    ) as error:
        files.read_json(path, "compare")
    assert str(error.value).isprintable()


def test_a_config_of_foreign_keys_and_values_is_one_short_line(tmp_path: Path) -> None:
    files.write_yaml(tmp_path / "a.yaml", {"x\ny" * 1000: 3, "batch_size": 3, "sample_images": []})
    with pytest.raises(UserError) as error:
        files.read_config(tmp_path / "a.yaml", EvaluationConfig)
    assert str(error.value).isprintable()
    assert len(str(error.value).removeprefix(str(tmp_path))) < 240
