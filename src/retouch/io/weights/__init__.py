"""Weights of networks from files, read without running anything that is in them."""
