"""Trainings of networks that paint coarsely first."""
