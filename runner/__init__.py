"""Runs the study's training side by side, which plain `dvc repro` does one after another."""

from ablation.environment import refuse_another

refuse_another()
