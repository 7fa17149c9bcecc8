"""The studio: a web page, served from this machine, that shows a network at work and lets people change it."""
