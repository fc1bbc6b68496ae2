"""What `resolve` does beside writing configurations: it prunes, and says how text was read."""

from __future__ import annotations

from pathlib import Path

import pytest

from stages import resolve

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE", raising=False)


def test_what_runs_of_yesterday_left_is_removed_and_nothing_else() -> None:
    for folder in ("histories", "evaluations", "networks"):
        for name in ("adam-0", "gone-0", "adam-1"):
            (Path("models") / folder / name).mkdir(parents=True)
            (Path("models") / folder / name / "file").touch()
    Path("models/histories/notes").mkdir()
    Path("models/histories/README.md").touch()
    gone = resolve.prune({"adam-0"})
    assert [path.as_posix() for path in gone] == [
        "models/histories/adam-1", "models/histories/gone-0",
        "models/evaluations/adam-1", "models/evaluations/gone-0",
    ]  # fmt: skip
    assert {path.name for path in Path("models/histories").iterdir()} == {
        "adam-0", "notes", "README.md",
    }  # fmt: skip
    assert {path.name for path in Path("models/networks").iterdir()} == {
        "adam-0", "gone-0", "adam-1",
    }  # fmt: skip
    assert resolve.prune({"adam-0"}) == []


def test_without_any_run_there_is_nothing_to_prune() -> None:
    assert resolve.prune(set()) == []


def test_a_word_of_another_dialect_is_told_and_read_as_dvc_reads_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = (ROOT / "params.yaml").read_text()
    line, costly = (
        next(line for line in text.splitlines() if line.startswith(key))
        for key in ("seeds:", "costly_seeds:")
    )
    fewer = text.replace(costly, "costly_seeds: [0]").replace(line, "seeds: [0, 010]")
    Path("params.yaml").write_text(fewer)
    resolve.main()
    number = text.splitlines().index(line) + 1
    assert capsys.readouterr().err == (
        f"params.yaml: line {number}: 010 is read as 10, as DVC reads it; in YAML 1.1 it was 8\n"
    )
    assert "- 10\n" in Path("configs/study.yaml").read_text()
    assert "failed" not in Path("configs/study.yaml").read_text()
