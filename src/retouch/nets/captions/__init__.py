"""Nets that remove captions from films."""
