"""Exemplar methods that choose for all missing pixels at once where each is copied from: labels on a graph."""
