"""The same images on processors that compute by other instructions: results travel between them."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy._core import _multiarray_umath as core

from ablation.composition.config import DataConfig
from ablation.study.resolution import Resolved

ROOT = Path(__file__).resolve().parents[2]
IMAGES = 24
# What numpy chooses when it starts, by what the processor has, from simple to wide.
CHOSEN = [name for name in core.__cpu_dispatch__ if core.__cpu_features__[name]]

COMPOSE = f"""
import sys
import numpy as np
from numpy._core import _multiarray_umath as core
from ablation.composition.backgrounds import pictures
from ablation.composition.compose import compose
from ablation.composition.config import DataConfig
from ablation.composition.digits import Digits
from ablation.composition.placement import geometry

config = DataConfig.model_validate_json(sys.argv[1])
rng = np.random.default_rng(0)
digits = np.zeros((60, 28, 28), np.uint8)
digits[:, 6:22, 8:20] = rng.integers(0, 256, (60, 16, 12))
digits = Digits(digits, (np.arange(60) % 10).astype(np.uint8))
sources = pictures(config.backgrounds, config.background_seed)
composed = compose(digits, {IMAGES}, geometry(config), sources, ("images", 0, "train"), 1)
np.savez(sys.argv[2], images=composed.images, labels=composed.labels,
    on=[name for name in core.__cpu_dispatch__ if core.__cpu_features__[name]])
"""


@pytest.fixture
def composed(
    resolved: Callable[[str], Resolved], tmp_path: Path
) -> Callable[[dict[str, str]], tuple[str, list[str]]]:
    """Composes in a process of its own with variables set; digest of the images, features on."""
    config: DataConfig = resolved("laptop").data

    def run(variables: dict[str, str]) -> tuple[str, list[str]]:
        out = tmp_path / "composed.npz"
        command = [sys.executable, "-c", COMPOSE, config.model_dump_json(), str(out)]
        subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, check=True)
        with np.load(out) as arrays:
            assert len(np.unique(arrays["images"])) > 200  # images, not an empty canvas
            content = arrays["images"].tobytes() + arrays["labels"].tobytes()
            return hashlib.sha256(content).hexdigest(), list(arrays["on"])

    return run


@pytest.mark.slow
@pytest.mark.skipif(not CHOSEN, reason="this processor has no features that numpy chooses from")
def test_images_are_the_same_without_the_processor_s_wide_instructions(
    composed: Callable[[dict[str, str]], tuple[str, list[str]]],
) -> None:
    expected, on = composed({})
    assert on == CHOSEN
    off = CHOSEN[1:]  # all but the first
    found, on = composed({"NPY_DISABLE_CPU_FEATURES": " ".join(off)})
    assert on == CHOSEN[:1]
    assert found == expected
    # None at all, and the linear algebra of an older processor.
    variables = {"NPY_DISABLE_CPU_FEATURES": " ".join(CHOSEN), "OPENBLAS_CORETYPE": "Nehalem"}
    found, on = composed(variables)
    assert on == []
    assert found == expected
