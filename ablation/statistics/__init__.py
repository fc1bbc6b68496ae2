"""The statistics of the study: pure functions of NumPy arrays, one module a subject."""
