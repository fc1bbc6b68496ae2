"""From params.yaml as written to the complete configuration of everything; mistakes refused."""
