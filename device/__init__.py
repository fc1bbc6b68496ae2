"""Trains runs of the study on one GPU, without DVC: `python -m device`, see docs/gpu.md."""
