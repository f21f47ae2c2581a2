"""Published detectors and segmenters."""
