"""Denoisers that write patches with few atoms of a dictionary."""
