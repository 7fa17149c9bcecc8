"""Networks of other libraries, read from their files: ONNX graphs as layers and parameters."""
