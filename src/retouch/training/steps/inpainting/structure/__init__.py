"""Trainings of networks that complete edges, smooth pictures or features before the picture."""
