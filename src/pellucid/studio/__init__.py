"""The studio: a web page, served from this machine, that shows a network at work and lets people change it.

`protocol` holds the messages, `state` what the rooms of a session share, `rooms` one module or folder for each room,
`sharing` writes a network as one HTML file, `session` sends each request of a session to its room, and `serving` is the
web server.
"""
