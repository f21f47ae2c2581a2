"""Detectors and segmenters."""
