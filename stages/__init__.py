"""The scripts of the graph's stages. None starts with other packages than the study's."""

import re
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PINS = (Path(__file__).parents[1] / "requirements.in").read_text(encoding="utf-8")
# On which results depend.
for name in ("jax", "keras", "matplotlib", "numpy", "pandas", "scipy", "tensorflow"):
    (pinned,) = re.findall(rf"^{name}==(\S+)", PINS, re.MULTILINE)
    try:
        here = version(name)
    except PackageNotFoundError:
        here = "not there"
    if here != pinned:
        sys.exit(
            f"{name} is {here} for {sys.executable}, and the study's is {pinned}; `make repro` "
            "uses the project's own environment, and `source .venv/bin/activate` enters it"
        )
