"""None of these: how sure a network is of pictures without a digit."""
