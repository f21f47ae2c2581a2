"""Losses of pixels and of what lies between neighbours: no network, no critic."""
