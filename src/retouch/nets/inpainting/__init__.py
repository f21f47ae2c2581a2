"""Inpainting nets, one file per paper."""
