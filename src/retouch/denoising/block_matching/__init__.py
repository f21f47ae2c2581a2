"""Denoisers that filter stacks of like blocks together."""
