"""Networks that read sequences of frames: running, tracing, streaming and training them."""
