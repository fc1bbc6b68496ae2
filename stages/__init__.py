"""The stages of dvc.yaml, a script each: `python -m stages.NAME`."""

from ablation.environment import refuse_another

# Before a stage imports a package that may not be there.
refuse_another()
