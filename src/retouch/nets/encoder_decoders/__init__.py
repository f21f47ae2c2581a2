"""Encoder-decoders without skips: the whole picture through a bottleneck."""
