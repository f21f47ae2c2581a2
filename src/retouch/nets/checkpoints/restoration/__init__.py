"""Published nets that deblur, derain and restore fingerprints."""
