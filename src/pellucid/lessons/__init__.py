"""Lessons for the studio: each predicts, does, compares and transfers, and is checked against what was done.

A lesson is data and functions of a `View` of the session (`lesson.Lesson`). What a learner does is a log of records
(`log.LessonLog`), from which all progress is replayed (`progress.replay`). `course.ALL` has the lessons.
"""
