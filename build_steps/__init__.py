"""What building the package makes first: the studio's page, and the engine's libraries."""
