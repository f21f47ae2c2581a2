"""Errors of single pixels."""
