"""How a trained network is judged."""
