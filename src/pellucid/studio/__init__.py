"""The studio: a page, served from this machine, to look inside the real network and lay hands on it."""
