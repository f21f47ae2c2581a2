"""Nets that deblur, derain and restore fingerprints."""
