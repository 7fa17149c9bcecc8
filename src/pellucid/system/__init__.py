"""What the package needs of the machine: threads on cores of their own, files written whole or not at all."""
