"""Trainings that teach networks to fill holes, one file per paper."""
