"""Attention and what weighs features by it."""
