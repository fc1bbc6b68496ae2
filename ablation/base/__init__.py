"""Errors, files and sections of a configuration, which all other parts use."""
