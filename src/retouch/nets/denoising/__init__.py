"""Denoising nets, one file per paper."""
