"""Layers that see the whole picture by its spectrum."""
