"""The Modified MNIST ablation study: pure functions that the stages call."""

import os

# A notebook's shell names a backend that Matplotlib, which Keras imports too, may not have.
os.environ["MPLBACKEND"] = "agg"
