"""What the package needs from the machine: threads on cores of their own, and files written whole or not at all."""
