"""Trainings that teach networks to make pictures, one file per paper."""
