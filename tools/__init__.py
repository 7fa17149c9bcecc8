"""Tools of the checkout: scripts, and the fuzzing package `tools.fuzz`."""
