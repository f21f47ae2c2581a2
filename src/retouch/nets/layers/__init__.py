"""Layers that several nets share."""
