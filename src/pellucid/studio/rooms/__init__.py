"""The rooms of the studio. A room answers its requests from the state of the session, and sends events to the page."""
