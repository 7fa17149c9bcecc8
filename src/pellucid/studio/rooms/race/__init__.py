"""Race: networks trained in lockstep, from many starts, and at many learning rates."""
