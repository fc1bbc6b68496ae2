"""The Modified MNIST ablation study: pure functions that the stages call."""
