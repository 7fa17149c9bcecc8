"""Training: the trainer, its state and checkpoints, optimisers, schedules, augmentation, events."""
