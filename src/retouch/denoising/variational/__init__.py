"""Denoisers that look for the picture of least energy."""
