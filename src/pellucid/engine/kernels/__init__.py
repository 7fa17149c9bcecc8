"""One operation of a network a module: compiled loops over plain memory."""
