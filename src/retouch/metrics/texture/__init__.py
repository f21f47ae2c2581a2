"""Edges and texture."""
