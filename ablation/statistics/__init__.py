"""How runs are compared over seeds, and the paper's claims judged: pure functions."""
