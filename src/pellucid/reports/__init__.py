"""What notebooks show of networks, traces, readings and trainings: HTML without scripts, readable in light and dark."""
