"""Inpainting with labels: nets that complete a map of classes, and paint by it."""
