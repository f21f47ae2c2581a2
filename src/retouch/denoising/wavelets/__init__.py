"""Denoisers that shrink coefficients of wavelets."""
