"""The test before and after a course: two parallel forms, generated from the network and the data of a session.

`form.draw_form` draws one. Every answer is computed from the real network then and there; wrong options are what
learners commonly believe.
"""
