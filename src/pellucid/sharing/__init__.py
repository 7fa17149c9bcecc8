"""A network as one HTML file that works without an installation and without a connection."""
