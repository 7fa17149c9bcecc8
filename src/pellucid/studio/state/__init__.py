"""What the rooms of a session share: its network, its data, its plans, and the way to the page."""
