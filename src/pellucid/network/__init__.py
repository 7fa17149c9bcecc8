"""A network as a function of its inputs: parameters, predictions, streams, files."""
