"""Noise of every kind that the literature adds to pictures, and the protocols of its tables."""
