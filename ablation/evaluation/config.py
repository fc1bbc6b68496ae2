"""How a trained run is judged."""

from __future__ import annotations

from ablation.base.section import Positive, Section


class EvaluationConfig(Section):
    """How a trained run is judged."""

    batch_size: Positive
