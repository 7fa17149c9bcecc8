"""A network as one HTML file that works without an installation and without a connection.

`offline_page` writes it, `examples` chooses the images in it, `lesson_sheets` the lessons that can be done in it, and
`portable` carries their checks and sentences.
"""
