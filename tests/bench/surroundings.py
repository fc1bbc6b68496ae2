"""Says which backend the surroundings ask for: `python -m tests.bench.surroundings`."""

from __future__ import annotations

import json
import os

if __name__ == "__main__":
    print(json.dumps(os.environ.get("KERAS_BACKEND")))
