"""Networks for other programs: ONNX graphs, one file of C99, one page of NumPy."""
