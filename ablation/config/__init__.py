"""The typed schema of the study, one module for each thing that stages depend on."""
