"""What a run reports, to people and for the record. No result depends on it."""
