"""Modified MNIST as composed: digits, where they lie, on which backgrounds (paper, section 2)."""
