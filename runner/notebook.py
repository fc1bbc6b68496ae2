"""Runs docs/notebook.ipynb and keeps what it shows: `python -m runner.notebook`, after new results.

Jupyter is not needed for that, and the same results give the same bytes.
"""

from __future__ import annotations

import ast
import base64
import io
import json
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from ablation.base.files import read_json, write_text

NOTEBOOK = Path("docs/notebook.ipynb")
DPI = 100


def main() -> None:
    content = read_json(NOTEBOOK)
    write_text(NOTEBOOK, json.dumps(executed(content), indent=1, ensure_ascii=False) + "\n")
    print(f"notebook: {NOTEBOOK} shows the results that are in reports/")


def executed(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook with the outputs of its code cells, run in their order as Jupyter runs them.

    Args:
        notebook: of nbformat 4. Its cells print text, or end in a figure or a value.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    cells, count = [], 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            count += 1
            outputs = _outputs("".join(cell["source"]), names, count)
            cell = {**cell, "execution_count": count, "outputs": outputs}
        cells.append(cell)
    return {**notebook, "cells": cells}


def _outputs(source: str, names: dict[str, Any], count: int) -> list[dict[str, Any]]:
    """What a cell prints and what its last line is."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed, value = io.StringIO(), None
    with redirect_stdout(printed):
        exec(compile(tree, "<cell>", "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
    outputs: list[dict[str, Any]] = []
    if printed.getvalue():
        lines = printed.getvalue().splitlines(keepends=True)
        outputs.append({"name": "stdout", "output_type": "stream", "text": lines})
    if value is not None:
        shown = {"data": _shown(value), "metadata": {}, "output_type": "execute_result"}
        outputs.append({"execution_count": count, **shown})
    return outputs


def _shown(value: Any) -> dict[str, Any]:
    """A value as Jupyter shows it, by kind of content."""
    from matplotlib.figure import Figure

    if isinstance(value, Figure):
        image = io.BytesIO()
        value.savefig(image, format="png", dpi=DPI, metadata={"Software": None})
        png = base64.b64encode(image.getvalue()).decode()
        return {"image/png": png + "\n", "text/plain": ["<Figure>"]}
    return {"text/plain": repr(value).splitlines(keepends=True)}


if __name__ == "__main__":
    main()
