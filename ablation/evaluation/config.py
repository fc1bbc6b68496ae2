"""How a trained run is judged."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ablation.base.section import Positive, Section


class EvaluationConfig(Section):
    """How a trained run is judged, and which images show what its input layers do (figure 3)."""

    batch_size: Positive
    sample_images: list[Annotated[int, Field(ge=1, le=50_000)]]
