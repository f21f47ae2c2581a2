"""Likeness of structure."""
