"""Learn: training that runs, pauses, steps and goes back in time."""
