"""Distances between two sets of pictures."""
