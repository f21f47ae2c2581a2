"""Distances between two pictures in the features of a net."""
