"""Runs the study's training side by side, which plain `dvc repro` does one after another."""
