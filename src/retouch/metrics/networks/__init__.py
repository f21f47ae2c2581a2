"""Published feature nets, built as ONNX graphs from weights that a user names."""
