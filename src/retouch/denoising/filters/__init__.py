"""Denoisers that average or pick among near pixels."""
