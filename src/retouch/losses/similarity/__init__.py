"""Structural similarity as a loss."""
