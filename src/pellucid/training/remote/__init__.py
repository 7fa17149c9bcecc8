"""Training elsewhere: in other processes, and on other machines."""
