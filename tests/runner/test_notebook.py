"""The notebook: small, of this machine or any, and its outputs are what its cells give."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ablation.base.files import read_json
from runner.notebook import NOTEBOOK, executed

ROOT = Path(__file__).resolve().parents[2]
LARGEST = 200_000  # bytes


@pytest.fixture(scope="module")
def notebook() -> dict[str, Any]:
    return read_json(ROOT / NOTEBOOK)


def images(notebook: dict[str, Any]) -> list[bytes]:
    data = [output.get("data", {}) for cell in notebook["cells"] for output in shown(cell)]
    return [base64.b64decode(each["image/png"]) for each in data if "image/png" in each]


def shown(cell: dict[str, Any]) -> list[dict[str, Any]]:
    return cell.get("outputs", [])


def test_it_is_small_whole_and_names_no_place_of_a_machine(notebook: dict[str, Any]) -> None:
    assert (ROOT / NOTEBOOK).stat().st_size < LARGEST
    texts = [
        *(line for cell in notebook["cells"] for line in cell["source"]),
        *(
            line
            for cell in notebook["cells"]
            for each in shown(cell)
            for line in each.get("text", [])
        ),
        json.dumps(notebook["metadata"]),
    ]
    for text in texts:
        assert not re.search(r"(?<![\w.])/\w|\b[A-Z]:\\", text), text
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert len(images(notebook)) == 2


@pytest.mark.slow
def test_its_cells_give_what_it_shows(notebook: dict[str, Any], tmp_path: Path) -> None:
    """In a process of its own and the notebook's own folder, as Jupyter starts it."""
    code = (
        "import json, pathlib, sys; from runner.notebook import executed\n"
        "content = json.loads(pathlib.Path(sys.argv[1]).read_text())\n"
        "pathlib.Path(sys.argv[2]).write_text(json.dumps(executed(content)))\n"
    )
    path = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    subprocess.run(
        [sys.executable, "-c", path + code, str(ROOT / NOTEBOOK), str(tmp_path / "again")],
        cwd=(ROOT / NOTEBOOK).parent, check=True,
    )  # fmt: skip
    again = json.loads((tmp_path / "again").read_text())
    if not all(image.startswith(b"\x89PNG") for image in images(again)):
        pytest.fail("a figure is no picture")
    for old, new in zip(notebook["cells"], again["cells"], strict=True):
        texts = [[each.get("text") for each in shown(cell)] for cell in (old, new)]
        assert texts[0] == texts[1], "run `python -m runner.notebook`"
        assert len(shown(old)) == len(shown(new))


def test_a_cell_prints_and_ends_in_a_value_or_not() -> None:
    def cell(source: str) -> dict[str, Any]:
        return {"cell_type": "code", "source": [source], "outputs": ["old"]}

    made = executed({"cells": [cell("a = 2\nprint(a)"), cell("a + 1"), cell("None")]})
    assert [shown(each) for each in made["cells"]] == [
        [{"name": "stdout", "output_type": "stream", "text": ["2\n"]}],
        [
            {
                "execution_count": 2,
                "data": {"text/plain": ["3"]},
                "metadata": {},
                "output_type": "execute_result",
            }
        ],
        [],
    ]
