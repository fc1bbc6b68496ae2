"""Random streams by name: no two uses of randomness share one, whatever their seeds.

A stream is named by what it is for and what it depends on, `("order", seed, number)` say. NumPy's
own seeding cannot tell `[1, 0]` from `[1, 0, 0]`; a digest of the whole name can.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np


def sequence(*name: str | int) -> np.random.SeedSequence:
    """The stream of this name, for NumPy's generators; words and whole numbers are told apart."""
    digest = hashlib.sha256(json.dumps(name).encode()).digest()
    return np.random.SeedSequence(int.from_bytes(digest, "little"))


def generator(*name: str | int) -> np.random.Generator:
    """A generator at the start of the stream of this name."""
    return np.random.default_rng(sequence(*name))


def integer(*name: str | int) -> int:
    """One number of 31 bits from the stream of this name, for Keras's seed generators."""
    return int(sequence(*name).generate_state(1)[0]) & 0x7FFFFFFF
