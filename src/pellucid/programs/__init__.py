"""Networks as programs of the engine: one interface, and the dense, planes and sequences programs behind it."""
