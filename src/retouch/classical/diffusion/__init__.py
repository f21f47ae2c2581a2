"""Diffusion: holes filled by partial differential equations from their borders."""
