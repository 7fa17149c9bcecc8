"""Listen: what a network of sequences hears in voices, files and the microphone."""
