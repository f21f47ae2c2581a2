"""Damage made on purpose, for measuring and training."""
