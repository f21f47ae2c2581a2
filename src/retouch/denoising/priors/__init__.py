"""Denoisers that know what patches of pictures look like, or how their gradients are spread."""
