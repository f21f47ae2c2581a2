"""Trainings of encoder-decoders."""
