"""Denoisers that take stacks of like patches for matrices of low rank."""
