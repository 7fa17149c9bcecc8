"""The messages between page and server: their parts, their frames, and the requests and events of each room."""
