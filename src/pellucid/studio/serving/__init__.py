"""The web server of the studio: keys, guards, connections, uploads, and the sessions that it keeps."""
