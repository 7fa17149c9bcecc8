"""The studio: a web page, served from this machine, that shows a network at work and lets people change it.

`protocol` holds the messages, `state` what the rooms of a session share, `rooms` one module or folder for each room,
`session` the session that sends each request to its room, and `serving` the web server.
"""
