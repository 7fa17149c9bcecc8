"""Look for: what excites a neuron."""
