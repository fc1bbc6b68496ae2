"""The stage `admit` in a folder of its own: what it leaves, and what it says of a mistake."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ablation.base.cli import run
from ablation.base.files import write_yaml
from stages import admit

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 128, 128), np.uint8)
LABELS = np.array([9, 0, 3, 3, 1, 7], np.uint8)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, with a person's files in `own` beside the outputs."""
    folder = tmp_path / "project"
    (folder / "own").mkdir(parents=True)
    (folder / "own/train_max_x").write_bytes(pickle.dumps(IMAGES, protocol=4))
    labels = "".join(f'"{key}","{label}"\n' for key, label in enumerate(LABELS))
    (folder / "own/train_max_y.csv").write_text(f'"Id","Label"\n{labels}')
    (folder / "own/test_max_x").write_bytes(pickle.dumps(IMAGES[:4].astype(float), protocol=2))
    np.savez(folder / "own/real.npz", images=IMAGES[:5], labels=LABELS[:5])
    monkeypatch.chdir(folder)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    return folder


def configure(**changes: Any) -> None:
    content = {"source": "composed", "kaggle_dir": None, "external": None}
    write_yaml(Path("configs/admit.yaml"), content | changes)


def files() -> list[str]:
    return sorted(str(p.relative_to("data/own")) for p in Path("data/own").rglob("*.npy"))


def refusal() -> str:
    with pytest.raises(SystemExit) as end:
        run("admit", admit.main)
    message = str(end.value.code)
    assert message.startswith("admit: ")
    assert "\n" not in message
    return message


def test_without_files_of_one_s_own_the_folders_are_empty(project: Path) -> None:
    configure(kaggle_dir="own")  # of no concern while the source is composed
    admit.main()
    for folder in ("competition", "external"):
        assert list((project / "data/own" / folder).iterdir()) == []


def test_both_are_kept_as_plain_arrays(project: Path) -> None:
    configure(source="kaggle", kaggle_dir="own", external="own/real.npz")
    admit.main()
    assert files() == [
        "competition/test_images.npy", "competition/train_images.npy",
        "competition/train_labels.npy", "external/images.npy", "external/labels.npy",
    ]  # fmt: skip
    for name, expected in (
        ("competition/train_images", IMAGES),
        ("competition/train_labels", LABELS),
        ("competition/test_images", IMAGES[:4]),
        ("external/images", IMAGES[:5]),
        ("external/labels", LABELS[:5]),
    ):
        kept = np.load(project / f"data/own/{name}.npy", allow_pickle=False)
        np.testing.assert_array_equal(kept, expected)
        assert kept.dtype == np.uint8


def test_what_is_no_longer_configured_is_gone(project: Path) -> None:
    configure(source="kaggle", kaggle_dir="own", external="own/real.npz")
    admit.main()
    configure(external="own/real.npz")
    admit.main()
    assert files() == ["external/images.npy", "external/labels.npy"]


def test_a_relative_path_begins_at_the_project_in_a_temporary_copy_too(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "copy").mkdir()
    monkeypatch.chdir(tmp_path / "copy")  # as `dvc exp run --temp` does
    configure(external="own/real.npz")
    assert "does not exist" in refusal()
    monkeypatch.setenv("DVC_ROOT", str(project))
    admit.main()
    assert (tmp_path / "copy/data/own/external/images.npy").exists()


@pytest.mark.parametrize("name", ["~/real.npz", "{project}/own/real.npz"])
def test_an_absolute_path_and_a_home_are_taken(
    project: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("HOME", str(project / "own"))
    monkeypatch.setenv("DVC_ROOT", "/nowhere")
    configure(external=name.format(project=project))
    admit.main()
    assert len(files()) == 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"external": "real.npz"}, "data.external = 'real.npz'"),
        ({"source": "kaggle", "kaggle_dir": "elsewhere"}, "data.kaggle_dir = 'elsewhere'"),
        ({"source": "kaggle", "kaggle_dir": "own/real.npz"}, "is no folder"),
        ({"source": "kaggle", "kaggle_dir": "configs"}, "train_max_x is missing"),
    ],
)
def test_a_path_that_leads_nowhere_is_one_line(
    project: Path, changes: dict[str, str], said: str
) -> None:
    configure(**changes)
    assert said in refusal()


def test_a_wrong_file_is_one_line_and_leaves_nothing(project: Path) -> None:
    np.savez(project / "own/real.npz", images=IMAGES, labels=LABELS[:3])
    configure(external="own/real.npz")
    assert "6 images and 3 labels" in refusal()
    assert files() == []
