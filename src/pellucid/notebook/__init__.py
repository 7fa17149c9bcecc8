"""Networks and trainings as live widgets in notebooks, with the optional anywidget."""
