"""From params.yaml to the complete configuration of everything; mistakes are refused."""
