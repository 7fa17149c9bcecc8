"""The lessons of a session, which happen beside the rooms."""
