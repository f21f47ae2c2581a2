"""Normalisations that torch does not have."""
